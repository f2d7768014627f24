// Packed blocks in 256-bit registers: four consecutive weights of each of eight rows.

#ifndef LW_AVX2_BLOCKS_H
#define LW_AVX2_BLOCKS_H

#include "../matmul_tile.h"
#include "../pack/packed.h"
#include "avx2.h"

#pragma STDC FP_CONTRACT OFF

LW_AVX2_BEGIN

LW_INLINE void put(const lw_tile *at, int t, __m256 sums) {
    float *out = at->out[t];
    if (at->rows == LW_STRIP_ROWS) {
        _mm256_storeu_ps(out, at->add ? _mm256_add_ps(_mm256_loadu_ps(out), sums) : sums);
        return;
    }
    float lanes[LW_STRIP_ROWS];
    _mm256_storeu_ps(lanes, sums);
    for (size_t row = 0; row < at->rows; row++) out[row] = at->add ? out[row] + lanes[row] : lanes[row];
}

LW_INLINE __m256i four_quants(const int8_t *quants) {
    int32_t word;
    memcpy(&word, quants, sizeof word);
    return _mm256_set1_epi32(word);
}

LW_INLINE __m256i two_sums(const lw_q8_block *x) {
    int32_t both;
    memcpy(&both, x->sums, sizeof both);
    return _mm256_set1_epi32(both);
}

LW_INLINE __m256i load(const void *bytes) { return _mm256_loadu_si256((const __m256i *)bytes); }

/// Field `g` of `bits` bits out of planes, at bit `place` of its byte.
LW_INLINE __m256i field(const uint8_t *planes, const int bits, const int g, const int place) {
    const __m256i plane = load(planes + g / (8 / bits) * LW_PLANE_BYTES);
    if (bits == 8) return plane;
    const int shift = g % (8 / bits) * bits - place;
    const __m256i moved = shift > 0 ? _mm256_srli_epi16(plane, shift) : _mm256_slli_epi16(plane, -shift);
    return _mm256_and_si256(moved, _mm256_set1_epi8((char)(((1 << bits) - 1) << place)));
}

/// The codes of columns 4 g to 4 g + 3 of eight rows, or the bytes that they stand for.
LW_INLINE __m256i codes(const lw_format f, const uint8_t *planes, const int g) {
    const __m256i low = field(planes, f.low_bits, g, 0);
    if (f.is_table) {
        const __m128i table = _mm_loadu_si128((const __m128i *)lw_iq4_values);
        return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(table), low);
    }
    if (f.high_bits == 0) return low;
    return _mm256_or_si256(low, field(planes + f.low_bits * LW_PLANE_BYTES, f.high_bits, g, f.low_bits));
}

/// Two bytes a row, of its first and its second part, as int16 beside each other.
LW_INLINE __m256i beside(__m128i first, __m128i second) {
    return _mm256_cvtepi8_epi16(_mm_unpacklo_epi8(first, second));
}

/// The whole-number scales of a block as int16 pairs, one pair a row.
typedef struct block_scales {
    __m256i parts[2];  // twice the scale of the part
    __m256i offsets;   // -offset times the scales of both parts
    __m256i minimums;  // of both parts, where there are two
} block_scales;

LW_INLINE block_scales read_scales(const lw_format f, const uint8_t *block) {
    const __m256i one = _mm256_set1_epi16(1);
    if (f.scales == 0) return (block_scales){.parts = {one, one}, .offsets = _mm256_set1_epi16((short)-f.offset)};
    const __m128i first = _mm_loadl_epi64((const __m128i *)block);
    const __m128i second = lw_scale_bytes(f) == 16 ? _mm_loadl_epi64((const __m128i *)(block + 8)) : first;
    if (f.scales == 1) return (block_scales){.parts = {beside(first, first)}};
    if (f.has_minimum) {
        const __m128i low_nibbles = _mm_set1_epi8(15);
        const __m128i a = _mm_and_si128(first, low_nibbles), b = _mm_and_si128(second, low_nibbles);
        const __m128i c = _mm_and_si128(_mm_srli_epi16(first, 4), low_nibbles);
        const __m128i d = _mm_and_si128(_mm_srli_epi16(second, 4), low_nibbles);
        return (block_scales){.parts = {beside(a, a), beside(b, b)}, .minimums = beside(c, d)};
    }
    const __m256i offsets = _mm256_mullo_epi16(beside(first, second), _mm256_set1_epi16((short)-f.offset));
    return (block_scales){.parts = {beside(first, first), beside(second, second)}, .offsets = offsets};
}

/// The minimums of eight rows, with the whole-number one where it is alone: a product that is exact.
LW_INLINE __m256 read_minimum(const lw_format f, const uint16_t *header, const uint8_t *block) {
    const __m256 minimum = lw_load_halves(header + LW_STRIP_ROWS);
    if (f.scales != 1) return minimum;
    const __m128i bytes = _mm_loadl_epi64((const __m128i *)(block + LW_STRIP_ROWS));
    return _mm256_mul_ps(minimum, _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes)));
}

LW_AVX2_END

#endif
