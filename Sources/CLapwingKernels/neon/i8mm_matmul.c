// Products with the matrix instructions: eight columns of two rows and of two tokens in one, twice the products of a
// dot product instruction. A token without another, and so each tile of one, keeps to the latter, which needs no rows
// moved. Compared with the scalar table under emulation; never timed on a real processor.

#if defined(__aarch64__)

#include "neon_codes.h"

#pragma clang attribute push(__attribute__((target("dotprod,i8mm"))), apply_to = function)

/// The same eight columns of two tokens.
LW_INLINE int8x16_t eight_quants(const int8_t *first, const int8_t *second) {
    return vcombine_s8(vld1_s8(first), vld1_s8(second));
}

/// Four columns of each of four rows, and the next four, as eight columns of each of two rows.
LW_INLINE void pair_rows(int8x16_t left, int8x16_t right, int8x16_t pairs[2]) {
    const int32x4_t a = vreinterpretq_s32_s8(left), b = vreinterpretq_s32_s8(right);
    pairs[0] = vreinterpretq_s8_s32(vzip1q_s32(a, b));
    pairs[1] = vreinterpretq_s8_s32(vzip2q_s32(a, b));
}

LW_INLINE void part_dots(const int T, const lw_format f, const uint8_t *planes, const lw_q8_block *const *x, size_t b,
                         const int first, const int last, int32x4_t (*dots)[2]) {
    const int alone = T % 2 == 1 ? T - 1 : T;  // the token without another, if there is one
    int32x4_t squares[MAX_TILE / 2][4];        // [two tokens][two rows]: row 0 with both tokens, then row 1
    LW_UNROLL for (int t = 0; t < alone; t += 2)
        LW_UNROLL for (int q = 0; q < 4; q++) squares[t / 2][q] = vdupq_n_s32(0);
    if (alone < T) dots[alone][0] = dots[alone][1] = vdupq_n_s32(0);
    LW_UNROLL for (int g = first; g < last; g += 2)
        LW_UNROLL for (int h = 0; h < 2; h++) {
            const int8x16_t left = lw_codes(f, planes, g, h), right = lw_codes(f, planes, g + 1, h);
            int8x16_t pairs[2];
            pair_rows(left, right, pairs);
            LW_UNROLL for (int t = 0; t < alone; t += 2) {
                const int8x16_t quants = eight_quants(x[t][b].quants + 4 * g, x[t + 1][b].quants + 4 * g);
                LW_UNROLL for (int q = 0; q < 2; q++)
                    squares[t / 2][2 * h + q] = vmmlaq_s32(squares[t / 2][2 * h + q], pairs[q], quants);
            }
            if (alone == T) continue;
            dots[alone][h] = vdotq_s32(dots[alone][h], left, lw_four_quants(x[alone][b].quants + 4 * g));
            dots[alone][h] = vdotq_s32(dots[alone][h], right, lw_four_quants(x[alone][b].quants + 4 * g + 4));
        }
    LW_UNROLL for (int t = 0; t < alone; t += 2)
        LW_UNROLL for (int h = 0; h < 2; h++) {
            dots[t][h] = vuzp1q_s32(squares[t / 2][2 * h], squares[t / 2][2 * h + 1]);
            dots[t + 1][h] = vuzp2q_s32(squares[t / 2][2 * h], squares[t / 2][2 * h + 1]);
        }
}

#include "neon_tiles.h"

void lw_i8mm_matmul(const lw_matrix *w, const lw_input *x, size_t tokens, const lw_output *y, size_t strip0,
                    size_t strip1) {
    multiply(w, x, tokens, y, strip0, strip1);
}

#pragma clang attribute pop

#endif
