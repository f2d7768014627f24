// Products with the dot product instructions: four products of bytes and their sum in one, straight to a row's lane.

#if defined(__aarch64__)

#include "neon_codes.h"

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

LW_INLINE void part_dots(const int T, const lw_format f, const uint8_t *planes, const lw_q8_block *const *x, size_t b,
                         const int first, const int last, int32x4_t (*dots)[2]) {
    LW_UNROLL for (int t = 0; t < T; t++) dots[t][0] = dots[t][1] = vdupq_n_s32(0);
    LW_UNROLL for (int g = first; g < last; g++)
        LW_UNROLL for (int h = 0; h < 2; h++) {
            const int8x16_t weights = lw_codes(f, planes, g, h);
            LW_UNROLL for (int t = 0; t < T; t++)
                dots[t][h] = vdotq_s32(dots[t][h], weights, lw_four_quants(x[t][b].quants + 4 * g));
        }
}

#include "neon_tiles.h"

void lw_dotprod_matmul(const lw_matrix *w, const lw_input *x, size_t tokens, const lw_output *y, size_t strip0,
                       size_t strip1) {
    multiply(w, x, tokens, y, strip0, strip1);
}

#pragma clang attribute pop

#endif
