// Blocks of 32 weights with one scale.

#include "quantize.h"
#include "scale_search.h"

#pragma STDC FP_CONTRACT OFF

/// Chooses the scale of block `b` and the numbers at it.
LW_INLINE uint16_t search_block(const float *values, const float *importance, size_t b, const lw_grid grid,
                                const lw_starts starts, int8_t *numbers) {
    const lw_group group = lw_load_group(values + 32 * b, lw_from(importance, 32 * b), 32);
    const float scale = lw_block_scale(&group, grid, starts);
    lw_write_numbers(&group, scale, 0, grid, numbers);
    return lw_half_of_float(scale);
}

void lw_quantize_q4_0(const float *restrict values, const float *restrict importance, size_t count,
                      void *restrict blocks) {
    lw_block_q4_0 *block = blocks;
    for (size_t b = 0; b < count; b++, block++) {
        int8_t codes[32];
        block->scale = search_block(values, importance, b, (lw_grid){-8, 7, false}, (lw_starts){5, 8.75f, 0.25f}, codes);
        for (int i = 0; i < 32; i++) codes[i] = (int8_t)(codes[i] + 8);
        lw_write_nibbles(codes, block->quants);
    }
}

void lw_quantize_q5_0(const float *restrict values, const float *restrict importance, size_t count,
                      void *restrict blocks) {
    lw_block_q5_0 *block = blocks;
    for (size_t b = 0; b < count; b++, block++) {
        int8_t codes[32];
        block->scale = search_block(values, importance, b, (lw_grid){-16, 15, false}, (lw_starts){12, 17, 0.5f}, codes);
        for (int i = 0; i < 32; i++) codes[i] = (int8_t)(codes[i] + 16);
        lw_write_nibbles(codes, block->quants);
        lw_write_fifth_bits(codes, block->high_bits);
    }
}

/// The code -128 is left out, as it is by all that read this type with signs taken apart.
void lw_quantize_q8_0(const float *restrict values, const float *restrict importance, size_t count,
                      void *restrict blocks) {
    lw_block_q8_0 *block = blocks;
    for (size_t b = 0; b < count; b++, block++)
        block->scale = search_block(
            values, importance, b, (lw_grid){-127, 127, false}, (lw_starts){125, 127.5f, 0.5f}, block->quants);
}

void lw_quantize_iq4_nl(const float *restrict values, const float *restrict importance, size_t count,
                        void *restrict blocks) {
    lw_block_iq4_nl *block = blocks;
    for (size_t b = 0; b < count; b++, block++) {
        int8_t numbers[32];
        block->scale = search_block(values, importance, b, (lw_grid){-127, 113, true}, (lw_starts){81, 141, 4}, numbers);
        lw_find_in_table(numbers, 32);
        lw_write_nibbles(numbers, block->quants);
    }
}
