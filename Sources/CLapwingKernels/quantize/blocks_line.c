// Blocks of 32 weights with a scale and a minimum.

#include "line_search.h"
#include "quantize.h"

#pragma STDC FP_CONTRACT OFF

/// Chooses the line of block `b` and the codes at it.
LW_INLINE lw_line search_block(const float *values, const float *importance, size_t b, const float top,
                               const lw_starts starts, int8_t *codes) {
    const lw_group group = lw_load_group(values + 32 * b, lw_from(importance, 32 * b), 32);
    const lw_line line = lw_block_line(&group, top, starts);
    lw_write_numbers(&group, line.scale, line.minimum, (lw_grid){0, top, false}, codes);
    return line;
}

void lw_quantize_q4_1(const float *restrict values, const float *restrict importance, size_t count,
                      void *restrict blocks) {
    lw_block_q4_1 *block = blocks;
    for (size_t b = 0; b < count; b++, block++) {
        int8_t codes[32];
        const lw_line line = search_block(values, importance, b, 15, (lw_starts){10, 17, 0.5f}, codes);
        block->scale = lw_half_of_float(line.scale);
        block->minimum = lw_half_of_float(line.minimum);
        lw_write_nibbles(codes, block->quants);
    }
}

void lw_quantize_q5_1(const float *restrict values, const float *restrict importance, size_t count,
                      void *restrict blocks) {
    lw_block_q5_1 *block = blocks;
    for (size_t b = 0; b < count; b++, block++) {
        int8_t codes[32];
        const lw_line line = search_block(values, importance, b, 31, (lw_starts){24, 34, 1}, codes);
        block->scale = lw_half_of_float(line.scale);
        block->minimum = lw_half_of_float(line.minimum);
        lw_write_nibbles(codes, block->quants);
        lw_write_fifth_bits(codes, block->high_bits);
    }
}
