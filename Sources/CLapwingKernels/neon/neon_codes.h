// The codes of packed blocks, sixteen bytes a register: four columns of four rows. And the activations beside them.

#ifndef LW_NEON_CODES_H
#define LW_NEON_CODES_H

#include "../matmul_tile.h"
#include "../pack/packed.h"
#include "neon.h"

/// Tokens of the largest tile.
#define MAX_TILE 4

/// Field `g` of `bits` bits out of planes, at bit `place` of its byte; `half` chooses rows 0 to 3 or 4 to 7.
LW_INLINE uint8x16_t lw_field(const uint8_t *planes, const int bits, const int g, const int half, const int place) {
    const uint8x16_t plane = vld1q_u8(planes + g / (8 / bits) * LW_PLANE_BYTES + 16 * half);
    if (bits == 8) return plane;
    const uint8x16_t moved = vshlq_u8(plane, vdupq_n_s8((int8_t)(place - g % (8 / bits) * bits)));
    return vandq_u8(moved, vdupq_n_u8((uint8_t)(((1 << bits) - 1) << place)));
}

/// The codes of columns 4 g to 4 g + 3 of four rows, or the bytes that they stand for.
LW_INLINE int8x16_t lw_codes(const lw_format f, const uint8_t *planes, const int g, const int half) {
    const uint8x16_t low = lw_field(planes, f.low_bits, g, half, 0);
    if (f.is_table) return vqtbl1q_s8(vld1q_s8(lw_iq4_values), low);
    if (f.high_bits == 0) return vreinterpretq_s8_u8(low);
    const uint8_t *high = planes + f.low_bits * LW_PLANE_BYTES;
    return vreinterpretq_s8_u8(vorrq_u8(low, lw_field(high, f.high_bits, g, half, f.low_bits)));
}

/// Four activations in each quarter of a register.
LW_INLINE int8x16_t lw_four_quants(const int8_t *quants) {
    int32_t word;
    memcpy(&word, quants, sizeof word);
    return vreinterpretq_s8_s32(vdupq_n_s32(word));
}

#endif
