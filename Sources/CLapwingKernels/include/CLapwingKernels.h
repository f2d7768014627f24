// The inner loops of inference.

#ifndef CLAPWINGKERNELS_H
#define CLAPWINGKERNELS_H

#include "lw_dequantize.h"

#endif
