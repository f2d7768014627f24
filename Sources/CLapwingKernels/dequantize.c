// Quantised blocks to floats, one weight at a time: the specification that packing is compared with. The bit orders stand
// here a second time on purpose: a mistake in pack/blocks.c must not be its own proof.

#include "lw_math.h"

// A product and a sum stay two roundings, so that every compiler gives the same bits.
#pragma STDC FP_CONTRACT OFF

void lw_dequantize_f16(const uint16_t *restrict halves, float *restrict values, size_t count) {
    for (size_t i = 0; i < count; i++) values[i] = lw_float_of_half(halves[i]);
}

void lw_dequantize_bf16(const uint16_t *restrict halves, float *restrict values, size_t count) {
    for (size_t i = 0; i < count; i++) values[i] = lw_float_of_bf16(halves[i]);
}

/// The four bits of weight i of 32: low nibbles first, then high nibbles.
static int nibble(const uint8_t *quants, int i) { return i < 16 ? quants[i] & 15 : quants[i - 16] >> 4; }

/// The fifth bit of weight i of 32, in place.
static int fifth_bit(const uint8_t *high_bits, int i) { return (high_bits[i / 8] >> i % 8 & 1) << 4; }

void lw_dequantize_q4_0(const lw_block_q4_0 *restrict blocks, float *restrict values, size_t count) {
    for (size_t b = 0; b < count; b++, values += 32) {
        const float scale = lw_float_of_half(blocks[b].scale);
        for (int i = 0; i < 32; i++) values[i] = (float)(nibble(blocks[b].quants, i) - 8) * scale;
    }
}

void lw_dequantize_q4_1(const lw_block_q4_1 *restrict blocks, float *restrict values, size_t count) {
    for (size_t b = 0; b < count; b++, values += 32) {
        const float scale = lw_float_of_half(blocks[b].scale);
        const float minimum = lw_float_of_half(blocks[b].minimum);
        for (int i = 0; i < 32; i++) values[i] = (float)nibble(blocks[b].quants, i) * scale + minimum;
    }
}

void lw_dequantize_q5_0(const lw_block_q5_0 *restrict blocks, float *restrict values, size_t count) {
    for (size_t b = 0; b < count; b++, values += 32) {
        const float scale = lw_float_of_half(blocks[b].scale);
        for (int i = 0; i < 32; i++) {
            const int quant = nibble(blocks[b].quants, i) | fifth_bit(blocks[b].high_bits, i);
            values[i] = (float)(quant - 16) * scale;
        }
    }
}

void lw_dequantize_q5_1(const lw_block_q5_1 *restrict blocks, float *restrict values, size_t count) {
    for (size_t b = 0; b < count; b++, values += 32) {
        const float scale = lw_float_of_half(blocks[b].scale);
        const float minimum = lw_float_of_half(blocks[b].minimum);
        for (int i = 0; i < 32; i++) {
            const int quant = nibble(blocks[b].quants, i) | fifth_bit(blocks[b].high_bits, i);
            values[i] = (float)quant * scale + minimum;
        }
    }
}

void lw_dequantize_q8_0(const lw_block_q8_0 *restrict blocks, float *restrict values, size_t count) {
    for (size_t b = 0; b < count; b++, values += 32) {
        const float scale = lw_float_of_half(blocks[b].scale);
        for (int i = 0; i < 32; i++) values[i] = (float)blocks[b].quants[i] * scale;
    }
}

/// Scale and minimum of group g of eight. Groups 0 to 3 have theirs whole in the low six bits of bytes g and g + 4;
/// groups 4 to 7 have four bits each in byte g + 4, and the upper two in the top bits of bytes g - 4 and g.
static void group_scales(const uint8_t *packed, int g, int *scale, int *minimum) {
    if (g < 4) {
        *scale = packed[g] & 63;
        *minimum = packed[g + 4] & 63;
    } else {
        *scale = (packed[g + 4] & 15) | packed[g - 4] >> 6 << 4;
        *minimum = packed[g + 4] >> 4 | packed[g] >> 6 << 4;
    }
}

void lw_dequantize_q4_k(const lw_block_q4_k *restrict blocks, float *restrict values, size_t count) {
    for (size_t b = 0; b < count; b++) {
        const lw_block_q4_k *block = &blocks[b];
        for (int g = 0; g < 8; g++, values += 32) {
            int group_scale, group_minimum;
            group_scales(block->scales, g, &group_scale, &group_minimum);
            const float scale = lw_float_of_half(block->scale) * (float)group_scale;
            const float minimum = lw_float_of_half(block->minimum) * (float)group_minimum;
            for (int i = 0; i < 32; i++) {
                const int quant = block->quants[g / 2 * 32 + i] >> g % 2 * 4 & 15;
                values[i] = (float)quant * scale - minimum;
            }
        }
    }
}

void lw_dequantize_q5_k(const lw_block_q5_k *restrict blocks, float *restrict values, size_t count) {
    for (size_t b = 0; b < count; b++) {
        const lw_block_q5_k *block = &blocks[b];
        for (int g = 0; g < 8; g++, values += 32) {
            int group_scale, group_minimum;
            group_scales(block->scales, g, &group_scale, &group_minimum);
            const float scale = lw_float_of_half(block->scale) * (float)group_scale;
            const float minimum = lw_float_of_half(block->minimum) * (float)group_minimum;
            for (int i = 0; i < 32; i++) {
                const int low = block->quants[g / 2 * 32 + i] >> g % 2 * 4 & 15;
                const int high = block->high_bits[i] >> g & 1;
                values[i] = (float)(low | high << 4) * scale - minimum;
            }
        }
    }
}

void lw_dequantize_q6_k(const lw_block_q6_k *restrict blocks, float *restrict values, size_t count) {
    for (size_t b = 0; b < count; b++) {
        const lw_block_q6_k *block = &blocks[b];
        // Each half of 128 weights is four runs of 32: runs 0 and 1 in the low nibbles of 64 bytes, 2 and 3 in the high
        // ones; the upper two bits of run r are bits 2 r and 2 r + 1 of 32 bytes.
        for (int run = 0; run < 8; run++, values += 32) {
            const int half = run / 4, r = run % 4;
            const uint8_t *low_bits = block->low_bits + half * 64 + r % 2 * 32;
            const uint8_t *high_bits = block->high_bits + half * 32;
            for (int i = 0; i < 32; i++) {
                const int low = low_bits[i] >> r / 2 * 4 & 15;
                const int high = high_bits[i] >> r * 2 & 3;
                const float scale = lw_float_of_half(block->scale) * (float)block->scales[run * 2 + i / 16];
                values[i] = (float)((low | high << 4) - 32) * scale;
            }
        }
    }
}

void lw_dequantize_q2_k(const lw_block_q2_k *restrict blocks, float *restrict values, size_t count) {
    for (size_t b = 0; b < count; b++) {
        const lw_block_q2_k *block = &blocks[b];
        for (int i = 0; i < 256; i++) {
            const uint8_t scales = block->scales[i / 16];
            const float scale = lw_float_of_half(block->scale) * (float)(scales & 15);
            const float minimum = lw_float_of_half(block->minimum) * (float)(scales >> 4);
            const int quant = block->quants[i / 128 * 32 + i % 32] >> i % 128 / 32 * 2 & 3;
            *values++ = (float)quant * scale - minimum;
        }
    }
}

void lw_dequantize_q3_k(const lw_block_q3_k *restrict blocks, float *restrict values, size_t count) {
    for (size_t b = 0; b < count; b++) {
        const lw_block_q3_k *block = &blocks[b];
        for (int i = 0; i < 256; i++) {
            const int g = i / 16;
            const int low_scale = g < 8 ? block->scales[g] & 15 : block->scales[g - 8] >> 4;
            const int high_scale = block->scales[8 + g % 4] >> g / 4 * 2 & 3;
            const float scale = lw_float_of_half(block->scale) * (float)((low_scale | high_scale << 4) - 32);
            const int low = block->quants[i / 128 * 32 + i % 32] >> i % 128 / 32 * 2 & 3;
            const int high = block->high_bits[i % 32] >> i / 32 & 1;
            *values++ = (float)((low | high << 2) - 4) * scale;
        }
    }
}

static const float iq4_values[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

void lw_dequantize_iq4_nl(const lw_block_iq4_nl *restrict blocks, float *restrict values, size_t count) {
    for (size_t b = 0; b < count; b++, values += 32) {
        const float scale = lw_float_of_half(blocks[b].scale);
        for (int i = 0; i < 32; i++) values[i] = iq4_values[nibble(blocks[b].quants, i)] * scale;
    }
}

void lw_dequantize_iq4_xs(const lw_block_iq4_xs *restrict blocks, float *restrict values, size_t count) {
    for (size_t b = 0; b < count; b++) {
        const lw_block_iq4_xs *block = &blocks[b];
        for (int g = 0; g < 8; g++, values += 32) {
            const int low_scale = block->low_scales[g / 2] >> g % 2 * 4 & 15;
            const int high_scale = block->high_scales >> 2 * g & 3;
            const float scale = lw_float_of_half(block->scale) * (float)((low_scale | high_scale << 4) - 32);
            for (int i = 0; i < 32; i++) values[i] = iq4_values[nibble(block->quants + 16 * g, i)] * scale;
        }
    }
}

/// Twice the sixteen values, so that all are whole.
static const float mxfp4_doubles[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

void lw_dequantize_mxfp4(const lw_block_mxfp4 *restrict blocks, float *restrict values, size_t count) {
    for (size_t b = 0; b < count; b++, values += 32) {
        // Half the scale: 2^-128 and 2^-127, of exponents 0 and 1, are subnormal floats.
        const uint32_t exponent = blocks[b].exponent;
        const float scale = lw_float_of_bits(exponent < 2 ? 0x00200000u << exponent : (exponent - 1) << 23);
        for (int i = 0; i < 32; i++) values[i] = mxfp4_doubles[nibble(blocks[b].quants, i)] * scale;
    }
}
