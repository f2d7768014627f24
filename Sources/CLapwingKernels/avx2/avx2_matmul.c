// Products of packed strips with tiles of one to four tokens.
//
// A register holds four consecutive weights of each of eight rows, so broadcasting four activations multiplies them
// with every row at once, and one float register holds the sums of the eight rows: nothing is added across lanes.
// A tile of four tokens uses 15 of the 16 registers and reads and unpacks each weight once.

#if defined(__x86_64__)

#include "avx2_blocks.h"

#pragma STDC FP_CONTRACT OFF

LW_AVX2_BEGIN

#define MAX_TILE 4

/// Products of weights and quants, two beside each other added up. The first operand of maddubs has no sign, so that of
/// signed weights moves to the quants.
LW_INLINE __m256i products(const lw_format f, __m256i weights, __m256i quants) {
    if (!lw_is_signed(f)) return _mm256_maddubs_epi16(weights, quants);
    return _mm256_maddubs_epi16(_mm256_abs_epi8(weights), _mm256_sign_epi8(quants, weights));
}

/// Columns, in fours, whose products an int16 can add up. A pair of products is at most 2 * 127 times the greatest
/// code: four bits leave room for eight pairs (30480), five for four (31496), six for two (32004), signed bytes for
/// one (32512).
LW_INLINE int run_length(const lw_format f) {
    const int bits = lw_is_signed(f) ? 8 : f.low_bits + f.high_bits;
    const int most = bits <= 4 ? 8 : bits == 5 ? 4 : bits == 6 ? 2 : 1;
    return f.scales == 2 && most > 4 ? 4 : most;
}

/// Adds the product of block `b` of eight rows with that of each token to the sums.
LW_INLINE void add_block(const int T, const lw_format f, const void *strip, const lw_q8_block *const *x, size_t b,
                         __m256 *sums) {
    const uint16_t *header = (const uint16_t *)lw_header_at(f, strip, b);
    const uint8_t *block = lw_block_at(f, strip, b);
    const block_scales whole = read_scales(f, block);
    const uint8_t *planes = block + lw_scale_bytes(f);
    const int run = run_length(f);
    __m256i dots[MAX_TILE], pairs[MAX_TILE];
    LW_UNROLL for (int t = 0; t < T; t++) dots[t] = _mm256_setzero_si256();
    LW_UNROLL for (int g = 0; g < 8; g += 2) {
        const __m256i first = codes(f, planes, g), second = codes(f, planes, g + 1);
        const __m256i part = whole.parts[f.scales == 2 ? g / 4 : 0];
        LW_UNROLL for (int t = 0; t < T; t++) {
            const int8_t *quants = x[t][b].quants + 4 * g;
            const __m256i four = products(f, first, four_quants(quants));
            const __m256i next = products(f, second, four_quants(quants + 4));
            if (run == 1) {
                const __m256i both = _mm256_add_epi32(_mm256_madd_epi16(four, part), _mm256_madd_epi16(next, part));
                dots[t] = _mm256_add_epi32(dots[t], both);
                continue;
            }
            const __m256i both = _mm256_add_epi16(four, next);
            pairs[t] = g % run == 0 ? both : _mm256_add_epi16(pairs[t], both);
            if (g % run == run - 2) dots[t] = _mm256_add_epi32(dots[t], _mm256_madd_epi16(pairs[t], part));
        }
    }
    const __m256 scale = lw_load_halves(header);
    const __m256 minimum = f.has_minimum ? read_minimum(f, header, block) : scale;
    LW_UNROLL for (int t = 0; t < T; t++) {
        if (f.offset)
            dots[t] = _mm256_add_epi32(dots[t], _mm256_madd_epi16(two_sums(x[t] + b), whole.offsets));
        const __m256 dot = _mm256_cvtepi32_ps(dots[t]);
        __m256 product;
        if (f.has_minimum) {
            const __m256 sum = f.scales < 2 ? _mm256_set1_ps(x[t][b].sum)
                                     : _mm256_cvtepi32_ps(_mm256_madd_epi16(two_sums(x[t] + b), whole.minimums));
            product = _mm256_fmadd_ps(scale, dot, _mm256_mul_ps(minimum, sum));
        } else {
            product = _mm256_mul_ps(scale, dot);
        }
        sums[t] = _mm256_fmadd_ps(product, _mm256_set1_ps(x[t][b].scale), sums[t]);
    }
}

/// One strip: all blocks, then the remainders that any token of the tile has. Outliers keep to a few channels, so the
/// tokens mostly have the same ones; a token without one has a scale of zero there.
LW_INLINE void block_tile(const int T, const lw_format f, const void *strip, size_t columns, const lw_tile *at) {
    const size_t count = columns / LW_BLOCK_LENGTH;
    __m256 sums[MAX_TILE];
    LW_UNROLL for (int t = 0; t < T; t++) sums[t] = _mm256_setzero_ps();
    for (size_t b = 0; b < count; b++) {
        if (at->streams) lw_prefetch(lw_block_at(f, strip, b), lw_block_bytes(f), LW_AHEAD);
        add_block(T, f, strip, at->blocks, b, sums);
    }
    for (size_t word = 0; word < LW_MARK_WORDS(count); word++) {
        for (uint64_t marks = lw_tile_marks(at, T, word); marks != 0; marks &= marks - 1) {
            const size_t b = 64 * word + (size_t)__builtin_ctzll(marks);
            add_block(T, f, strip, at->remainders, b, sums);
        }
    }
    LW_UNROLL for (int t = 0; t < T; t++) put(at, t, sums[t]);
}

LW_INLINE __m256 float_weights(const lw_layout layout, const void *strip, size_t column) {
    const size_t place = column * LW_STRIP_ROWS;
    if (layout == LW_LAYOUT_F32) return _mm256_loadu_ps((const float *)strip + place);
    if (layout == LW_LAYOUT_F16) return lw_load_halves((const uint16_t *)strip + place);
    const __m128i halves = _mm_loadu_si128((const __m128i *)((const uint16_t *)strip + place));
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
}

LW_INLINE void float_tile(const int T, const lw_layout layout, const void *strip, size_t columns, const lw_tile *at) {
    __m256 even[MAX_TILE], odd[MAX_TILE];
    LW_UNROLL for (int t = 0; t < T; t++) even[t] = odd[t] = _mm256_setzero_ps();
    size_t column = 0;
    for (; column + 1 < columns; column += 2) {
        const __m256 first = float_weights(layout, strip, column), second = float_weights(layout, strip, column + 1);
        LW_UNROLL for (int t = 0; t < T; t++) {
            even[t] = _mm256_fmadd_ps(first, _mm256_set1_ps(at->values[t][column]), even[t]);
            odd[t] = _mm256_fmadd_ps(second, _mm256_set1_ps(at->values[t][column + 1]), odd[t]);
        }
    }
    if (column < columns) {
        const __m256 last = float_weights(layout, strip, column);
        LW_UNROLL for (int t = 0; t < T; t++)
            even[t] = _mm256_fmadd_ps(last, _mm256_set1_ps(at->values[t][column]), even[t]);
    }
    LW_UNROLL for (int t = 0; t < T; t++) put(at, t, _mm256_add_ps(even[t], odd[t]));
}

typedef void tile_function(const void *strip, size_t columns, const lw_tile *at);

// One function a layout and tile size, so that the compiler knows all about both and keeps the sums in registers.
#define TILE(layout, T)                                                                      \
    static void layout##_##T(const void *strip, size_t columns, const lw_tile *at) {         \
        if (layout <= LW_LAYOUT_BF16) float_tile(T, layout, strip, columns, at);             \
        else block_tile(T, lw_formats[layout], strip, columns, at);                          \
    }
#define TILES(layout) TILE(layout, 1) TILE(layout, 2) TILE(layout, 3) TILE(layout, 4)
#define ROW(layout) [layout] = {layout##_1, layout##_2, layout##_3, layout##_4},

LW_LAYOUTS(TILES)
static tile_function *const tile_functions[][MAX_TILE] = {LW_LAYOUTS(ROW)};

void lw_avx2_matmul(const lw_matrix *w, const lw_input *x, size_t tokens, const lw_output *y, size_t strip0,
                    size_t strip1) {
    const size_t strip_bytes = lw_strip_bytes(w->layout, w->columns), resident = lw_resident_tokens(w, MAX_TILE);
    for (size_t begin = 0; begin < tokens; begin += resident) {
        const size_t end = begin + resident < tokens ? begin + resident : tokens;
        for (size_t s = strip0; s < strip1; s++) {
            const size_t row = s * LW_STRIP_ROWS, left = w->rows - row;
            lw_tile at = {.add = y->add, .streams = begin == 0 && tokens > 1,
                          .rows = left < LW_STRIP_ROWS ? left : LW_STRIP_ROWS};
            for (size_t token = begin, count; token < end; token += count) {
                count = lw_tile_tokens(end - token, MAX_TILE);
                lw_aim_tile(&at, x, y, token, count, row);
                tile_functions[w->layout][count - 1]((const char *)w->strips + s * strip_bytes, w->columns, &at);
                at.streams = false;
            }
        }
    }
}

LW_AVX2_END

#endif
