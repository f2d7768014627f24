// Blocks of 256 weights in groups with whole-number scales.

#include "quantize.h"
#include "scale_search.h"

#pragma STDC FP_CONTRACT OFF

/// Chooses the scales of block `b` and the numbers at them.
LW_INLINE lw_group_scales search_block(const float *values, const float *importance, size_t b, const int count,
                                       const lw_grid grid, const lw_starts starts, const int low, const int high,
                                       int8_t *numbers) {
    lw_group groups[16];
    const int length = 256 / count;
    for (int g = 0; g < count; g++) {
        const size_t start = 256 * b + (size_t)(length * g);
        groups[g] = lw_load_group(values + start, lw_from(importance, start), length);
    }
    const lw_group_scales scales = lw_search_group_scales(groups, count, grid, starts, low, high);
    for (int g = 0; g < count; g++)
        lw_write_numbers(&groups[g], scales.scale * (float)scales.wholes[g], 0, grid, numbers + length * g);
    return scales;
}

void lw_quantize_q6_k(const float *restrict values, const float *restrict importance, size_t count,
                      void *restrict blocks) {
    lw_block_q6_k *block = blocks;
    for (size_t b = 0; b < count; b++, block++) {
        int8_t codes[256];
        const lw_group_scales scales = search_block(
            values, importance, b, 16, (lw_grid){-32, 31, false}, (lw_starts){28, 33, 0.5f}, -128, 127, codes);
        memset(block, 0, sizeof *block);
        block->scale = lw_half_of_float(scales.scale);
        for (int g = 0; g < 16; g++) block->scales[g] = (int8_t)scales.wholes[g];
        for (int i = 0; i < 256; i++) {
            const int half = i / 128, run = i % 128 / 32, code = codes[i] + 32;
            block->low_bits[half * 64 + run % 2 * 32 + i % 32] |= (uint8_t)((code & 15) << run / 2 * 4);
            block->high_bits[half * 32 + i % 32] |= (uint8_t)(code >> 4 << run * 2);
        }
    }
}

void lw_quantize_q3_k(const float *restrict values, const float *restrict importance, size_t count,
                      void *restrict blocks) {
    lw_block_q3_k *block = blocks;
    for (size_t b = 0; b < count; b++, block++) {
        int8_t codes[256];
        const lw_group_scales scales = search_block(
            values, importance, b, 16, (lw_grid){-4, 3, false}, (lw_starts){2, 4.5f, 0.125f}, -32, 31, codes);
        memset(block, 0, sizeof *block);
        block->scale = lw_half_of_float(scales.scale);
        for (int g = 0; g < 16; g++) {
            const int scale = scales.wholes[g] + 32;
            block->scales[g % 8] |= (uint8_t)((scale & 15) << g / 8 * 4);
            block->scales[8 + g % 4] |= (uint8_t)(scale >> 4 << g / 4 * 2);
        }
        for (int i = 0; i < 256; i++) {
            const int code = codes[i] + 4;
            block->quants[i / 128 * 32 + i % 32] |= (uint8_t)((code & 3) << i % 128 / 32 * 2);
            block->high_bits[i % 32] |= (uint8_t)(code >> 2 << i / 32);
        }
    }
}

void lw_quantize_iq4_xs(const float *restrict values, const float *restrict importance, size_t count,
                        void *restrict blocks) {
    lw_block_iq4_xs *block = blocks;
    for (size_t b = 0; b < count; b++, block++) {
        int8_t numbers[256];
        const lw_group_scales scales = search_block(
            values, importance, b, 8, (lw_grid){-127, 113, true}, (lw_starts){81, 141, 4}, -32, 31, numbers);
        memset(block, 0, sizeof *block);
        block->scale = lw_half_of_float(scales.scale);
        lw_find_in_table(numbers, 256);
        for (int g = 0; g < 8; g++) {
            const int scale = scales.wholes[g] + 32;
            block->low_scales[g / 2] |= (uint8_t)((scale & 15) << g % 2 * 4);
            block->high_scales |= (uint16_t)(scale >> 4 << 2 * g);
            lw_write_nibbles(numbers + 32 * g, block->quants + 16 * g);
        }
    }
}
