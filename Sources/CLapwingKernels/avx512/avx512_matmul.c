// Products of packed strips, two strips and up to eight tokens at a time.
//
// dpbusd multiplies four unsigned with four signed bytes and adds them to an int32 in one instruction, so nothing can
// overflow and nothing needs widening. The two halves of a register belong to two strips of eight rows.

#if defined(__x86_64__)

#include "../matmul_tile.h"
#include "../pack/packed.h"
#include "avx512.h"

#pragma STDC FP_CONTRACT OFF

LW_AVX512_BEGIN

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

/// Field `g` of `bits` bits out of planes, at bit `place` of its byte.
LW_INLINE __m512i field(const uint8_t *first, const uint8_t *second, const int bits, const int g, const int place) {
    const int offset = g / (8 / bits) * LW_PLANE_BYTES;
    const __m512i plane = join(first + offset, second + offset);
    if (bits == 8) return plane;
    const unsigned right = (unsigned)(g % (8 / bits) * bits);
    const __m512i moved = right > (unsigned)place ? _mm512_srli_epi16(plane, right - (unsigned)place)
                                                  : _mm512_slli_epi16(plane, (unsigned)place - right);
    return _mm512_and_si512(moved, _mm512_set1_epi8((char)(((1 << bits) - 1) << place)));
}

/// The codes of columns 4 g to 4 g + 3 of sixteen rows. Signed bytes become unsigned by adding 128, which is flipping
/// their top bit.
LW_INLINE __m512i codes(const lw_format f, const uint8_t *first, const uint8_t *second, const int g) {
    const __m512i top_bits = _mm512_set1_epi8((char)0x80);
    const __m512i low = field(first, second, f.low_bits, g, 0);
    if (f.low_bits == 8) return _mm512_xor_si512(low, top_bits);
    if (f.is_table) {
        const __m512i table = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)lw_iq4_values));
        return _mm512_shuffle_epi8(_mm512_xor_si512(table, top_bits), low);
    }
    if (f.high_bits == 0) return low;
    const int high = f.low_bits * LW_PLANE_BYTES;
    return _mm512_or_si512(low, field(first + high, second + high, f.high_bits, g, f.low_bits));
}

/// What the sums of the quants take off the products again.
LW_INLINE int offset(const lw_format f) { return lw_is_signed(f) ? 128 : f.offset; }

/// The sums of both halves of a block's quants, as int16 beside each other in every lane.
LW_INLINE __m512i two_sums(const lw_q8_block *x) {
    int32_t both;
    memcpy(&both, x->sums, sizeof both);
    return _mm512_set1_epi32(both);
}

/// Sixteen bytes, eight of each strip.
LW_INLINE __m128i join_bytes(const uint8_t *first, const uint8_t *second) {
    return _mm_unpacklo_epi64(_mm_loadl_epi64((const __m128i *)first), _mm_loadl_epi64((const __m128i *)second));
}

LW_INLINE __m512 floats(__m128i bytes) { return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes)); }

/// The scales and minimums of sixteen rows.
typedef struct block_scales {
    __m512 scale;      // the half, with the whole-number scale where it is alone: a product that is exact
    __m512 minimum;    // likewise
    __m512 parts[2];   // the whole-number scales where there are two
    __m512i minimums;  // the whole-number minimums where there are two, as int16 beside each other
} block_scales;

LW_INLINE block_scales read_scales(const lw_format f, const void *first, const void *second, size_t b) {
    const uint16_t *header0 = (const uint16_t *)lw_header_at(f, first, b);
    const uint16_t *header1 = (const uint16_t *)lw_header_at(f, second, b);
    const uint8_t *block0 = lw_block_at(f, first, b), *block1 = lw_block_at(f, second, b);
    block_scales all;
    all.scale = join_halves(header0, header1);
    if (f.has_minimum) all.minimum = join_halves(header0 + LW_STRIP_ROWS, header1 + LW_STRIP_ROWS);
    if (f.scales == 0) return all;
    __m128i low = join_bytes(block0, block1), high = low;
    if (lw_scale_bytes(f) == 16) high = join_bytes(block0 + 8, block1 + 8);
    if (f.scales == 1) {
        all.scale = _mm512_mul_ps(all.scale, floats(low));
        if (f.has_minimum) all.minimum = _mm512_mul_ps(all.minimum, floats(high));
        return all;
    }
    if (f.has_minimum) {
        const __m128i nibbles = _mm_set1_epi8(15);
        const __m128i m0 = _mm_and_si128(_mm_srli_epi16(low, 4), nibbles);
        const __m128i m1 = _mm_and_si128(_mm_srli_epi16(high, 4), nibbles);
        all.minimums = _mm512_cvtepi8_epi16(_mm256_set_m128i(_mm_unpackhi_epi8(m0, m1), _mm_unpacklo_epi8(m0, m1)));
        low = _mm_and_si128(low, nibbles);
        high = _mm_and_si128(high, nibbles);
    }
    all.parts[0] = floats(low);
    all.parts[1] = floats(high);
    return all;
}

/// Adds the product of block `b` of two strips with that of each token to the sums. The two halves of the columns have
/// sums of their own where scales do, and where few tokens would wait for the instruction's latency.
LW_INLINE void add_block(const int T, const lw_format f, const void *first, const void *second,
                         const lw_q8_block *const *x, size_t b, __m512 *sums) {
    const uint8_t *planes0 = lw_block_at(f, first, b) + lw_scale_bytes(f);
    const uint8_t *planes1 = lw_block_at(f, second, b) + lw_scale_bytes(f);
    const bool halves = f.scales == 2, apart = halves || T <= 4;
    __m512i dots[2][MAX_TILE];
    LW_UNROLL for (int t = 0; t < T; t++) {
        dots[0][t] = dots[1][t] = _mm512_setzero_si512();
        if (offset(f) == 0) continue;
        const __m512i both = two_sums(x[t] + b);
        // As int16 pairs: what the first half's sum is multiplied with, and what the second's.
        const int first_only = -offset(f) & 0xffff, second_only = -offset(f) * 0x10000;
        dots[0][t] = _mm512_madd_epi16(both, _mm512_set1_epi32(halves ? first_only : first_only | second_only));
        if (halves) dots[1][t] = _mm512_madd_epi16(both, _mm512_set1_epi32(second_only));
    }
    LW_UNROLL for (int g = 0; g < 8; g++) {
        const __m512i weights = codes(f, planes0, planes1, g);
        LW_UNROLL for (int t = 0; t < T; t++) {
            __m512i *dot = &dots[apart ? g / 4 : 0][t];
            *dot = _mm512_dpbusd_epi32(*dot, weights, four_quants(x[t][b].quants + 4 * g));
        }
    }
    const block_scales all = read_scales(f, first, second, b);
    LW_UNROLL for (int t = 0; t < T; t++) {
        __m512 dot;
        if (halves) {
            // Whole numbers below 2^24: no rounding.
            dot = _mm512_mul_ps(all.parts[0], _mm512_cvtepi32_ps(dots[0][t]));
            dot = _mm512_fmadd_ps(all.parts[1], _mm512_cvtepi32_ps(dots[1][t]), dot);
        } else {
            dot = _mm512_cvtepi32_ps(apart ? _mm512_add_epi32(dots[0][t], dots[1][t]) : dots[0][t]);
        }
        __m512 product;
        if (f.has_minimum) {
            const __m512 sum = !halves ? _mm512_set1_ps(x[t][b].sum)
                                       : _mm512_cvtepi32_ps(_mm512_madd_epi16(two_sums(x[t] + b), all.minimums));
            product = _mm512_fmadd_ps(all.scale, dot, _mm512_mul_ps(all.minimum, sum));
        } else {
            product = _mm512_mul_ps(all.scale, dot);
        }
        sums[t] = _mm512_fmadd_ps(product, _mm512_set1_ps(x[t][b].scale), sums[t]);
    }
}

LW_INLINE void put(const int T, const lw_tile *at, const __m512 *sums) {
    const __mmask16 rows = (__mmask16)((1u << at->rows) - 1);
    LW_UNROLL for (int t = 0; t < T; t++) {
        const __m512 old = at->add ? _mm512_maskz_loadu_ps(rows, at->out[t]) : _mm512_setzero_ps();
        _mm512_mask_storeu_ps(at->out[t], rows, at->add ? _mm512_add_ps(old, sums[t]) : sums[t]);
    }
}

/// Two strips: all blocks, then the remainders that any token of the tile has.
LW_INLINE void block_tile(const int T, const lw_format f, const void *first, const void *second, size_t columns,
                          const lw_tile *at) {
    const size_t count = columns / LW_BLOCK_LENGTH;
    __m512 sums[MAX_TILE];
    LW_UNROLL for (int t = 0; t < T; t++) sums[t] = _mm512_setzero_ps();
    for (size_t b = 0; b < count; b++) {
        if (at->streams) lw_prefetch((const char *)first + 2 * b * lw_block_bytes(f), 2 * lw_block_bytes(f), LW_AHEAD);
        add_block(T, f, first, second, at->blocks, b, sums);
    }
    for (size_t word = 0; word < LW_MARK_WORDS(count); word++) {
        for (uint64_t marks = lw_tile_marks(at, T, word); marks != 0; marks &= marks - 1) {
            const size_t b = 64 * word + (size_t)__builtin_ctzll(marks);
            add_block(T, f, first, second, at->remainders, b, sums);
        }
    }
    put(T, at, sums);
}

LW_INLINE __m512 float_weights(const lw_layout layout, const void *first, const void *second, size_t column) {
    const size_t place = column * LW_STRIP_ROWS;
    if (layout == LW_LAYOUT_F32)
        return _mm512_castsi512_ps(join((const float *)first + place, (const float *)second + place));
    const uint16_t *h0 = (const uint16_t *)first + place, *h1 = (const uint16_t *)second + place;
    if (layout == LW_LAYOUT_F16) return join_halves(h0, h1);
    const __m256i low = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)h0));
    const __m256i halves = _mm256_inserti128_si256(low, _mm_loadu_si128((const __m128i *)h1), 1);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
}

LW_INLINE void float_tile(const int T, const lw_layout layout, const void *first, const void *second, size_t columns,
                          const lw_tile *at) {
    __m512 sums[2][MAX_TILE];  // of even and of odd columns
    LW_UNROLL for (int t = 0; t < T; t++) sums[0][t] = sums[1][t] = _mm512_setzero_ps();
    const size_t bytes = LW_STRIP_ROWS * (layout == LW_LAYOUT_F32 ? 4 : 2);
    for (size_t column = 0; column < columns; column += 2) {
        if (at->streams) lw_prefetch((const char *)first + 2 * column * bytes, 4 * bytes, LW_AHEAD);
        LW_UNROLL for (size_t odd = 0; odd < 2; odd++) {
            if (column + odd == columns) break;
            const __m512 weights = float_weights(layout, first, second, column + odd);
            LW_UNROLL for (int t = 0; t < T; t++)
                sums[odd][t] = _mm512_fmadd_ps(weights, _mm512_set1_ps(at->values[t][column + odd]), sums[odd][t]);
        }
    }
    LW_UNROLL for (int t = 0; t < T; t++) sums[0][t] = _mm512_add_ps(sums[0][t], sums[1][t]);
    put(T, at, sums[0]);
}

typedef void tile_function(const void *first, const void *second, size_t columns, const lw_tile *at);

// One function a layout and tile size, so that the compiler knows all about both and keeps the sums in registers.
#define TILE(layout, T)                                                                                   \
    static void layout##_##T(const void *first, const void *second, size_t columns, const lw_tile *at) {  \
        if (layout <= LW_LAYOUT_BF16) float_tile(T, layout, first, second, columns, at);                  \
        else block_tile(T, lw_formats[layout], first, second, columns, at);                               \
    }
#define TILES(kind) TILE(kind, 2) TILE(kind, 3) TILE(kind, 4) TILE(kind, 5) TILE(kind, 6) TILE(kind, 7) TILE(kind, 8)
#define ROW(kind) [kind] = {NULL, kind##_2, kind##_3, kind##_4, kind##_5, kind##_6, kind##_7, kind##_8},

LW_LAYOUTS(TILES)
static tile_function *const tile_functions[][MAX_TILE] = {LW_LAYOUTS(ROW)};

void lw_avx512_matmul(const lw_matrix *w, const lw_input *x, size_t tokens, const lw_output *y, size_t strip0,
                      size_t strip1) {
    if (tokens == 1) {
        lw_avx512_matmul_single(w, x, y, strip0, strip1);
        return;
    }
    const size_t strip_bytes = lw_strip_bytes(w->layout, w->columns);
    const size_t resident = lw_resident_tokens(w, MAX_TILE), end_row = strip1 * LW_STRIP_ROWS;
    for (size_t begin = 0, end; begin < tokens; begin = end) {
        // Even parts, of which none is a single token: there is no tile for one.
        end = begin + lw_tile_tokens(tokens - begin, resident);
        for (size_t s = strip0; s < strip1; s += 2) {
            const size_t row = s * LW_STRIP_ROWS, left = (w->rows < end_row ? w->rows : end_row) - row;
            lw_tile at = {.add = y->add, .streams = begin == 0, .rows = left < 16 ? left : 16};
            const char *first = (const char *)w->strips + s * strip_bytes;
            // A last strip without a partner takes its own place; the mask leaves the second result out.
            const char *second = s + 1 < strip1 ? first + strip_bytes : first;
            for (size_t token = begin, count; token < end; token += count) {
                count = lw_tile_tokens(end - token, MAX_TILE);
                lw_aim_tile(&at, x, y, token, count, row);
                tile_functions[w->layout][count - 1](first, second, w->columns, &at);
                at.streams = false;
            }
        }
    }
}

LW_AVX512_END

#endif
