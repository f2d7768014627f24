// The scalar functions, shared so that a table without a faster form of one can take it from here.

#ifndef LW_SCALAR_H
#define LW_SCALAR_H

#include "../lw_math.h"
#include "../vector_loops.h"

extern const lw_kernels lw_scalar_kernels;

void lw_scalar_matmul(const lw_matrix *w, const lw_input *x, size_t tokens, const lw_output *y, size_t strip0,
                      size_t strip1);
void lw_scalar_quantize(const float *restrict x, lw_q8_block *restrict blocks, lw_q8_block *restrict remainders,
                        uint64_t *restrict marks, size_t count);
/// One block of the given greatest magnitude; `remainder` is NULL where it has none.
void lw_scalar_quantize_block(const float *restrict x, float magnitude, lw_q8_block *restrict block,
                              lw_q8_block *restrict remainder);
void lw_scalar_rms_norm(const float *restrict x, const float *restrict weight, float epsilon, float *restrict y,
                        size_t count);
void lw_scalar_rope(float *restrict x, const float *restrict cosines, const float *restrict sines, size_t count);
LW_VECTOR_LOOPS_OF(scalar)
void lw_scalar_gemm(const lw_panels *w, const lw_rows *x, size_t count, const float *bias, const lw_output *y,
                 size_t panel0, size_t panel1);
void lw_scalar_swiglu(const float *gate, const float *up, float *y, size_t count);
void lw_scalar_store_i8(const lw_pages *pages, size_t position, const float *restrict key, const float *restrict value);
void lw_scalar_store_f16(const lw_pages *pages, size_t position, const float *restrict key,
                         const float *restrict value);
void lw_scalar_attend_i8(const lw_pages *pages, const lw_attention_line *lines, size_t count, size_t first,
                         size_t last);
void lw_scalar_attend_f16(const lw_pages *pages, const lw_attention_line *lines, size_t count, size_t first,
                          size_t last);
/// `count` values as quant * the scale that is returned, to 16 bits; all zero where one is not finite.
float lw_scalar_encode16(const float *restrict x, size_t count, int16_t *restrict quants);
void lw_scalar_attend_merge(float *restrict state, const float *restrict other, size_t head_length);
void lw_scalar_attend_finish(const float *restrict state, float *restrict out, size_t head_length);
float lw_scalar_maximum(const float *x, size_t count);
float lw_scalar_sum_exp(const float *x, float shift, size_t count);
float lw_scalar_exp_scaled(const float *x, float shift, float scale, float *y, size_t count);
size_t lw_scalar_collect(const float *restrict x, size_t count, float threshold, uint32_t *restrict indices,
                         size_t capacity);

#endif
