// What the AVX2 files share. Needs AVX2, FMA and F16C.

#ifndef LW_AVX2_H
#define LW_AVX2_H

#include <immintrin.h>

#include "../lw_math.h"
#include "../vector_loops.h"

#define LW_AVX2_BEGIN \
    _Pragma("clang attribute push(__attribute__((target(\"avx2,fma,f16c\"))), apply_to = function)")
#define LW_AVX2_END _Pragma("clang attribute pop")
#define LW_INLINE static inline __attribute__((always_inline))
#define LW_UNROLL _Pragma("clang loop unroll(full)")

extern const lw_kernels lw_avx2_kernels;

void lw_avx2_matmul(const lw_matrix *w, const lw_input *x, size_t tokens, const lw_output *y, size_t strip0,
                    size_t strip1);
void lw_avx2_quantize(const float *restrict x, lw_q8_block *restrict blocks, lw_q8_block *restrict remainders,
                      uint64_t *restrict marks, size_t count);
void lw_avx2_rms_norm(const float *restrict x, const float *restrict weight, float epsilon, float *restrict y,
                      size_t count);
void lw_avx2_rope(float *restrict x, const float *restrict cosines, const float *restrict sines, size_t count);
LW_VECTOR_LOOPS_OF(avx2)
void lw_avx2_gemm(const lw_panels *w, const lw_rows *x, size_t count, const float *bias, const lw_output *y,
                 size_t panel0, size_t panel1);
void lw_avx2_swiglu(const float *gate, const float *up, float *y, size_t count);
void lw_avx2_store_i8(const lw_pages *pages, size_t position, const float *restrict key, const float *restrict value);
void lw_avx2_store_f16(const lw_pages *pages, size_t position, const float *restrict key, const float *restrict value);
void lw_avx2_attend_i8(const lw_pages *pages, const lw_attention_line *lines, size_t count, size_t first,
                       size_t last);
void lw_avx2_attend_f16(const lw_pages *pages, const lw_attention_line *lines, size_t count, size_t first,
                        size_t last);
void lw_avx2_attend_merge(float *restrict state, const float *restrict other, size_t head_length);
float lw_avx2_maximum(const float *x, size_t count);
float lw_avx2_sum_exp(const float *x, float shift, size_t count);
float lw_avx2_exp_scaled(const float *x, float shift, float scale, float *y, size_t count);
size_t lw_avx2_collect(const float *restrict x, size_t count, float threshold, uint32_t *restrict indices,
                       size_t capacity);

/// Asks for `bytes` of packed weights that will be wanted some microseconds later, `ahead` of those in use. The
/// processor's own prefetchers lose to the arithmetic of several tokens: it made four tokens' products 1.2 times as fast
/// with AVX2 and 2 times with AVX-512. It never faults, so the address may be past the matrix, where a pointer must not go:
/// it is computed as a number.
LW_INLINE void lw_prefetch(const void *now, size_t bytes, size_t ahead) {
    const uintptr_t start = (uintptr_t)now + ahead;
    for (size_t line = 0; line < bytes; line += 64) __builtin_prefetch((const void *)(start + line));
}

/// How far ahead weights are asked for where several tokens share them.
#define LW_AHEAD (24 * 1024)

LW_AVX2_BEGIN

LW_INLINE __m256 lw_load_halves(const uint16_t *halves) {
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)halves));
}

/// `lw_exp` on eight lanes.
LW_INLINE __m256 lw_exp_avx2(__m256 x) {
    const __m256 known = _mm256_cmp_ps(x, _mm256_set1_ps(LW_EXP_LOW), _CMP_GE_OQ);
    x = _mm256_min_ps(x, _mm256_set1_ps(LW_EXP_HIGH));
    const __m256 n = _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(LW_LOG2_E)),
                                     _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(LW_LN2_HIGH), x);
    r = _mm256_fnmadd_ps(n, _mm256_set1_ps(LW_LN2_LOW), r);
    __m256 p = _mm256_fmadd_ps(_mm256_set1_ps(LW_EXP_C6), r, _mm256_set1_ps(LW_EXP_C5));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(LW_EXP_C4));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(LW_EXP_C3));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(LW_EXP_C2));
    p = _mm256_add_ps(_mm256_fmadd_ps(_mm256_mul_ps(p, r), r, r), _mm256_set1_ps(1.0f));
    const __m256i exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
    const __m256 power = _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23));
    return _mm256_and_ps(_mm256_mul_ps(p, power), known);
}

/// Folds 32 lanes held as four registers in the order of `lw_fold_lanes`.
LW_INLINE float lw_fold_avx2(__m256 a, __m256 b, __m256 c, __m256 d) {
    const __m256 eight = _mm256_add_ps(_mm256_add_ps(a, c), _mm256_add_ps(b, d));
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

LW_INLINE float lw_greatest_avx2(__m256 lanes) {
    const __m128 four = _mm_max_ps(_mm256_castps256_ps128(lanes), _mm256_extractf128_ps(lanes, 1));
    const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

LW_AVX2_END

#endif
