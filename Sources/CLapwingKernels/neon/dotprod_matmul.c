// Products with the dot product instructions: four products of bytes and their sum in one, straight to a row's lane.

#if defined(__aarch64__)

#include "neon.h"

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

#define MAX_TILE 4

LW_INLINE int8x16_t four_quants(const int8_t *quants) {
    int32_t word;
    memcpy(&word, quants, sizeof word);
    return vreinterpretq_s8_s32(vdupq_n_s32(word));
}

LW_INLINE void nibble_dots(const int T, const uint8_t quants[4][32], const lw_q8_block *const *x, size_t b,
                           int32x4_t (*dots)[2]) {
    LW_UNROLL for (int t = 0; t < T; t++) dots[t][0] = dots[t][1] = vdupq_n_s32(0);
    LW_UNROLL for (int g = 0; g < 4; g++)
        LW_UNROLL for (int h = 0; h < 2; h++) {
            const uint8x16_t packed = vld1q_u8(quants[g] + 16 * h);
            const int8x16_t low = vreinterpretq_s8_u8(vandq_u8(packed, vdupq_n_u8(15)));
            const int8x16_t high = vreinterpretq_s8_u8(vshrq_n_u8(packed, 4));
            LW_UNROLL for (int t = 0; t < T; t++) {
                const int8_t *four = x[t][b].quants + 4 * g;
                dots[t][h] = vdotq_s32(dots[t][h], low, four_quants(four));
                dots[t][h] = vdotq_s32(dots[t][h], high, four_quants(four + 16));
            }
        }
}

LW_INLINE void byte_dots(const int T, const int8_t quants[4][32], const lw_q8_block *const *x, size_t b, int first,
                         int32x4_t (*dots)[2]) {
    LW_UNROLL for (int t = 0; t < T; t++) dots[t][0] = dots[t][1] = vdupq_n_s32(0);
    LW_UNROLL for (int g = 0; g < 4; g++)
        LW_UNROLL for (int h = 0; h < 2; h++) {
            const int8x16_t weights = vld1q_s8(quants[g] + 16 * h);
            LW_UNROLL for (int t = 0; t < T; t++)
                dots[t][h] = vdotq_s32(dots[t][h], weights, four_quants(x[t][b].quants + first + 4 * g));
        }
}

#include "neon_tiles.h"

void lw_dotprod_matmul(const lw_matrix *w, const lw_input *x, size_t tokens, const lw_output *y, size_t strip0,
                       size_t strip1) {
    multiply(w, x, tokens, y, strip0, strip1);
}

#pragma clang attribute pop

#endif
