// What the attention files for x86 share.

#ifndef LW_AVX2_ATTENTION_H
#define LW_AVX2_ATTENTION_H

#include "../cache_page.h"
#include "../scalar/scalar.h"
#include "avx2.h"

#pragma STDC FP_CONTRACT OFF

LW_AVX2_BEGIN

/// Turns one line's scores into weights, updates its greatest score and total, and returns the correction of its sums.
LW_INLINE float lw_weigh(const lw_attention_line *line, size_t length, size_t seen, float *scores) {
    float *greatest = line->state + length, *total = greatest + 1;
    const __m256i places = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    __m256 values[4], top = _mm256_set1_ps(*greatest);
    LW_UNROLL for (int j = 0; j < 4; j++) {
        const __m256i left = _mm256_set1_epi32((int)seen - 8 * j);
        const __m256 visible = _mm256_castsi256_ps(_mm256_cmpgt_epi32(left, places));
        values[j] = _mm256_blendv_ps(_mm256_set1_ps(-INFINITY), _mm256_loadu_ps(scores + 8 * j), visible);
        top = _mm256_max_ps(values[j], top);
    }
    const float most = lw_greatest_avx2(top);
    LW_UNROLL for (int j = 0; j < 4; j++) {
        values[j] = lw_exp_avx2(_mm256_sub_ps(values[j], _mm256_set1_ps(most)));
        _mm256_storeu_ps(scores + 8 * j, values[j]);
    }
    const float correction = lw_exp_inline(*greatest - most);
    *total = fmaf(*total, correction, lw_fold_avx2(values[0], values[1], values[2], values[3]));
    *greatest = most;
    return correction;
}

LW_INLINE __m256 lw_magnitudes(__m256 x) { return _mm256_and_ps(x, _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff))); }

/// Sixteen values times `inverse` as 16-bit whole numbers.
LW_INLINE void lw_store_quants16(__m256 low, __m256 high, __m256 inverse, int16_t *quants) {
    const __m256i packed = _mm256_packs_epi32(_mm256_cvtps_epi32(_mm256_mul_ps(low, inverse)),
                                              _mm256_cvtps_epi32(_mm256_mul_ps(high, inverse)));
    _mm256_storeu_si256((__m256i *)quants, _mm256_permute4x64_epi64(packed, 0xd8));
}

/// `lw_scalar_encode16` of a multiple of eight values.
LW_INLINE float lw_encode16(const float *x, size_t count, int16_t *quants) {
    __m256i greatest = _mm256_setzero_si256();
    for (size_t i = 0; i < count; i += 8)
        greatest = _mm256_max_epi32(greatest, _mm256_castps_si256(lw_magnitudes(_mm256_loadu_ps(x + i))));
    int32_t lanes[8], most = 0;
    _mm256_storeu_si256((__m256i *)lanes, greatest);
    for (int i = 0; i < 8; i++) most = lanes[i] > most ? lanes[i] : most;
    const float magnitude = lw_float_of_bits((uint32_t)most);
    if (!(magnitude >= LW_TINY && magnitude < INFINITY)) {
        memset(quants, 0, count * sizeof *quants);
        return 0;
    }
    const __m256 inverse = _mm256_set1_ps(LW_QUANT16_MAX / magnitude);
    size_t i = 0;
    for (; i + 16 <= count; i += 16)
        lw_store_quants16(_mm256_loadu_ps(x + i), _mm256_loadu_ps(x + i + 8), inverse, quants + i);
    if (i < count) {
        int16_t pair[16];
        lw_store_quants16(_mm256_loadu_ps(x + i), _mm256_setzero_ps(), inverse, pair);
        memcpy(quants + i, pair, 8 * sizeof *quants);
    }
    return magnitude / LW_QUANT16_MAX;
}

/// Weights with their values' scales in them, as quants * the scale that is returned; what is not seen is zero.
LW_INLINE float lw_encode_weights(const float *weights, const uint16_t *scales, size_t seen, int16_t *quants) {
    const __m256i places = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    __m256 scaled[4], top = _mm256_setzero_ps();
    LW_UNROLL for (int j = 0; j < 4; j++) {
        const __m256i left = _mm256_set1_epi32((int)seen - 8 * j);
        const __m256 product = _mm256_mul_ps(_mm256_loadu_ps(weights + 8 * j), lw_load_halves(scales + 8 * j));
        scaled[j] = _mm256_and_ps(product, _mm256_castsi256_ps(_mm256_cmpgt_epi32(left, places)));
        top = _mm256_max_ps(scaled[j], top);
    }
    const float magnitude = lw_greatest_avx2(top);
    if (magnitude < LW_TINY) {
        memset(quants, 0, LW_PAGE_LENGTH * sizeof *quants);
        return 0;
    }
    const __m256 inverse = _mm256_set1_ps(LW_QUANT16_MAX / magnitude);
    lw_store_quants16(scaled[0], scaled[1], inverse, quants);
    lw_store_quants16(scaled[2], scaled[3], inverse, quants + 16);
    return magnitude / LW_QUANT16_MAX;
}

LW_AVX2_END

#endif
