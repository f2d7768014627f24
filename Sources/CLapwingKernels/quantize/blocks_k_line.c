// Blocks of 256 weights in groups with whole-number scales and minimums.

#include "line_search.h"
#include "quantize.h"

#pragma STDC FP_CONTRACT OFF

/// Chooses the lines of block `b` and the codes at them.
LW_INLINE lw_group_lines search_block(const float *values, const float *importance, size_t b, const int count,
                                      const float top, const lw_starts starts, const int limit, int8_t *codes) {
    lw_group groups[16];
    const int length = 256 / count;
    for (int g = 0; g < count; g++) {
        const size_t start = 256 * b + (size_t)(length * g);
        groups[g] = lw_load_group(values + start, lw_from(importance, start), length);
    }
    const lw_group_lines lines = lw_search_group_lines(groups, count, top, starts, limit);
    for (int g = 0; g < count; g++) {
        const float scale = lines.scale * (float)lines.scales[g], minimum = -(lines.depth * (float)lines.depths[g]);
        lw_write_numbers(&groups[g], scale, minimum, (lw_grid){0, top, false}, codes + length * g);
    }
    return lines;
}

/// Eight scales and eight minimums of six bits in twelve bytes, as lw_dequantize.h has them.
static void write_six_bit_pairs(const lw_group_lines *lines, uint8_t *packed) {
    for (int g = 0; g < 4; g++) {
        const int scale = lines->scales[g + 4], depth = lines->depths[g + 4];
        packed[g] = (uint8_t)(lines->scales[g] | scale >> 4 << 6);
        packed[g + 4] = (uint8_t)(lines->depths[g] | depth >> 4 << 6);
        packed[g + 8] = (uint8_t)((scale & 15) | (depth & 15) << 4);
    }
}

void lw_quantize_q4_k(const float *restrict values, const float *restrict importance, size_t count,
                      void *restrict blocks) {
    lw_block_q4_k *block = blocks;
    for (size_t b = 0; b < count; b++, block++) {
        int8_t codes[256];
        const lw_group_lines lines =
            search_block(values, importance, b, 8, 15, (lw_starts){10, 17, 0.5f}, 63, codes);
        memset(block, 0, sizeof *block);
        block->scale = lw_half_of_float(lines.scale);
        block->minimum = lw_half_of_float(lines.depth);
        write_six_bit_pairs(&lines, block->scales);
        for (int i = 0; i < 256; i++) block->quants[i / 64 * 32 + i % 32] |= (uint8_t)(codes[i] << i / 32 % 2 * 4);
    }
}

void lw_quantize_q5_k(const float *restrict values, const float *restrict importance, size_t count,
                      void *restrict blocks) {
    lw_block_q5_k *block = blocks;
    for (size_t b = 0; b < count; b++, block++) {
        int8_t codes[256];
        const lw_group_lines lines = search_block(values, importance, b, 8, 31, (lw_starts){24, 34, 1}, 63, codes);
        memset(block, 0, sizeof *block);
        block->scale = lw_half_of_float(lines.scale);
        block->minimum = lw_half_of_float(lines.depth);
        write_six_bit_pairs(&lines, block->scales);
        for (int i = 0; i < 256; i++) {
            block->quants[i / 64 * 32 + i % 32] |= (uint8_t)((codes[i] & 15) << i / 32 % 2 * 4);
            block->high_bits[i % 32] |= (uint8_t)(codes[i] >> 4 << i / 32);
        }
    }
}

void lw_quantize_q2_k(const float *restrict values, const float *restrict importance, size_t count,
                      void *restrict blocks) {
    lw_block_q2_k *block = blocks;
    for (size_t b = 0; b < count; b++, block++) {
        int8_t codes[256];
        const lw_group_lines lines =
            search_block(values, importance, b, 16, 3, (lw_starts){1.75f, 3.75f, 0.125f}, 15, codes);
        memset(block, 0, sizeof *block);
        block->scale = lw_half_of_float(lines.scale);
        block->minimum = lw_half_of_float(lines.depth);
        for (int g = 0; g < 16; g++) block->scales[g] = (uint8_t)(lines.scales[g] | lines.depths[g] << 4);
        for (int i = 0; i < 256; i++)
            block->quants[i / 128 * 32 + i % 32] |= (uint8_t)(codes[i] << i % 128 / 32 * 2);
    }
}
