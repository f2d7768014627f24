// Products of packed strips, two strips and up to eight tokens at a time.
//
// dpbusd multiplies four unsigned with four signed bytes and adds them to an int32 in one instruction, so nothing can
// overflow and nothing needs widening. The two halves of a register belong to two strips of eight rows.

#if defined(__x86_64__)

#include "../matmul_tile.h"
#include "avx512.h"

#pragma STDC FP_CONTRACT OFF

#pragma clang attribute push( \
    __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#define MAX_TILE 8

LW_INLINE __m512i join(const void *first, const void *second) {
    const __m512i low = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)first));
    return _mm512_inserti64x4(low, _mm256_loadu_si256((const __m256i *)second), 1);
}

LW_INLINE __m512 join_halves(const uint16_t *first, const uint16_t *second) {
    const __m256i low = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)first));
    return _mm512_cvtph_ps(_mm256_inserti128_si256(low, _mm_loadu_si128((const __m128i *)second), 1));
}

LW_INLINE __m512i four_quants(const int8_t *quants) {
    int32_t word;
    memcpy(&word, quants, sizeof word);
    return _mm512_set1_epi32(word);
}

/// Adds the product of one block of each strip with block `b` of each token to the sums.
typedef void block_function(const int T, const void *first, const void *second, const lw_q8_block *const *x, size_t b,
                            __m512 *sums);

/// Whole-number products of 32 nibbles a row, added to `dots`. Two sums a token hide the instruction's latency where
/// there are few tokens.
LW_INLINE void nibble_dots(const int T, const uint8_t first[4][32], const uint8_t second[4][32],
                           const lw_q8_block *const *x, size_t b, __m512i *dots) {
    const __m512i low_nibbles = _mm512_set1_epi8(15);
    __m512i high_dots[MAX_TILE];
    LW_UNROLL for (int t = 0; t < T; t++) high_dots[t] = _mm512_setzero_si512();
    LW_UNROLL for (int g = 0; g < 4; g++) {
        const __m512i packed = join(first[g], second[g]);
        const __m512i low = _mm512_and_si512(packed, low_nibbles);
        const __m512i high = _mm512_and_si512(_mm512_srli_epi16(packed, 4), low_nibbles);
        LW_UNROLL for (int t = 0; t < T; t++) {
            const int8_t *four = x[t][b].quants + 4 * g;
            dots[t] = _mm512_dpbusd_epi32(dots[t], low, four_quants(four));
            __m512i *other = T <= 4 ? high_dots : dots;
            other[t] = _mm512_dpbusd_epi32(other[t], high, four_quants(four + 16));
        }
    }
    if (T <= 4)
        LW_UNROLL for (int t = 0; t < T; t++) dots[t] = _mm512_add_epi32(dots[t], high_dots[t]);
}

/// -factor times the sum of a block's quants, which is a small whole number.
LW_INLINE __m512i offset(const lw_q8_block *x, int factor) { return _mm512_set1_epi32(-factor * (int32_t)x->sum); }

LW_INLINE void q4_0_block(const int T, const void *first, const void *second, const lw_q8_block *const *x, size_t b,
                          __m512 *sums) {
    const lw_q4_0x8 *w0 = first, *w1 = second;
    __m512i dots[MAX_TILE];
    LW_UNROLL for (int t = 0; t < T; t++) dots[t] = offset(x[t] + b, 8);
    nibble_dots(T, w0->quants, w1->quants, x, b, dots);
    const __m512 scale = join_halves(w0->scale, w1->scale);
    LW_UNROLL for (int t = 0; t < T; t++) {
        const __m512 scaled = _mm512_mul_ps(scale, _mm512_cvtepi32_ps(dots[t]));
        sums[t] = _mm512_fmadd_ps(scaled, _mm512_set1_ps(x[t][b].scale), sums[t]);
    }
}

LW_INLINE void q4_1_block(const int T, const void *first, const void *second, const lw_q8_block *const *x, size_t b,
                          __m512 *sums) {
    const lw_q4_1x8 *w0 = first, *w1 = second;
    __m512i dots[MAX_TILE];
    LW_UNROLL for (int t = 0; t < T; t++) dots[t] = _mm512_setzero_si512();
    nibble_dots(T, w0->quants, w1->quants, x, b, dots);
    const __m512 scale = join_halves(w0->scale, w1->scale), minimum = join_halves(w0->minimum, w1->minimum);
    LW_UNROLL for (int t = 0; t < T; t++) {
        const __m512 folded = _mm512_mul_ps(minimum, _mm512_set1_ps(x[t][b].sum));
        const __m512 scaled = _mm512_fmadd_ps(scale, _mm512_cvtepi32_ps(dots[t]), folded);
        sums[t] = _mm512_fmadd_ps(scaled, _mm512_set1_ps(x[t][b].scale), sums[t]);
    }
}

/// Signed weights become unsigned by adding 128, which is flipping their top bit; the sum of the quants takes it off.
LW_INLINE void q8_0_block(const int T, const void *first, const void *second, const lw_q8_block *const *x, size_t b,
                          __m512 *sums) {
    const lw_q8_0x8 *w0 = first, *w1 = second;
    const __m512i top_bits = _mm512_set1_epi8((char)0x80);
    __m512i dots[MAX_TILE], odd_dots[MAX_TILE];
    LW_UNROLL for (int t = 0; t < T; t++) {
        dots[t] = offset(x[t] + b, 128);
        odd_dots[t] = _mm512_setzero_si512();
    }
    LW_UNROLL for (int g = 0; g < 8; g++) {
        const __m512i weights = _mm512_xor_si512(join(w0->quants[g], w1->quants[g]), top_bits);
        LW_UNROLL for (int t = 0; t < T; t++) {
            __m512i *some = T <= 4 && g % 2 == 1 ? odd_dots : dots;
            some[t] = _mm512_dpbusd_epi32(some[t], weights, four_quants(x[t][b].quants + 4 * g));
        }
    }
    const __m512 scale = join_halves(w0->scale, w1->scale);
    LW_UNROLL for (int t = 0; t < T; t++) {
        const __m512i whole = T <= 4 ? _mm512_add_epi32(dots[t], odd_dots[t]) : dots[t];
        const __m512 scaled = _mm512_mul_ps(scale, _mm512_cvtepi32_ps(whole));
        sums[t] = _mm512_fmadd_ps(scaled, _mm512_set1_ps(x[t][b].scale), sums[t]);
    }
}

/// Two strips: all blocks, then the remainders that any token of the tile has.
LW_INLINE void block_tile(const int T, block_function *add, size_t stride, const char *first, const char *second,
                          size_t count, const lw_tile *at) {
    __m512 sums[MAX_TILE];
    LW_UNROLL for (int t = 0; t < T; t++) sums[t] = _mm512_setzero_ps();
    for (size_t b = 0; b < count; b++) {
        if (at->streams) lw_prefetch(first + 2 * b * stride, 2 * stride);
        add(T, first + b * stride, second + b * stride, at->blocks, b, sums);
    }
    for (size_t word = 0; word < LW_MARK_WORDS(count); word++) {
        for (uint64_t marks = lw_tile_marks(at, T, word); marks != 0; marks &= marks - 1) {
            const size_t b = 64 * word + (size_t)__builtin_ctzll(marks);
            add(T, first + b * stride, second + b * stride, at->remainders, b, sums);
        }
    }
    const __mmask16 rows = (__mmask16)((1u << at->rows) - 1);
    LW_UNROLL for (int t = 0; t < T; t++) {
        const __m512 old = at->add ? _mm512_maskz_loadu_ps(rows, at->out[t]) : _mm512_setzero_ps();
        _mm512_mask_storeu_ps(at->out[t], rows, at->add ? _mm512_add_ps(old, sums[t]) : sums[t]);
    }
}

typedef void tile_function(const char *first, const char *second, size_t count, const lw_tile *at);

// One function a tile size, so that the compiler unrolls each and keeps its sums in registers.
#define TILE(kind, T)                                                                                   \
    static void kind##_##T(const char *first, const char *second, size_t count, const lw_tile *at) {      \
        block_tile(T, kind##_block, sizeof(lw_##kind##x8), first, second, count, at);                   \
    }
#define TILES(kind) \
    TILE(kind, 1) TILE(kind, 2) TILE(kind, 3) TILE(kind, 4) TILE(kind, 5) TILE(kind, 6) TILE(kind, 7) TILE(kind, 8)

TILES(q4_0)
TILES(q4_1)
TILES(q8_0)

#define ROW(kind) {kind##_1, kind##_2, kind##_3, kind##_4, kind##_5, kind##_6, kind##_7, kind##_8}
static tile_function *const tile_functions[][MAX_TILE] = {
    [LW_LAYOUT_Q4_0] = ROW(q4_0),
    [LW_LAYOUT_Q4_1] = ROW(q4_1),
    [LW_LAYOUT_Q8_0] = ROW(q8_0),
};

void lw_avx512_matmul(const lw_matrix *w, const lw_input *x, size_t tokens, const lw_output *y, size_t strip0,
                      size_t strip1) {
    const bool is_known = w->layout == LW_LAYOUT_Q4_0 || w->layout == LW_LAYOUT_Q4_1 || w->layout == LW_LAYOUT_Q8_0;
    // One token is bound by memory, which serves one stream of strips better than two.
    if (!is_known || tokens == 1) {
        lw_avx2_matmul(w, x, tokens, y, strip0, strip1);
        return;
    }
    const size_t strip_bytes = lw_strip_bytes(w->layout, w->columns), blocks = w->columns / LW_BLOCK_LENGTH;
    const size_t resident = lw_resident_tokens(w, MAX_TILE), end_row = strip1 * LW_STRIP_ROWS;
    for (size_t begin = 0; begin < tokens; begin += resident) {
        const size_t end = begin + resident < tokens ? begin + resident : tokens;
        for (size_t s = strip0; s < strip1; s += 2) {
            const size_t row = s * LW_STRIP_ROWS, left = (w->rows < end_row ? w->rows : end_row) - row;
            lw_tile at = {.add = y->add, .streams = begin == 0, .rows = left < 16 ? left : 16};
            const char *first = (const char *)w->strips + s * strip_bytes;
            // A last strip without a partner takes its own place; the mask leaves the second result out.
            const char *second = s + 1 < strip1 ? first + strip_bytes : first;
            for (size_t token = begin, count; token < end; token += count) {
                count = lw_tile_tokens(end - token, MAX_TILE);
                lw_aim_tile(&at, x, y, token, count, row);
                tile_functions[w->layout][count - 1](first, second, blocks, &at);
                at.streams = false;
            }
        }
    }
}

#pragma clang attribute pop

#endif
