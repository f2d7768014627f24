// The bit order of the file's blocks, read four weights at a time: a word holds one code in each of its bytes.

#ifndef LW_BLOCKS_H
#define LW_BLOCKS_H

#include "packed.h"

/// One row's block of 32 weights as `lw_format` describes them, out of the file's order.
typedef struct lw_file_block {
    uint16_t scale;
    uint16_t minimum;
    uint8_t scales[2];
    uint8_t minimums[2];
    uint32_t codes[8];  // byte i of word g is the code of column 4 g + i
} lw_file_block;

#define LW_ALWAYS_INLINE static inline __attribute__((always_inline))

/// `bits` bits of each byte of word `g`, from bit `shift` on.
LW_ALWAYS_INLINE uint32_t lw_fields(const uint8_t *bytes, int g, int shift, int bits) {
    uint32_t word;
    memcpy(&word, bytes + 4 * g, 4);
    return word >> shift & 0x01010101u * ((1u << bits) - 1);
}

/// 16 bytes: low nibbles are the first 16 codes, high nibbles the last.
LW_ALWAYS_INLINE void lw_read_nibbles(const uint8_t *quants, lw_file_block *block) {
    for (int g = 0; g < 8; g++) block->codes[g] = lw_fields(quants, g % 4, g / 4 * 4, 4);
}

/// Bit i of four little-endian bytes is the fifth bit of code i.
LW_ALWAYS_INLINE void lw_read_fifth_bits(const uint8_t *high_bits, lw_file_block *block) {
    for (int g = 0; g < 8; g++) {
        const uint32_t four = high_bits[g / 2] >> g % 2 * 4 & 15;
        // The product puts bit i at bit 8 i, among copies that the mask takes away.
        block->codes[g] |= (four * 0x00204081u & 0x01010101u) << 4;
    }
}

/// 32 bytes with the same field of each.
LW_ALWAYS_INLINE void lw_read_run(const uint8_t *quants, int shift, int bits, lw_file_block *block) {
    for (int g = 0; g < 8; g++) block->codes[g] = lw_fields(quants, g, shift, bits);
}

/// 32 bytes with the same field of each, above `low_bits` that are there already.
LW_ALWAYS_INLINE void lw_read_high_run(const uint8_t *quants, int shift, int bits, int low_bits, lw_file_block *block) {
    for (int g = 0; g < 8; g++) block->codes[g] |= lw_fields(quants, g, shift, bits) << low_bits;
}

/// Scale and minimum of part 0...7, six bits each, out of the twelve bytes of a Q4_K or Q5_K block.
LW_ALWAYS_INLINE void lw_read_six_bit_pair(const uint8_t *packed, int part, lw_file_block *block) {
    if (part < 4) {
        block->scales[0] = packed[part] & 63;
        block->minimums[0] = packed[part + 4] & 63;
    } else {
        block->scales[0] = (uint8_t)((packed[part + 4] & 15) | packed[part - 4] >> 6 << 4);
        block->minimums[0] = (uint8_t)(packed[part + 4] >> 4 | packed[part] >> 6 << 4);
    }
}

/// Scale 0...15 of a Q3_K block: four bits in the first eight bytes, two in the last four, less 32.
LW_ALWAYS_INLINE uint8_t lw_read_six_bit_scale(const uint8_t *packed, int i) {
    const int low = packed[i % 8] >> i / 8 * 4 & 15, high = packed[8 + i % 4] >> i / 4 * 2 & 3;
    return (uint8_t)((low | high << 4) - 32);
}

/// Block `b` of 32 weights of a row in the type that `layout` holds. Minimums are added in every layout, so those that
/// the file takes off change their sign.
LW_ALWAYS_INLINE lw_file_block lw_read_file_block(const lw_layout layout, const void *row, size_t b) {
    const uint16_t negative = 0x8000;
    const size_t whole = b / 8;
    const int part = (int)(b % 8), half = part / 4, run = part % 4;
    lw_file_block block = {0};
    switch (layout) {
    case LW_LAYOUT_Q4_0: {
        const lw_block_q4_0 *source = (const lw_block_q4_0 *)row + b;
        block.scale = source->scale;
        lw_read_nibbles(source->quants, &block);
        break;
    }
    case LW_LAYOUT_Q4_1: {
        const lw_block_q4_1 *source = (const lw_block_q4_1 *)row + b;
        block.scale = source->scale;
        block.minimum = source->minimum;
        lw_read_nibbles(source->quants, &block);
        break;
    }
    case LW_LAYOUT_Q5_0: {
        const lw_block_q5_0 *source = (const lw_block_q5_0 *)row + b;
        block.scale = source->scale;
        lw_read_nibbles(source->quants, &block);
        lw_read_fifth_bits(source->high_bits, &block);
        break;
    }
    case LW_LAYOUT_Q5_1: {
        const lw_block_q5_1 *source = (const lw_block_q5_1 *)row + b;
        block.scale = source->scale;
        block.minimum = source->minimum;
        lw_read_nibbles(source->quants, &block);
        lw_read_fifth_bits(source->high_bits, &block);
        break;
    }
    case LW_LAYOUT_Q8_0: {
        const lw_block_q8_0 *source = (const lw_block_q8_0 *)row + b;
        block.scale = source->scale;
        lw_read_run((const uint8_t *)source->quants, 0, 8, &block);
        break;
    }
    case LW_LAYOUT_Q2_K: {
        const lw_block_q2_k *source = (const lw_block_q2_k *)row + whole;
        block.scale = source->scale;
        block.minimum = source->minimum ^ negative;
        for (int i = 0; i < 2; i++) {
            block.scales[i] = source->scales[2 * part + i] & 15;
            block.minimums[i] = source->scales[2 * part + i] >> 4;
        }
        lw_read_run(source->quants + 32 * half, 2 * run, 2, &block);
        break;
    }
    case LW_LAYOUT_Q3_K: {
        const lw_block_q3_k *source = (const lw_block_q3_k *)row + whole;
        block.scale = source->scale;
        for (int i = 0; i < 2; i++) block.scales[i] = lw_read_six_bit_scale(source->scales, 2 * part + i);
        lw_read_run(source->quants + 32 * half, 2 * run, 2, &block);
        lw_read_high_run(source->high_bits, part, 1, 2, &block);
        break;
    }
    case LW_LAYOUT_Q4_K: {
        const lw_block_q4_k *source = (const lw_block_q4_k *)row + whole;
        block.scale = source->scale;
        block.minimum = source->minimum ^ negative;
        lw_read_six_bit_pair(source->scales, part, &block);
        lw_read_run(source->quants + 32 * (part / 2), 4 * (part % 2), 4, &block);
        break;
    }
    case LW_LAYOUT_Q5_K: {
        const lw_block_q5_k *source = (const lw_block_q5_k *)row + whole;
        block.scale = source->scale;
        block.minimum = source->minimum ^ negative;
        lw_read_six_bit_pair(source->scales, part, &block);
        lw_read_run(source->quants + 32 * (part / 2), 4 * (part % 2), 4, &block);
        lw_read_high_run(source->high_bits, part, 1, 4, &block);
        break;
    }
    case LW_LAYOUT_Q6_K: {
        const lw_block_q6_k *source = (const lw_block_q6_k *)row + whole;
        block.scale = source->scale;
        memcpy(block.scales, source->scales + 2 * part, 2);
        lw_read_run(source->low_bits + 64 * half + 32 * (run % 2), 4 * (run / 2), 4, &block);
        lw_read_high_run(source->high_bits + 32 * half, 2 * run, 2, 4, &block);
        break;
    }
    case LW_LAYOUT_IQ4_NL: {
        const lw_block_iq4_nl *source = (const lw_block_iq4_nl *)row + b;
        block.scale = source->scale;
        lw_read_nibbles(source->quants, &block);
        break;
    }
    case LW_LAYOUT_IQ4_XS: {
        const lw_block_iq4_xs *source = (const lw_block_iq4_xs *)row + whole;
        const int low = source->low_scales[part / 2] >> part % 2 * 4 & 15, high = source->high_scales >> 2 * part & 3;
        block.scale = source->scale;
        block.scales[0] = (uint8_t)((low | high << 4) - 32);
        lw_read_nibbles(source->quants + 16 * part, &block);
        break;
    }
    default: break;
    }
    return block;
}

#endif
