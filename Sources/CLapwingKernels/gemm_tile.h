// A product with many rows of input, in tiles that keep their sums in registers: the same loops for all instruction sets.
// The file that includes this defines, under its own target,
//
//     LW_TILE_TOKENS, LW_TILE_PANELS    the largest tile; its sums and a panel's weights fit the registers
//     lw_floats, lw_ints                a register of LW_REGISTER_LANES floats, or of as many int32
//     lw_load, lw_store, lw_add, lw_multiply, lw_fma(a, b, sum), lw_spread(float), lw_spread_int, lw_floats_of(ints)
//     lw_weights(bytes), lw_four(bytes), lw_dot(sum, weights, four)
//     LW_DOT_OFFSET                     what lw_weights adds to each weight
//     LW_TURN                           columns, or fours of them, that one turn of the inner loop takes
//     LW_MORE_TOKENS, LW_PANEL_COUNTS   X(kind, T, P) for each T above four, X(kind, P) for each P
//
// lw_dot adds to each lane the product of its four weights, as lw_weights reads them, with four bytes of input.

#include "../matmul_tile.h"

#pragma STDC FP_CONTRACT OFF

#define REGISTERS (LW_PANEL_ROWS / LW_REGISTER_LANES)
#define SUMS (LW_TILE_PANELS * REGISTERS)
/// Keeps the compiler from reading the next columns' input early: sums would have to make room for it in registers.
#define LW_KEEP_ORDER __asm__ volatile("" ::: "memory")

/// Where a tile reads and writes; all its panels' rows have a place.
typedef struct lw_gemm_tile {
    const void *weights;  // of the first panel
    size_t columns;
    const float *row_scales;
    const float *x;
    const int8_t *bytes;
    size_t stride;  // of floats, or of bytes
    const float *scales;
    const int32_t *byte_sums;
    const float *bias;  // NULL for none
    float *out;
    size_t out_stride;
    bool add;
} lw_gemm_tile;

/// What a sum begins with: the output's own value where it is added to, and the bias.
LW_INLINE lw_floats start_at(const lw_gemm_tile *at, int t, int r) {
    const size_t lane = (size_t)r * LW_REGISTER_LANES;
    const lw_floats bias = at->bias ? lw_load(at->bias + lane) : lw_spread(0);
    return at->add ? lw_add(lw_load(at->out + (size_t)t * at->out_stride + lane), bias) : bias;
}

LW_INLINE float *out_at(const lw_gemm_tile *at, int t, int r) {
    return at->out + (size_t)t * at->out_stride + (size_t)r * LW_REGISTER_LANES;
}

LW_INLINE void float_column(const int T, const int R, const float *weights, size_t panel_floats,
                            const float *const *x, size_t column, lw_floats sums[][SUMS]) {
    lw_floats rows[SUMS];
    LW_UNROLL for (int r = 0; r < R; r++) {
        const float *panel = weights + (size_t)(r / REGISTERS) * panel_floats + column * LW_PANEL_ROWS;
        rows[r] = lw_load(panel + r % REGISTERS * LW_REGISTER_LANES);
    }
    LW_UNROLL for (int t = 0; t < T; t++) {
        const lw_floats value = lw_spread(x[t][column]);
        LW_UNROLL for (int r = 0; r < R; r++) sums[t][r] = lw_fma(rows[r], value, sums[t][r]);
    }
    LW_KEEP_ORDER;
}

LW_INLINE void float_tile(const int T, const int P, const lw_gemm_tile *at) {
    const int R = P * REGISTERS;
    const size_t columns = at->columns, panel_floats = columns * LW_PANEL_ROWS;
    const float *weights = at->weights, *x[LW_TILE_TOKENS];
    lw_floats sums[LW_TILE_TOKENS][SUMS];
    LW_UNROLL for (int t = 0; t < T; t++) {
        x[t] = at->x + (size_t)t * at->stride;
        LW_UNROLL for (int r = 0; r < R; r++) sums[t][r] = start_at(at, t, r);
    }
    size_t column = 0;
    for (; column + LW_TURN <= columns; column += LW_TURN)
        LW_UNROLL for (size_t i = 0; i < LW_TURN; i++) float_column(T, R, weights, panel_floats, x, column + i, sums);
    for (; column < columns; column++) float_column(T, R, weights, panel_floats, x, column, sums);
    LW_UNROLL for (int t = 0; t < T; t++)
        LW_UNROLL for (int r = 0; r < R; r++) lw_store(out_at(at, t, r), sums[t][r]);
}

LW_INLINE void byte_columns(const int T, const int R, const int8_t *weights, size_t panel_bytes,
                            const int8_t *const *x, size_t four, lw_ints dots[][SUMS]) {
    lw_ints codes[SUMS];
    LW_UNROLL for (int r = 0; r < R; r++) {
        const int8_t *panel = weights + (size_t)(r / REGISTERS) * panel_bytes + four * 4 * LW_PANEL_ROWS;
        codes[r] = lw_weights(panel + r % REGISTERS * 4 * LW_REGISTER_LANES);
    }
    LW_UNROLL for (int t = 0; t < T; t++) {
        const lw_ints quants = lw_four(x[t] + 4 * four);
        LW_UNROLL for (int r = 0; r < R; r++) dots[t][r] = lw_dot(dots[t][r], codes[r], quants);
    }
    LW_KEEP_ORDER;
}

LW_INLINE void byte_tile(const int T, const int P, const lw_gemm_tile *at) {
    const int R = P * REGISTERS;
    const size_t fours = (at->columns + 3) / 4, panel_bytes = fours * 4 * LW_PANEL_ROWS;
    const int8_t *weights = at->weights, *x[LW_TILE_TOKENS];
    lw_ints dots[LW_TILE_TOKENS][SUMS];
    LW_UNROLL for (int t = 0; t < T; t++) {
        x[t] = at->bytes + (size_t)t * at->stride;
        const int32_t offset = LW_DOT_OFFSET * at->byte_sums[t];
        LW_UNROLL for (int r = 0; r < R; r++) dots[t][r] = lw_spread_int(-offset);
    }
    size_t four = 0;
    for (; four + LW_TURN <= fours; four += LW_TURN)
        LW_UNROLL for (size_t i = 0; i < LW_TURN; i++) byte_columns(T, R, weights, panel_bytes, x, four + i, dots);
    for (; four < fours; four++) byte_columns(T, R, weights, panel_bytes, x, four, dots);
    LW_UNROLL for (int t = 0; t < T; t++) {
        const lw_floats scale = lw_spread(at->scales[t]);
        LW_UNROLL for (int r = 0; r < R; r++) {
            const lw_floats factor = lw_multiply(scale, lw_load(at->row_scales + r * LW_REGISTER_LANES));
            const lw_floats value = lw_fma(lw_floats_of(dots[t][r]), factor, start_at(at, t, r));
            lw_store(out_at(at, t, r), value);
        }
    }
}

typedef void tile_function(const lw_gemm_tile *at);

// One function for each size of a tile, so that the compiler keeps all sums in registers.
#define TILE(kind, T, P) \
    static void kind##_##T##_##P(const lw_gemm_tile *at) { kind##_tile(T, P, at); }
#define TILES_OF(kind, P) \
    TILE(kind, 1, P) TILE(kind, 2, P) TILE(kind, 3, P) TILE(kind, 4, P) LW_MORE_TOKENS(kind, P, TILE)
#define NAME(kind, T, P) kind##_##T##_##P,
#define ROW_OF(kind, P) \
    {kind##_1_##P, kind##_2_##P, kind##_3_##P, kind##_4_##P, LW_MORE_TOKENS(kind, P, NAME)},

LW_PANEL_COUNTS(TILES_OF, float)
LW_PANEL_COUNTS(TILES_OF, byte)
static tile_function *const float_tiles[][LW_TILE_TOKENS] = {LW_PANEL_COUNTS(ROW_OF, float)};
static tile_function *const byte_tiles[][LW_TILE_TOKENS] = {LW_PANEL_COUNTS(ROW_OF, byte)};

/// A tile whose last panel has rows that the matrix lacks: by way of memory that has a place for them.
static void multiply_edge(tile_function *tile, lw_gemm_tile at, size_t tokens, size_t rows) {
    float out[LW_TILE_TOKENS][LW_TILE_PANELS * LW_PANEL_ROWS] = {{0}}, bias[LW_TILE_PANELS * LW_PANEL_ROWS] = {0};
    float *to = at.out;
    for (size_t t = 0; t < tokens && at.add; t++) memcpy(out[t], to + t * at.out_stride, rows * sizeof(float));
    if (at.bias) memcpy(bias, at.bias, rows * sizeof(float));
    const size_t stride = at.out_stride;
    at.bias = at.bias ? bias : NULL;
    at.out = out[0];
    at.out_stride = LW_TILE_PANELS * LW_PANEL_ROWS;
    tile(&at);
    for (size_t t = 0; t < tokens; t++) memcpy(to + t * stride, out[t], rows * sizeof(float));
}

/// Panels are the outer loop, so that a tile's weights come from afar once and from a near cache for the other tokens.
static void multiply(const lw_panels *w, const lw_rows *x, size_t tokens, const float *bias, const lw_output *y,
                     size_t panel0, size_t panel1) {
    const bool bytes = w->scales;
    const size_t panel_bytes = lw_panel_bytes(bytes, LW_PANEL_ROWS, w->columns);
    for (size_t panel = panel0, panels; panel < panel1; panel += panels) {
        panels = lw_tile_tokens(panel1 - panel, LW_TILE_PANELS);
        const size_t row = panel * LW_PANEL_ROWS, left = w->rows - row;
        for (size_t token = 0, count; token < tokens; token += count) {
            count = lw_tile_tokens(tokens - token, LW_TILE_TOKENS);
            tile_function *tile = (bytes ? byte_tiles : float_tiles)[panels - 1][count - 1];
            const lw_gemm_tile at = {
                .weights = (const char *)w->values + panel * panel_bytes,
                .columns = w->columns,
                .row_scales = bytes ? w->scales + row : NULL,
                .x = bytes ? NULL : x->values + token * x->stride,
                .bytes = bytes ? x->bytes + token * x->byte_stride : NULL,
                .stride = bytes ? x->byte_stride : x->stride,
                .scales = bytes ? x->scales + token : NULL,
                .byte_sums = bytes ? x->sums + token : NULL,
                .bias = bias ? bias + row : NULL,
                .out = y->values + token * y->stride + row,
                .out_stride = y->stride,
                .add = y->add,
            };
            if (left < panels * LW_PANEL_ROWS) multiply_edge(tile, at, count, left);
            else tile(&at);
        }
    }
}

#define LW_GEMM(table)                                                                                                \
    void lw_##table##_gemm(const lw_panels *w, const lw_rows *x, size_t tokens, const float *bias, const lw_output *y, \
                           size_t panel0, size_t panel1) {                                                            \
        multiply(w, x, tokens, bias, y, panel0, panel1);                                                              \
    }
