// Products of packed strips with tiles of one to four tokens.
//
// A register holds four consecutive weights of each of eight rows, so broadcasting four activations multiplies them
// with every row at once, and one float register holds the sums of the eight rows: nothing is added across lanes.
// A tile of four tokens uses 15 of the 16 registers and reads and unpacks each weight once.

#if defined(__x86_64__)

#include "../matmul_tile.h"
#include "avx2.h"

#pragma STDC FP_CONTRACT OFF

LW_AVX2_BEGIN

#define MAX_TILE 4

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

/// Adds the product of one block of eight rows with block `b` of each token to the sums.
typedef void block_function(const int T, const void *block, const lw_q8_block *const *x, size_t b, __m256 *sums);

/// Whole-number products of 32 nibbles a row. Eight products of a nibble pair and two quants sum to at most
/// 8 * 2 * 15 * 127 = 30480, which an int16 holds, so one widening addition serves the whole block.
LW_INLINE void nibble_dots(const int T, const uint8_t quants[4][32], const lw_q8_block *const *x, size_t b,
                           __m256i *dots) {
    const __m256i low_nibbles = _mm256_set1_epi8(15), ones = _mm256_set1_epi16(1);
    LW_UNROLL for (int g = 0; g < 4; g++) {
        const __m256i packed = _mm256_loadu_si256((const __m256i *)quants[g]);
        const __m256i low = _mm256_and_si256(packed, low_nibbles);
        const __m256i high = _mm256_and_si256(_mm256_srli_epi16(packed, 4), low_nibbles);
        LW_UNROLL for (int t = 0; t < T; t++) {
            const int8_t *four = x[t][b].quants + 4 * g;
            const __m256i both = _mm256_add_epi16(_mm256_maddubs_epi16(low, four_quants(four)),
                                                  _mm256_maddubs_epi16(high, four_quants(four + 16)));
            dots[t] = g == 0 ? both : _mm256_add_epi16(dots[t], both);
        }
    }
    LW_UNROLL for (int t = 0; t < T; t++) dots[t] = _mm256_madd_epi16(dots[t], ones);
}

LW_INLINE void q4_0_block(const int T, const void *block, const lw_q8_block *const *x, size_t b, __m256 *sums) {
    const lw_q4_0x8 *w = block;
    __m256i dots[MAX_TILE];
    nibble_dots(T, w->quants, x, b, dots);
    const __m256 scale = lw_load_halves(w->scale);
    LW_UNROLL for (int t = 0; t < T; t++) {
        const __m256i centred = _mm256_sub_epi32(dots[t], _mm256_set1_epi32(8 * (int32_t)x[t][b].sum));
        const __m256 scaled = _mm256_mul_ps(scale, _mm256_cvtepi32_ps(centred));
        sums[t] = _mm256_fmadd_ps(scaled, _mm256_set1_ps(x[t][b].scale), sums[t]);
    }
}

LW_INLINE void q4_1_block(const int T, const void *block, const lw_q8_block *const *x, size_t b, __m256 *sums) {
    const lw_q4_1x8 *w = block;
    __m256i dots[MAX_TILE];
    nibble_dots(T, w->quants, x, b, dots);
    const __m256 scale = lw_load_halves(w->scale), minimum = lw_load_halves(w->minimum);
    LW_UNROLL for (int t = 0; t < T; t++) {
        const __m256 folded = _mm256_mul_ps(minimum, _mm256_set1_ps(x[t][b].sum));
        const __m256 scaled = _mm256_fmadd_ps(scale, _mm256_cvtepi32_ps(dots[t]), folded);
        sums[t] = _mm256_fmadd_ps(scaled, _mm256_set1_ps(x[t][b].scale), sums[t]);
    }
}

/// Adds the whole-number products of 16 bytes a row with quants `first` on. The first operand of maddubs is unsigned,
/// so the weights' signs move to the quants; a pair sums to at most 2 * 128 * 127 = 32512 and must be widened before
/// the next.
LW_INLINE void byte_dots(const int T, const int8_t quants[4][32], const lw_q8_block *const *x, size_t b, int first,
                         __m256i *dots) {
    const __m256i ones = _mm256_set1_epi16(1);
    LW_UNROLL for (int g = 0; g < 4; g++) {
        const __m256i weights = _mm256_loadu_si256((const __m256i *)quants[g]);
        const __m256i magnitudes = _mm256_abs_epi8(weights);
        LW_UNROLL for (int t = 0; t < T; t++) {
            const __m256i signed_quants = _mm256_sign_epi8(four_quants(x[t][b].quants + first + 4 * g), weights);
            const __m256i pairs = _mm256_maddubs_epi16(magnitudes, signed_quants);
            dots[t] = _mm256_add_epi32(dots[t], _mm256_madd_epi16(pairs, ones));
        }
    }
}

LW_INLINE void q8_0_block(const int T, const void *block, const lw_q8_block *const *x, size_t b, __m256 *sums) {
    const lw_q8_0x8 *w = block;
    __m256i dots[MAX_TILE];
    LW_UNROLL for (int t = 0; t < T; t++) dots[t] = _mm256_setzero_si256();
    byte_dots(T, w->quants, x, b, 0, dots);
    byte_dots(T, w->quants + 4, x, b, 16, dots);
    const __m256 scale = lw_load_halves(w->scale);
    LW_UNROLL for (int t = 0; t < T; t++) {
        const __m256 scaled = _mm256_mul_ps(scale, _mm256_cvtepi32_ps(dots[t]));
        sums[t] = _mm256_fmadd_ps(scaled, _mm256_set1_ps(x[t][b].scale), sums[t]);
    }
}

LW_INLINE void i8_block(const int T, const void *block, const lw_q8_block *const *x, size_t b, __m256 *sums) {
    const lw_i8x8 *w = block;
    const __m256 minimum = _mm256_loadu_ps(w->minimum);
    __m256 folded[MAX_TILE];
    LW_UNROLL for (int t = 0; t < T; t++) folded[t] = _mm256_mul_ps(minimum, _mm256_set1_ps(x[t][b].sum));
    LW_UNROLL for (int half = 0; half < 2; half++) {
        __m256i dots[MAX_TILE];
        LW_UNROLL for (int t = 0; t < T; t++) dots[t] = _mm256_setzero_si256();
        byte_dots(T, w->quants + 4 * half, x, b, 16 * half, dots);
        const __m256 scale = _mm256_loadu_ps(w->scale[half]);
        LW_UNROLL for (int t = 0; t < T; t++)
            folded[t] = _mm256_fmadd_ps(scale, _mm256_cvtepi32_ps(dots[t]), folded[t]);
    }
    LW_UNROLL for (int t = 0; t < T; t++)
        sums[t] = _mm256_fmadd_ps(folded[t], _mm256_set1_ps(x[t][b].scale), sums[t]);
}

/// One strip: all blocks, then the remainders that any token of the tile has. Outliers keep to a few channels, so the
/// tokens mostly have the same ones; a token without one has a scale of zero there.
LW_INLINE void block_tile(const int T, block_function *add, size_t stride, const void *strip, size_t columns,
                          const lw_tile *at) {
    const size_t count = columns / LW_BLOCK_LENGTH;
    __m256 sums[MAX_TILE];
    LW_UNROLL for (int t = 0; t < T; t++) sums[t] = _mm256_setzero_ps();
    for (size_t b = 0; b < count; b++) {
        const char *block = (const char *)strip + b * stride;
        if (at->streams) lw_prefetch(block, stride);
        add(T, block, at->blocks, b, sums);
    }
    for (size_t word = 0; word < LW_MARK_WORDS(count); word++) {
        for (uint64_t marks = lw_tile_marks(at, T, word); marks != 0; marks &= marks - 1) {
            const size_t b = 64 * word + (size_t)__builtin_ctzll(marks);
            add(T, (const char *)strip + b * stride, at->remainders, b, sums);
        }
    }
    LW_UNROLL for (int t = 0; t < T; t++) put(at, t, sums[t]);
}

LW_INLINE void q4_0_tile(const int T, const void *strip, size_t columns, const lw_tile *at) {
    block_tile(T, q4_0_block, sizeof(lw_q4_0x8), strip, columns, at);
}

LW_INLINE void q4_1_tile(const int T, const void *strip, size_t columns, const lw_tile *at) {
    block_tile(T, q4_1_block, sizeof(lw_q4_1x8), strip, columns, at);
}

LW_INLINE void q8_0_tile(const int T, const void *strip, size_t columns, const lw_tile *at) {
    block_tile(T, q8_0_block, sizeof(lw_q8_0x8), strip, columns, at);
}

LW_INLINE void i8_tile(const int T, const void *strip, size_t columns, const lw_tile *at) {
    block_tile(T, i8_block, sizeof(lw_i8x8), strip, columns, at);
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

LW_INLINE void f32_tile(const int T, const void *strip, size_t columns, const lw_tile *at) {
    float_tile(T, LW_LAYOUT_F32, strip, columns, at);
}

LW_INLINE void f16_tile(const int T, const void *strip, size_t columns, const lw_tile *at) {
    float_tile(T, LW_LAYOUT_F16, strip, columns, at);
}

LW_INLINE void bf16_tile(const int T, const void *strip, size_t columns, const lw_tile *at) {
    float_tile(T, LW_LAYOUT_BF16, strip, columns, at);
}

typedef void tile_function(const void *strip, size_t columns, const lw_tile *at);

// One function a tile size, so that the compiler unrolls each and keeps its sums in registers.
#define TILES(kind)                                                                                           \
    static void kind##_1(const void *strip, size_t columns, const lw_tile *at) { kind(1, strip, columns, at); } \
    static void kind##_2(const void *strip, size_t columns, const lw_tile *at) { kind(2, strip, columns, at); } \
    static void kind##_3(const void *strip, size_t columns, const lw_tile *at) { kind(3, strip, columns, at); } \
    static void kind##_4(const void *strip, size_t columns, const lw_tile *at) { kind(4, strip, columns, at); }

TILES(f32_tile)
TILES(f16_tile)
TILES(bf16_tile)
TILES(q4_0_tile)
TILES(q4_1_tile)
TILES(q8_0_tile)
TILES(i8_tile)

#define ROW(kind) {kind##_1, kind##_2, kind##_3, kind##_4}
static tile_function *const tile_functions[][MAX_TILE] = {
    [LW_LAYOUT_F32] = ROW(f32_tile),   [LW_LAYOUT_F16] = ROW(f16_tile),   [LW_LAYOUT_BF16] = ROW(bf16_tile),
    [LW_LAYOUT_Q4_0] = ROW(q4_0_tile), [LW_LAYOUT_Q4_1] = ROW(q4_1_tile), [LW_LAYOUT_Q8_0] = ROW(q8_0_tile),
    [LW_LAYOUT_I8] = ROW(i8_tile),
};

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
