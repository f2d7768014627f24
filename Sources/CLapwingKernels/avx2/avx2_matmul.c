// Products of packed strips with tiles of one to four tokens.
//
// A register holds four consecutive weights of each of eight rows, so broadcasting four activations multiplies them
// with every row at once, and one float register holds the sums of the eight rows: nothing is added across lanes.
// A tile of four tokens uses 15 of the 16 registers and reads and unpacks each weight once.

#include "avx2.h"

#pragma STDC FP_CONTRACT OFF

LW_AVX2_BEGIN

#define MAX_TILE 4

/// Where the tokens of a tile start, and where their sums of this strip go.
typedef struct tile {
    const lw_q8_block *blocks[MAX_TILE];
    const int8_t *fine[MAX_TILE];
    const float *values[MAX_TILE];
    float *out[MAX_TILE];
    bool add;
    size_t rows;  // of this strip, 1...8
} tile;

LW_INLINE void put(const tile *at, int t, __m256 sums) {
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

/// Whether any token of the tile has fine quants in block `b`. Outliers keep to a few channels, so that mostly all or
/// none do and the branch is foreseen.
LW_INLINE bool any_fine(const int T, const tile *at, size_t b) {
    int32_t shifts = 0;
    LW_UNROLL for (int t = 0; t < T; t++) shifts |= at->blocks[t][b].shift;
    return shifts != 0;
}

/// The quants of block `b`, or its fine quants.
LW_INLINE const int8_t *quants_of(const bool fine, const tile *at, int t, size_t b) {
    return fine ? at->fine[t] + b * LW_BLOCK_LENGTH : at->blocks[t][b].quants;
}

/// Joins products with the quants and with the fine quants.
LW_INLINE __m256i join_fine(const tile *at, int t, size_t b, __m256i whole, __m256i fine) {
    return _mm256_add_epi32(_mm256_sll_epi32(whole, _mm_cvtsi32_si128(at->blocks[t][b].shift)), fine);
}

/// Whole-number products of 32 nibbles a row. Eight products of a nibble pair and two quants sum to at most
/// 8 * 2 * 15 * 127 = 30480, which an int16 holds, so one widening addition serves the whole block.
LW_INLINE void nibble_dots(const int T, const bool fine, const uint8_t *quants, const tile *at, size_t b,
                           __m256i *dots) {
    const __m256i low_nibbles = _mm256_set1_epi8(15), ones = _mm256_set1_epi16(1);
    LW_UNROLL for (int g = 0; g < 4; g++) {
        const __m256i packed = _mm256_loadu_si256((const __m256i *)(quants + 32 * g));
        const __m256i low = _mm256_and_si256(packed, low_nibbles);
        const __m256i high = _mm256_and_si256(_mm256_srli_epi16(packed, 4), low_nibbles);
        LW_UNROLL for (int t = 0; t < T; t++) {
            const int8_t *x = quants_of(fine, at, t, b) + 4 * g;
            const __m256i both = _mm256_add_epi16(_mm256_maddubs_epi16(low, four_quants(x)),
                                                  _mm256_maddubs_epi16(high, four_quants(x + 16)));
            dots[t] = g == 0 ? both : _mm256_add_epi16(dots[t], both);
        }
    }
    LW_UNROLL for (int t = 0; t < T; t++) dots[t] = _mm256_madd_epi16(dots[t], ones);
}

/// One strip of 4-bit weights.
LW_INLINE void nibble_tile(const int T, const bool minima, const uint8_t *strip, size_t blocks, const tile *at) {
    const size_t stride = minima ? sizeof(lw_q4_1x8) : sizeof(lw_q4_0x8);
    __m256 sums[MAX_TILE];
    LW_UNROLL for (int t = 0; t < T; t++) sums[t] = _mm256_setzero_ps();
    for (size_t b = 0; b < blocks; b++, strip += stride) {
        const uint8_t *quants = strip + (minima ? 32 : 16);
        __m256i dots[MAX_TILE];
        nibble_dots(T, false, quants, at, b, dots);
        if (__builtin_expect(any_fine(T, at, b), 0)) {
            __m256i fine[MAX_TILE];
            nibble_dots(T, true, quants, at, b, fine);
            LW_UNROLL for (int t = 0; t < T; t++) dots[t] = join_fine(at, t, b, dots[t], fine[t]);
        }
        const __m256 scale = lw_load_halves((const uint16_t *)strip);
        LW_UNROLL for (int t = 0; t < T; t++) {
            const lw_q8_block *x = at->blocks[t] + b;
            __m256 scaled;
            if (minima) {
                const __m256 minimum = lw_load_halves((const uint16_t *)strip + 8);
                const __m256 folded = _mm256_mul_ps(minimum, _mm256_set1_ps(x->sum));
                scaled = _mm256_fmadd_ps(scale, _mm256_cvtepi32_ps(dots[t]), folded);
            } else {
                const __m256i centred = _mm256_sub_epi32(dots[t], _mm256_set1_epi32(8 * (int32_t)x->sum));
                scaled = _mm256_mul_ps(scale, _mm256_cvtepi32_ps(centred));
            }
            sums[t] = _mm256_fmadd_ps(scaled, _mm256_set1_ps(x->scale), sums[t]);
        }
    }
    LW_UNROLL for (int t = 0; t < T; t++) put(at, t, sums[t]);
}

LW_INLINE void q4_0_tile(const int T, const void *strip, size_t columns, const tile *at) {
    nibble_tile(T, false, strip, columns / LW_BLOCK_LENGTH, at);
}

LW_INLINE void q4_1_tile(const int T, const void *strip, size_t columns, const tile *at) {
    nibble_tile(T, true, strip, columns / LW_BLOCK_LENGTH, at);
}

/// Whole-number products of 16 bytes a row, elements `first` on, added to `dots`. The first operand of maddubs is
/// unsigned, so the weights' signs move to the quants; a pair sums to at most 2 * 128 * 127 = 32512 and must be widened
/// before the next.
LW_INLINE void byte_dots(const int T, const bool fine, const int8_t *quants, const tile *at, size_t b, int first,
                         __m256i *dots) {
    const __m256i ones = _mm256_set1_epi16(1);
    LW_UNROLL for (int g = 0; g < 4; g++) {
        const __m256i weights = _mm256_loadu_si256((const __m256i *)(quants + 32 * g));
        const __m256i magnitudes = _mm256_abs_epi8(weights);
        LW_UNROLL for (int t = 0; t < T; t++) {
            const int8_t *four = quants_of(fine, at, t, b) + first + 4 * g;
            const __m256i x = _mm256_sign_epi8(four_quants(four), weights);
            dots[t] = _mm256_add_epi32(dots[t], _mm256_madd_epi16(_mm256_maddubs_epi16(magnitudes, x), ones));
        }
    }
}

/// Products of `groups` times four bytes a row, fine quants included.
LW_INLINE void whole_byte_dots(const int T, const int groups, const int8_t *quants, const tile *at, size_t b,
                               int first, __m256i *dots) {
    LW_UNROLL for (int t = 0; t < T; t++) dots[t] = _mm256_setzero_si256();
    byte_dots(T, false, quants, at, b, first, dots);
    if (groups == 8) byte_dots(T, false, quants + 128, at, b, first + 16, dots);
    if (__builtin_expect(any_fine(T, at, b), 0)) {
        __m256i fine[MAX_TILE];
        LW_UNROLL for (int t = 0; t < T; t++) fine[t] = _mm256_setzero_si256();
        byte_dots(T, true, quants, at, b, first, fine);
        if (groups == 8) byte_dots(T, true, quants + 128, at, b, first + 16, fine);
        LW_UNROLL for (int t = 0; t < T; t++) dots[t] = join_fine(at, t, b, dots[t], fine[t]);
    }
}

LW_INLINE void q8_0_tile(const int T, const void *strip, size_t columns, const tile *at) {
    const lw_q8_0x8 *block = strip;
    __m256 sums[MAX_TILE];
    LW_UNROLL for (int t = 0; t < T; t++) sums[t] = _mm256_setzero_ps();
    for (size_t b = 0; b < columns / LW_BLOCK_LENGTH; b++, block++) {
        __m256i dots[MAX_TILE];
        whole_byte_dots(T, 8, block->quants[0], at, b, 0, dots);
        const __m256 scale = lw_load_halves(block->scale);
        LW_UNROLL for (int t = 0; t < T; t++) {
            const __m256 scaled = _mm256_mul_ps(scale, _mm256_cvtepi32_ps(dots[t]));
            sums[t] = _mm256_fmadd_ps(scaled, _mm256_set1_ps(at->blocks[t][b].scale), sums[t]);
        }
    }
    LW_UNROLL for (int t = 0; t < T; t++) put(at, t, sums[t]);
}

LW_INLINE void i8_tile(const int T, const void *strip, size_t columns, const tile *at) {
    const lw_i8x8 *block = strip;
    __m256 sums[MAX_TILE];
    LW_UNROLL for (int t = 0; t < T; t++) sums[t] = _mm256_setzero_ps();
    for (size_t b = 0; b < columns / LW_BLOCK_LENGTH; b++, block++) {
        const __m256 minimum = _mm256_loadu_ps(block->minimum);
        __m256 folded[MAX_TILE];
        LW_UNROLL for (int t = 0; t < T; t++)
            folded[t] = _mm256_mul_ps(minimum, _mm256_set1_ps(at->blocks[t][b].sum));
        LW_UNROLL for (int half = 0; half < 2; half++) {
            __m256i dots[MAX_TILE];
            whole_byte_dots(T, 4, block->quants[4 * half], at, b, 16 * half, dots);
            const __m256 scale = _mm256_loadu_ps(block->scale[half]);
            LW_UNROLL for (int t = 0; t < T; t++)
                folded[t] = _mm256_fmadd_ps(scale, _mm256_cvtepi32_ps(dots[t]), folded[t]);
        }
        LW_UNROLL for (int t = 0; t < T; t++)
            sums[t] = _mm256_fmadd_ps(folded[t], _mm256_set1_ps(at->blocks[t][b].scale), sums[t]);
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

LW_INLINE void float_tile(const int T, const lw_layout layout, const void *strip, size_t columns, const tile *at) {
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

LW_INLINE void f32_tile(const int T, const void *strip, size_t columns, const tile *at) {
    float_tile(T, LW_LAYOUT_F32, strip, columns, at);
}

LW_INLINE void f16_tile(const int T, const void *strip, size_t columns, const tile *at) {
    float_tile(T, LW_LAYOUT_F16, strip, columns, at);
}

LW_INLINE void bf16_tile(const int T, const void *strip, size_t columns, const tile *at) {
    float_tile(T, LW_LAYOUT_BF16, strip, columns, at);
}

typedef void tile_function(const void *strip, size_t columns, const tile *at);

// One function a tile size, so that the compiler unrolls each and keeps its sums in registers.
#define TILES(kind)                                                                                           \
    static void kind##_1(const void *strip, size_t columns, const tile *at) { kind(1, strip, columns, at); } \
    static void kind##_2(const void *strip, size_t columns, const tile *at) { kind(2, strip, columns, at); } \
    static void kind##_3(const void *strip, size_t columns, const tile *at) { kind(3, strip, columns, at); } \
    static void kind##_4(const void *strip, size_t columns, const tile *at) { kind(4, strip, columns, at); }

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

/// Tokens whose inputs stay in the second-level cache while a range of strips passes over them.
static size_t resident_tokens(const lw_matrix *w) {
    const size_t bytes = w->layout <= LW_LAYOUT_BF16 ? w->columns * sizeof(float)
                                                     : w->columns / LW_BLOCK_LENGTH * (sizeof(lw_q8_block) + LW_BLOCK_LENGTH);
    const size_t tokens = (size_t)128 * 1024 / (bytes + 1) / MAX_TILE * MAX_TILE;
    return tokens < 16 ? 16 : tokens;
}

void lw_avx2_matmul(const lw_matrix *w, const lw_input *x, size_t tokens, const lw_output *y, size_t strip0,
                    size_t strip1) {
    const size_t strip_bytes = lw_strip_bytes(w->layout, w->columns), resident = resident_tokens(w);
    for (size_t begin = 0; begin < tokens; begin += resident) {
        const size_t end = begin + resident < tokens ? begin + resident : tokens;
        for (size_t s = strip0; s < strip1; s++) {
            const size_t left = w->rows - s * LW_STRIP_ROWS;
            tile at = {.add = y->add, .rows = left < LW_STRIP_ROWS ? left : LW_STRIP_ROWS};
            const void *strip = (const char *)w->strips + s * strip_bytes;
            for (size_t token = begin; token < end;) {
                // Five tokens go as three and two, not four and one: a tile of one reads a weight for one product.
                const size_t rest = end - token, tiles = (rest + MAX_TILE - 1) / MAX_TILE;
                const size_t count = (rest + tiles - 1) / tiles;
                for (size_t t = 0; t < count; t++) {
                    at.blocks[t] = x->blocks + (token + t) * x->block_stride;
                    at.fine[t] = x->fine + (token + t) * x->block_stride * LW_BLOCK_LENGTH;
                    at.values[t] = x->values + (token + t) * x->value_stride;
                    at.out[t] = y->values + (token + t) * y->stride + s * LW_STRIP_ROWS;
                }
                tile_functions[w->layout][count - 1](strip, w->columns, &at);
                token += count;
            }
        }
    }
}

LW_AVX2_END
