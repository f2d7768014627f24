// Attention over pages of bytes with AVX2: eight positions or columns a register, pairs of 16 bits multiplied at once.

#if defined(__x86_64__)

#include "avx2_attention.h"

#pragma STDC FP_CONTRACT OFF

LW_AVX2_BEGIN

#define LANES 8
#define MOST_LINES 3

typedef __m256i ints;
typedef __m256i wide;
typedef __m256 floats;

LW_INLINE ints zero_ints(void) { return _mm256_setzero_si256(); }
LW_INLINE floats zero_floats(void) { return _mm256_setzero_ps(); }
LW_INLINE wide widen(const int8_t *pairs) { return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)pairs)); }
LW_INLINE ints add_dots(ints sums, wide pairs, int32_t pair) {
    return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi32(pair)));
}
LW_INLINE floats to_floats(ints values) { return _mm256_cvtepi32_ps(values); }
LW_INLINE floats repeat(float value) { return _mm256_set1_ps(value); }
LW_INLINE floats load_halves(const uint16_t *halves) { return lw_load_halves(halves); }
LW_INLINE floats load_floats(const float *values) { return _mm256_loadu_ps(values); }
LW_INLINE void store_floats(float *out, floats values) { _mm256_storeu_ps(out, values); }
LW_INLINE floats multiply(floats a, floats b) { return _mm256_mul_ps(a, b); }
LW_INLINE floats multiply_add(floats a, floats b, floats c) { return _mm256_fmadd_ps(a, b, c); }

#include "../attention_i8_tiles.h"

void lw_avx2_attend_i8(const lw_pages *pages, const lw_attention_line *lines, size_t count, size_t first,
                       size_t last) {
    if (pages->head_length % LANES == 0) attend_i8(pages, lines, count, first, last);
    else lw_scalar_attend_i8(pages, lines, count, first, last);
}

LW_INLINE __m256 half_range(__m256 x) {
    x = _mm256_max_ps(x, _mm256_set1_ps(-LW_HALF_MAX));
    return _mm256_min_ps(x, _mm256_set1_ps(LW_HALF_MAX));
}

/// Bytes of a multiple of eight values as quant * scale; returns the scale, a half.
LW_INLINE uint16_t encode_bytes(const float *x, size_t count, int8_t *quants) {
    __m256 top = _mm256_setzero_ps();
    for (size_t i = 0; i < count; i += 8)
        top = _mm256_max_ps(top, lw_magnitudes(half_range(_mm256_loadu_ps(x + i))));
    const uint16_t scale = lw_half_of_float(lw_greatest_avx2(top) / 127.0f);
    const __m256 inverse = _mm256_set1_ps(scale == 0 ? 0 : 1.0f / lw_float_of_half(scale));
    const __m256i most = _mm256_set1_epi32(127), least = _mm256_set1_epi32(-127);
    for (size_t i = 0; i < count; i += 8) {
        __m256i quant = _mm256_cvtps_epi32(_mm256_mul_ps(half_range(_mm256_loadu_ps(x + i)), inverse));
        quant = _mm256_max_epi32(_mm256_min_epi32(quant, most), least);
        const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(quant), _mm256_extracti128_si256(quant, 1));
        _mm_storel_epi64((__m128i *)(quants + i), _mm_packs_epi16(words, words));
    }
    return scale;
}

void lw_avx2_store_i8(const lw_pages *pages, size_t position, const float *restrict key, const float *restrict value) {
    if (pages->head_length % 8 != 0) {
        lw_scalar_store_i8(pages, position, key, value);
        return;
    }
    lw_store_bytes(pages, position, key, value, encode_bytes);
}

LW_AVX2_END

#endif
