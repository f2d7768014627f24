// Products of packed strips with one token.
//
// One token is bound by memory, which serves one stream of strips better than two, so registers are half as wide as for
// several; dpbusd still takes a third of the instructions that AVX2 needs.

#if defined(__x86_64__)

#include "../avx2/avx2_blocks.h"
#include "avx512.h"

#pragma STDC FP_CONTRACT OFF

LW_AVX512_BEGIN

/// How far ahead weights are asked for. Decoding the default model gained 4% from 12 KiB, Mixtral's shapes 10% while the
/// machine's memory was fast and nothing while it was slow; 8 KiB did as well, 4 KiB gained less, and 24 KiB lost with the
/// default model.
#define AHEAD (12 * 1024)

/// Eight bytes with a sign, as int32.
LW_INLINE __m256i eight_bytes(const uint8_t *bytes) {
    return _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)bytes));
}

/// The whole-number product of one block, with its offset taken off and its whole-number scales multiplied in.
LW_INLINE __m256i block_dot(const lw_format f, const uint8_t *block, const lw_q8_block *x) {
    const uint8_t *planes = block + lw_scale_bytes(f);
    const int offset = lw_is_signed(f) ? 128 : f.offset;
    __m256i dots[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};  // of the first and the last 16 columns
    if (offset > 0) {
        LW_UNROLL for (int half = 0; half < 2; half++) dots[half] = _mm256_set1_epi32(-offset * x->sums[half]);
    }
    LW_UNROLL for (int g = 0; g < 8; g++) {
        __m256i weights = codes(f, planes, g);
        // A signed byte becomes unsigned by adding 128, which is flipping its top bit.
        if (lw_is_signed(f)) weights = _mm256_xor_si256(weights, _mm256_set1_epi8((char)0x80));
        dots[g / 4] = _mm256_dpbusd_epi32(dots[g / 4], weights, four_quants(x->quants + 4 * g));
    }
    if (f.scales < 2) {
        const __m256i dot = _mm256_add_epi32(dots[0], dots[1]);
        return f.scales == 1 ? _mm256_mullo_epi32(dot, eight_bytes(block)) : dot;
    }
    __m256i first = eight_bytes(block), second = eight_bytes(block + LW_STRIP_ROWS);
    if (f.has_minimum) {
        first = _mm256_and_si256(first, _mm256_set1_epi32(15));
        second = _mm256_and_si256(second, _mm256_set1_epi32(15));
    }
    return _mm256_add_epi32(_mm256_mullo_epi32(dots[0], first), _mm256_mullo_epi32(dots[1], second));
}

/// Adds the product of block `b` of eight rows with the token's to the sums.
LW_INLINE __m256 add_block(const lw_format f, const void *strip, const lw_q8_block *x, size_t b, __m256 sums) {
    const uint16_t *header = (const uint16_t *)lw_header_at(f, strip, b);
    const uint8_t *block = lw_block_at(f, strip, b);
    const __m256 scale = lw_load_halves(header), dot = _mm256_cvtepi32_ps(block_dot(f, block, x + b));
    __m256 product = _mm256_mul_ps(scale, dot);
    if (f.has_minimum) {
        __m256 sum = _mm256_set1_ps(x[b].sum);
        if (f.scales == 2) sum = _mm256_cvtepi32_ps(_mm256_madd_epi16(two_sums(x + b), read_scales(f, block).minimums));
        product = _mm256_fmadd_ps(scale, dot, _mm256_mul_ps(read_minimum(f, header, block), sum));
    }
    return _mm256_fmadd_ps(product, _mm256_set1_ps(x[b].scale), sums);
}

/// One strip: all blocks, then the remainders of the marked ones.
LW_INLINE void multiply_strip(const lw_format f, const void *strip, size_t columns, const lw_tile *at) {
    const size_t count = columns / LW_BLOCK_LENGTH;
    __m256 sums = _mm256_setzero_ps();
    for (size_t b = 0; b < count; b++) {
        lw_prefetch(lw_block_at(f, strip, b), lw_block_bytes(f), AHEAD);
        sums = add_block(f, strip, at->blocks[0], b, sums);
    }
    for (size_t word = 0; word < LW_MARK_WORDS(count); word++)
        for (uint64_t marks = at->marks[0][word]; marks != 0; marks &= marks - 1)
            sums = add_block(f, strip, at->remainders[0], 64 * word + (size_t)__builtin_ctzll(marks), sums);
    put(at, 0, sums);
}

LW_INLINE void multiply(const lw_format f, const lw_matrix *w, const lw_input *x, const lw_output *y, size_t strip0,
                        size_t strip1) {
    const size_t strip_bytes = lw_strip_bytes(w->layout, w->columns);
    for (size_t s = strip0; s < strip1; s++) {
        const size_t row = s * LW_STRIP_ROWS, left = w->rows - row;
        lw_tile at = {.add = y->add, .rows = left < LW_STRIP_ROWS ? left : LW_STRIP_ROWS};
        lw_aim_tile(&at, x, y, 0, 1, row);
        multiply_strip(f, (const char *)w->strips + s * strip_bytes, w->columns, &at);
    }
}

void lw_avx512_matmul_single(const lw_matrix *w, const lw_input *x, const lw_output *y, size_t strip0, size_t strip1) {
    switch (w->layout) {
// The compiler makes code for each layout, with everything about its format known.
#define CASE(layout) \
    case layout: multiply(lw_formats[layout], w, x, y, strip0, strip1); break;
        LW_QUANTISED_LAYOUTS(CASE)
    default: lw_avx2_matmul(w, x, 1, y, strip0, strip1);
    }
}

LW_AVX512_END

#endif
