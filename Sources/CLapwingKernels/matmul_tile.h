// How a product is cut into tiles of a few tokens, the same for every instruction set; what a tile computes is the set's.

#ifndef LW_MATMUL_TILE_H
#define LW_MATMUL_TILE_H

#include "lw_math.h"

#define LW_MOST_TILE_TOKENS 8

/// Where the tokens of a tile start, and where their sums go.
typedef struct lw_tile {
    const lw_q8_block *blocks[LW_MOST_TILE_TOKENS];
    const lw_q8_block *remainders[LW_MOST_TILE_TOKENS];
    const uint64_t *marks[LW_MOST_TILE_TOKENS];
    const float *values[LW_MOST_TILE_TOKENS];
    float *out[LW_MOST_TILE_TOKENS];
    bool add;
    bool streams;  // several tokens, and these weights come from memory: no earlier tile brought them to a cache
    size_t rows;   // that exist and are asked for, at least one
} lw_tile;

/// Tokens of the next tile: five with at most four a tile go as three and two, not four and one, because a tile of one
/// reads a weight for one product.
static inline size_t lw_tile_tokens(size_t tokens, size_t most) {
    const size_t tiles = (tokens + most - 1) / most;
    return (tokens + tiles - 1) / tiles;
}

/// Tokens whose inputs stay in the second-level cache while a range of strips passes over them; whole tiles.
static inline size_t lw_resident_tokens(const lw_matrix *w, size_t most) {
    const size_t bytes = w->layout <= LW_LAYOUT_BF16 ? w->columns * sizeof(float)
                                                     : w->columns / LW_BLOCK_LENGTH * sizeof(lw_q8_block);
    const size_t tokens = (size_t)128 * 1024 / (bytes + 1) / most * most;
    return tokens < 16 ? 16 : tokens;
}

/// Points a tile at `count` tokens from `token` on and at row `row` of their outputs.
static inline void lw_aim_tile(lw_tile *tile, const lw_input *x, const lw_output *y, size_t token, size_t count,
                               size_t row) {
    for (size_t t = 0; t < count; t++) {
        tile->blocks[t] = x->blocks + (token + t) * x->block_stride;
        tile->remainders[t] = x->remainders + (token + t) * x->block_stride;
        tile->marks[t] = x->marks + (token + t) * x->mark_stride;
        tile->values[t] = x->values + (token + t) * x->value_stride;
        tile->out[t] = y->values + (token + t) * y->stride + row;
    }
}

/// Marks of the blocks of which any of the tile's tokens has a remainder, 64 at a time.
static inline uint64_t lw_tile_marks(const lw_tile *tile, int count, size_t word) {
    uint64_t marks = 0;
    for (int t = 0; t < count; t++) marks |= tile->marks[t][word];
    return marks;
}

#endif
