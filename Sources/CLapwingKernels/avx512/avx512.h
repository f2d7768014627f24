// The table for x86 processors that multiply bytes in one instruction (AVX-512 with VNNI).

#ifndef LW_AVX512_H
#define LW_AVX512_H

#include "../avx2/avx2.h"

#define LW_AVX512_TARGET "avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"
#define LW_PRAGMA(text) _Pragma(#text)
#define LW_AVX512_BEGIN LW_PRAGMA(clang attribute push(__attribute__((target(LW_AVX512_TARGET))), apply_to = function))
#define LW_AVX512_END _Pragma("clang attribute pop")

extern const lw_kernels lw_avx512_kernels;

void lw_avx512_matmul(const lw_matrix *w, const lw_input *x, size_t tokens, const lw_output *y, size_t strip0,
                      size_t strip1);
/// As the above, for one token.
void lw_avx512_matmul_single(const lw_matrix *w, const lw_input *x, const lw_output *y, size_t strip0, size_t strip1);
LW_VECTOR_LOOPS_OF(avx512)
void lw_avx512_gemm(const lw_panels *w, const lw_rows *x, size_t count, const float *bias, const lw_output *y,
                 size_t panel0, size_t panel1);
void lw_avx512_attend_i8(const lw_pages *pages, const lw_attention_line *lines, size_t count, size_t first,
                         size_t last);

#endif
