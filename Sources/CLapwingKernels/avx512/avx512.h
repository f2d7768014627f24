// The table for x86 processors that multiply bytes in one instruction (AVX-512 with VNNI).

#ifndef LW_AVX512_H
#define LW_AVX512_H

#include "../avx2/avx2.h"

extern const lw_kernels lw_avx512_kernels;

void lw_avx512_matmul(const lw_matrix *w, const lw_input *x, size_t tokens, const lw_output *y, size_t strip0,
                      size_t strip1);

#endif
