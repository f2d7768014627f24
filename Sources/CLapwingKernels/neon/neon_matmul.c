// Products with what every 64-bit Arm processor has: bytes multiply to int16, neighbours add to int32.

#if defined(__aarch64__)

#include "neon.h"

#define MAX_TILE 4

LW_INLINE int8x8_t four_quants(const int8_t *quants) {
    int32_t word;
    memcpy(&word, quants, sizeof word);
    return vreinterpret_s8_s32(vdup_n_s32(word));
}

/// Adds neighbours until each lane is one row: eight lanes of two rows a register come in, four rows a register go out.
LW_INLINE void fold_rows(const int32x4_t pairs[4], int32x4_t rows[2]) {
    rows[0] = vpaddq_s32(pairs[0], pairs[1]);
    rows[1] = vpaddq_s32(pairs[2], pairs[3]);
}

/// A lane adds eight products of at most 15 * 127 = 1905 before it is widened; an int16 holds 17 of them.
LW_INLINE void nibble_dots(const int T, const uint8_t quants[4][32], const lw_q8_block *const *x, size_t b,
                           int32x4_t (*dots)[2]) {
    int16x8_t words[MAX_TILE][4];
    LW_UNROLL for (int g = 0; g < 4; g++)
        LW_UNROLL for (int part = 0; part < 4; part++) {
            const uint8x8_t packed = vld1_u8(quants[g] + 8 * part);
            const int8x8_t low = vreinterpret_s8_u8(vand_u8(packed, vdup_n_u8(15)));
            const int8x8_t high = vreinterpret_s8_u8(vshr_n_u8(packed, 4));
            LW_UNROLL for (int t = 0; t < T; t++) {
                const int8_t *four = x[t][b].quants + 4 * g;
                const int8x8_t first = four_quants(four), second = four_quants(four + 16);
                words[t][part] = g == 0 ? vmull_s8(low, first) : vmlal_s8(words[t][part], low, first);
                words[t][part] = vmlal_s8(words[t][part], high, second);
            }
        }
    LW_UNROLL for (int t = 0; t < T; t++) {
        int32x4_t pairs[4];
        LW_UNROLL for (int part = 0; part < 4; part++) pairs[part] = vpaddlq_s16(words[t][part]);
        fold_rows(pairs, dots[t]);
    }
}

/// Two products of at most 128 * 127 fit an int16; the next two need it widened.
LW_INLINE void byte_dots(const int T, const int8_t quants[4][32], const lw_q8_block *const *x, size_t b, int first,
                         int32x4_t (*dots)[2]) {
    int32x4_t pairs[MAX_TILE][4];
    LW_UNROLL for (int g = 0; g < 4; g += 2)
        LW_UNROLL for (int part = 0; part < 4; part++) {
            const int8x8_t even = vld1_s8(quants[g] + 8 * part), odd = vld1_s8(quants[g + 1] + 8 * part);
            LW_UNROLL for (int t = 0; t < T; t++) {
                const int8_t *four = x[t][b].quants + first + 4 * g;
                const int16x8_t both = vmlal_s8(vmull_s8(even, four_quants(four)), odd, four_quants(four + 4));
                pairs[t][part] = g == 0 ? vpaddlq_s16(both) : vpadalq_s16(pairs[t][part], both);
            }
        }
    LW_UNROLL for (int t = 0; t < T; t++) fold_rows(pairs[t], dots[t]);
}

#include "neon_tiles.h"

void lw_neon_matmul(const lw_matrix *w, const lw_input *x, size_t tokens, const lw_output *y, size_t strip0,
                    size_t strip1) {
    multiply(w, x, tokens, y, strip0, strip1);
}

#endif
