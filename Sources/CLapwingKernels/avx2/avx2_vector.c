// Norms, rotations, activations and scans, eight lanes at a time and in the scalar table's order.

#if defined(__x86_64__)

#include "../scalar/scalar.h"
#include "avx2.h"

#pragma STDC FP_CONTRACT OFF

LW_AVX2_BEGIN

LW_INLINE float block_magnitude(const float *x) {
    const __m256i magnitude_bits = _mm256_set1_epi32(0x7fffffff);
    __m256i greatest = _mm256_setzero_si256();
    LW_UNROLL for (int j = 0; j < 4; j++) {
        const __m256i bits = _mm256_loadu_si256((const __m256i *)(x + 8 * j));
        greatest = _mm256_max_epi32(greatest, _mm256_and_si256(bits, magnitude_bits));
    }
    __m128i top = _mm_max_epi32(_mm256_castsi256_si128(greatest), _mm256_extracti128_si256(greatest, 1));
    top = _mm_max_epi32(top, _mm_shuffle_epi32(top, 0x4e));
    top = _mm_max_epi32(top, _mm_shuffle_epi32(top, 0xb1));
    return lw_float_of_bits((uint32_t)_mm_cvtsi128_si32(top));
}

/// Stores 32 whole numbers as bytes, and the sums of both halves of them.
LW_INLINE void store_quants(const __m256i quants[4], lw_q8_block *block) {
    // Packing works within 128-bit halves; the permutation puts the groups of four back in order.
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    const __m256i packed = _mm256_packs_epi16(_mm256_packs_epi32(quants[0], quants[1]),
                                              _mm256_packs_epi32(quants[2], quants[3]));
    _mm256_storeu_si256((__m256i *)block->quants, _mm256_permutevar8x32_epi32(packed, order));
    const __m256i first = _mm256_add_epi32(quants[0], quants[1]), last = _mm256_add_epi32(quants[2], quants[3]);
    const __m256i pairs = _mm256_hadd_epi32(first, last);
    __m128i sums = _mm_add_epi32(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1));
    sums = _mm_packs_epi32(_mm_hadd_epi32(sums, sums), sums);
    const int32_t both = _mm_cvtsi128_si32(sums);
    memcpy(block->sums, &both, sizeof both);
    block->sum = (float)(block->sums[0] + block->sums[1]);
}

void lw_avx2_quantize(const float *restrict x, lw_q8_block *restrict blocks, lw_q8_block *restrict remainders,
                      uint64_t *restrict marks, size_t count) {
    float total = 0;
    for (size_t b = 0; b < count; b++) {
        // The magnitude waits in the block for the second pass.
        blocks[b].scale = block_magnitude(x + b * LW_BLOCK_LENGTH);
        total += blocks[b].scale;
    }
    for (size_t word = 0; word < LW_MARK_WORDS(count); word++) marks[word] = 0;
    const float limit = total / (float)count * LW_REMAINDER_RATIO;
    for (size_t b = 0; b < count; b++, x += LW_BLOCK_LENGTH) {
        const float magnitude = blocks[b].scale;
        remainders[b].scale = remainders[b].sum = 0;
        remainders[b].sums[0] = remainders[b].sums[1] = 0;
        if (!(magnitude < INFINITY) || magnitude < LW_TINY) {
            lw_scalar_quantize_block(x, magnitude, blocks + b, NULL);
            continue;
        }
        const __m256 inverse = _mm256_set1_ps(127.0f / magnitude);
        __m256 scaled[4];
        __m256i quants[4];
        LW_UNROLL for (int j = 0; j < 4; j++) {
            scaled[j] = _mm256_mul_ps(_mm256_loadu_ps(x + 8 * j), inverse);
            quants[j] = _mm256_cvtps_epi32(scaled[j]);
        }
        store_quants(quants, blocks + b);
        blocks[b].scale = magnitude / 127.0f;
        if (!(magnitude > limit)) continue;
        marks[b / 64] |= (uint64_t)1 << b % 64;
        const __m256 most = _mm256_set1_ps(127.0f), least = _mm256_set1_ps(-127.0f);
        LW_UNROLL for (int j = 0; j < 4; j++) {
            const __m256 rest = _mm256_mul_ps(_mm256_sub_ps(scaled[j], _mm256_cvtepi32_ps(quants[j])),
                                              _mm256_set1_ps(256.0f));
            quants[j] = _mm256_cvtps_epi32(_mm256_max_ps(_mm256_min_ps(rest, most), least));
        }
        store_quants(quants, remainders + b);
        remainders[b].scale = blocks[b].scale / 256.0f;
    }
}

void lw_avx2_rms_norm(const float *restrict x, const float *restrict weight, float epsilon, float *restrict y,
                      size_t count) {
    if (count % LW_LANES != 0) {
        lw_scalar_rms_norm(x, weight, epsilon, y, count);
        return;
    }
    __m256 sums[4];
    LW_UNROLL for (int j = 0; j < 4; j++) sums[j] = _mm256_setzero_ps();
    for (size_t i = 0; i < count; i += LW_LANES)
        LW_UNROLL for (int j = 0; j < 4; j++) {
            const __m256 values = _mm256_loadu_ps(x + i + 8 * j);
            sums[j] = _mm256_fmadd_ps(values, values, sums[j]);
        }
    const float mean = lw_fold_avx2(sums[0], sums[1], sums[2], sums[3]) / (float)count;
    const __m256 factor = _mm256_set1_ps(1.0f / sqrtf(mean + epsilon));
    for (size_t i = 0; i < count; i += 8) {
        const __m256 scaled = _mm256_mul_ps(_mm256_loadu_ps(x + i), factor);
        _mm256_storeu_ps(y + i, _mm256_mul_ps(scaled, _mm256_loadu_ps(weight + i)));
    }
}

void lw_avx2_rope(float *restrict x, const float *restrict cosines, const float *restrict sines, size_t count) {
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        const __m256 values = _mm256_loadu_ps(x + i);
        const __m256 straight = _mm256_mul_ps(values, _mm256_loadu_ps(cosines + i));
        const __m256 crossed = _mm256_mul_ps(_mm256_permute_ps(values, 0xb1), _mm256_loadu_ps(sines + i));
        _mm256_storeu_ps(x + i, _mm256_addsub_ps(straight, crossed));
    }
    lw_scalar_rope(x + i, cosines + i, sines + i, count - i);
}

void lw_avx2_swiglu(const float *gate, const float *up, float *y, size_t count) {
    const __m256 one = _mm256_set1_ps(1.0f), sign = _mm256_set1_ps(-0.0f);
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        const __m256 g = _mm256_loadu_ps(gate + i);
        const __m256 divisor = _mm256_add_ps(one, lw_exp_avx2(_mm256_xor_ps(g, sign)));
        _mm256_storeu_ps(y + i, _mm256_mul_ps(_mm256_div_ps(g, divisor), _mm256_loadu_ps(up + i)));
    }
    lw_scalar_swiglu(gate + i, up + i, y + i, count - i);
}

LW_VECTOR_LOOPS(avx2)

float lw_avx2_maximum(const float *x, size_t count) {
    __m256 greatest[4];
    LW_UNROLL for (int j = 0; j < 4; j++) greatest[j] = _mm256_set1_ps(-INFINITY);
    size_t i = 0;
    for (; i + LW_LANES <= count; i += LW_LANES)
        LW_UNROLL for (int j = 0; j < 4; j++)
            greatest[j] = _mm256_max_ps(_mm256_loadu_ps(x + i + 8 * j), greatest[j]);
    const __m256 left = _mm256_max_ps(greatest[0], greatest[1]), right = _mm256_max_ps(greatest[2], greatest[3]);
    const float most = lw_greatest_avx2(_mm256_max_ps(left, right));
    const float rest = lw_scalar_maximum(x + i, count - i);
    return rest > most ? rest : most;
}

float lw_avx2_sum_exp(const float *x, float shift, size_t count) {
    const __m256 base = _mm256_set1_ps(shift);
    __m256 sums[4];
    LW_UNROLL for (int j = 0; j < 4; j++) sums[j] = _mm256_setzero_ps();
    size_t i = 0;
    for (; i + LW_LANES <= count; i += LW_LANES)
        LW_UNROLL for (int j = 0; j < 4; j++)
            sums[j] = _mm256_add_ps(sums[j], lw_exp_avx2(_mm256_sub_ps(_mm256_loadu_ps(x + i + 8 * j), base)));
    float lanes[LW_LANES];
    LW_UNROLL for (int j = 0; j < 4; j++) _mm256_storeu_ps(lanes + 8 * j, sums[j]);
    for (size_t lane = 0; i < count; i++, lane++) lanes[lane] += lw_exp_inline(x[i] - shift);
    return lw_fold_lanes(lanes);
}

float lw_avx2_exp_scaled(const float *x, float shift, float scale, float *y, size_t count) {
    const __m256 base = _mm256_set1_ps(shift), factor = _mm256_set1_ps(scale);
    __m256 sums[4];
    LW_UNROLL for (int j = 0; j < 4; j++) sums[j] = _mm256_setzero_ps();
    size_t i = 0;
    for (; i + LW_LANES <= count; i += LW_LANES)
        LW_UNROLL for (int j = 0; j < 4; j++) {
            const __m256 shifted = _mm256_sub_ps(_mm256_loadu_ps(x + i + 8 * j), base);
            const __m256 values = lw_exp_avx2(_mm256_mul_ps(shifted, factor));
            _mm256_storeu_ps(y + i + 8 * j, values);
            sums[j] = _mm256_add_ps(sums[j], values);
        }
    float lanes[LW_LANES];
    LW_UNROLL for (int j = 0; j < 4; j++) _mm256_storeu_ps(lanes + 8 * j, sums[j]);
    for (size_t lane = 0; i < count; i++, lane++) {
        y[i] = lw_exp_inline((x[i] - shift) * scale);
        lanes[lane] += y[i];
    }
    return lw_fold_lanes(lanes);
}

size_t lw_avx2_collect(const float *restrict x, size_t count, float threshold, uint32_t *restrict indices,
                       size_t capacity) {
    const __m256 least = _mm256_set1_ps(threshold);
    size_t found = 0;
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        unsigned mask = (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(x + i), least, _CMP_GE_OQ));
        for (; mask != 0; mask &= mask - 1) {
            if (found == capacity) return found;
            indices[found++] = (uint32_t)(i + (size_t)__builtin_ctz(mask));
        }
    }
    for (; i < count && found < capacity; i++)
        if (x[i] >= threshold) indices[found++] = (uint32_t)i;
    return found;
}

LW_AVX2_END

#endif
