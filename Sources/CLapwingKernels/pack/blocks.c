// The bit order of 5-bit and K blocks. A K block is 256 weights with scales and minima for parts of 32 or 16.

#include "blocks.h"

#pragma STDC FP_CONTRACT OFF

/// Weight i has the low nibble of byte i, weight 16 + i the high one; bit i of `high` is the fifth bit of weight i.
static void read_five_bits(const uint8_t *high, const uint8_t *nibbles, int offset, int8_t *quants) {
    const uint32_t bits = (uint32_t)high[0] | (uint32_t)high[1] << 8 | (uint32_t)high[2] << 16 | (uint32_t)high[3] << 24;
    for (int i = 0; i < 16; i++) {
        quants[i] = (int8_t)((int)((nibbles[i] & 15) | (bits >> i & 1) << 4) - offset);
        quants[16 + i] = (int8_t)((int)(nibbles[i] >> 4 | (bits >> (16 + i) & 1) << 4) - offset);
    }
}

static void read_q5_0(const lw_block_q5_0 *restrict source, lw_exact_block *restrict block) {
    block->scale[0] = block->scale[1] = lw_float_of_half(source->scale);
    block->minimum = 0;
    read_five_bits(source->high_bits, source->quants, 16, block->quants);
}

static void read_q5_1(const lw_block_q5_1 *restrict source, lw_exact_block *restrict block) {
    block->scale[0] = block->scale[1] = lw_float_of_half(source->scale);
    block->minimum = lw_float_of_half(source->minimum);
    read_five_bits(source->high_bits, source->quants, 0, block->quants);
}

/// Scale and minimum of part 0...7, six bits each, out of the twelve bytes of a Q4_K or Q5_K block.
static void read_six_bit_pair(const uint8_t *packed, size_t part, int *scale, int *minimum) {
    if (part < 4) {
        *scale = packed[part] & 63;
        *minimum = packed[part + 4] & 63;
    } else {
        *scale = (packed[part + 4] & 15) | packed[part - 4] >> 6 << 4;
        *minimum = packed[part + 4] >> 4 | packed[part] >> 6 << 4;
    }
}

/// Part `part` of a block; `high` is NULL for four bits a weight.
static void read_k_part(uint16_t block_scale, uint16_t block_minimum, const uint8_t *scales, const uint8_t *high,
                        const uint8_t *quants, size_t part, lw_exact_block *restrict block) {
    int scale, minimum;
    read_six_bit_pair(scales, part, &scale, &minimum);
    block->scale[0] = block->scale[1] = lw_float_of_half(block_scale) * (float)scale;
    block->minimum = -(lw_float_of_half(block_minimum) * (float)minimum);
    const uint8_t *nibbles = quants + 32 * (part / 2);
    for (size_t i = 0; i < 32; i++) {
        const int nibble = nibbles[i] >> 4 * (part % 2) & 15;
        block->quants[i] = (int8_t)(high ? nibble | (high[i] >> part & 1) << 4 : nibble);
    }
}

static void read_q6_k(const lw_block_q6_k *restrict source, size_t part, lw_exact_block *restrict block) {
    const size_t half = part / 4, quarter = part % 4;
    const uint8_t *low = source->low_bits + 64 * half + 32 * (quarter % 2);
    const uint8_t *high = source->high_bits + 32 * half;
    const int8_t *scales = source->scales + 8 * half + 2 * quarter;
    const float scale = lw_float_of_half(source->scale);
    block->scale[0] = scale * (float)scales[0];
    block->scale[1] = scale * (float)scales[1];
    block->minimum = 0;
    for (size_t i = 0; i < 32; i++) {
        const int nibble = low[i] >> 4 * (quarter / 2) & 15;
        block->quants[i] = (int8_t)((nibble | (high[i] >> 2 * quarter & 3) << 4) - 32);
    }
}

void lw_read_exact_block(uint32_t ggml_type, const void *restrict row, size_t index, lw_exact_block *restrict block) {
    const size_t whole = index / 8, part = index % 8;
    switch (ggml_type) {
    case LW_TYPE_Q5_0: read_q5_0((const lw_block_q5_0 *)row + index, block); break;
    case LW_TYPE_Q5_1: read_q5_1((const lw_block_q5_1 *)row + index, block); break;
    case LW_TYPE_Q4_K: {
        const lw_block_q4_k *source = (const lw_block_q4_k *)row + whole;
        read_k_part(source->scale, source->minimum, source->scales, NULL, source->quants, part, block);
        break;
    }
    case LW_TYPE_Q5_K: {
        const lw_block_q5_k *source = (const lw_block_q5_k *)row + whole;
        read_k_part(source->scale, source->minimum, source->scales, source->high_bits, source->quants, part, block);
        break;
    }
    default: read_q6_k((const lw_block_q6_k *)row + whole, part, block); break;
    }
}
