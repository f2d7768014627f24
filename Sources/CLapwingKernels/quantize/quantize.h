// The quantisers by type. Each writes `count` blocks; `importance` has one number a value, or is NULL.

#ifndef LW_QUANTIZERS_H
#define LW_QUANTIZERS_H

#include "group.h"

typedef void lw_quantizer(const float *restrict values, const float *restrict importance, size_t count,
                          void *restrict blocks);

lw_quantizer lw_quantize_q4_0, lw_quantize_q5_0, lw_quantize_q8_0, lw_quantize_iq4_nl;  // blocks_scale.c
lw_quantizer lw_quantize_q4_1, lw_quantize_q5_1;                                        // blocks_line.c
lw_quantizer lw_quantize_q3_k, lw_quantize_q6_k, lw_quantize_iq4_xs;                    // blocks_k_scale.c
lw_quantizer lw_quantize_q2_k, lw_quantize_q4_k, lw_quantize_q5_k;                      // blocks_k_line.c

/// The importance of the values from `start` on.
LW_INLINE const float *lw_from(const float *importance, size_t start) { return importance ? importance + start : NULL; }

/// 32 codes of four bits: the first sixteen in low nibbles, the others in high ones.
LW_INLINE void lw_write_nibbles(const int8_t *codes, uint8_t *quants) {
    for (int i = 0; i < 16; i++) quants[i] = (uint8_t)((codes[i] & 15) | (codes[i + 16] & 15) << 4);
}

/// The fifth bits of 32 codes, one after another.
LW_INLINE void lw_write_fifth_bits(const int8_t *codes, uint8_t *high_bits) {
    memset(high_bits, 0, 4);
    for (int i = 0; i < 32; i++) high_bits[i / 8] |= (uint8_t)((codes[i] >> 4 & 1) << i % 8);
}

/// Numbers of IQ4's table, replaced by their places in it.
LW_INLINE void lw_find_in_table(int8_t *numbers, const int count) {
    for (int i = 0; i < count; i++) {
        int place = 0;
        while (lw_iq4_values[place] != numbers[i]) place++;
        numbers[i] = (int8_t)place;
    }
}

#endif
