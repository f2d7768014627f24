// Floats to the quantised blocks of a GGUF file, with as little error as the type allows: the counterpart of
// lw_dequantize.h. One portable definition, the same bits on every machine.

#ifndef LW_QUANTIZE_H
#define LW_QUANTIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// Whether `lw_quantize` knows this GGML type.
bool lw_can_quantize(uint32_t ggml_type);

/// Writes a row of `count` finite floats, a whole number of the type's blocks, as blocks.
///
/// What is kept small is the sum over the row of importance * error^2; without `importance` all weights count the same.
/// Importances are above zero and about one on average. The error of a block is never above that of plain rounding.
void lw_quantize(uint32_t ggml_type, const float *restrict values, const float *_Nullable restrict importance,
                 size_t count, void *restrict blocks);

#pragma clang assume_nonnull end

#endif
