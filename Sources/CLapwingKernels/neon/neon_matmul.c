// Products with what every 64-bit Arm processor has: bytes multiply to int16, neighbours add to int32.

#if defined(__aarch64__)

#include "neon_codes.h"

/// Adds neighbours until each lane is one row: eight lanes of two rows a register come in, four rows a register go out.
LW_INLINE void fold_rows(const int32x4_t pairs[4], int32x4_t rows[2]) {
    rows[0] = vpaddq_s32(pairs[0], pairs[1]);
    rows[1] = vpaddq_s32(pairs[2], pairs[3]);
}

/// Products that an int16 can add up, each at most 127 times the greatest code: eight of five bits (31496), four of six
/// (32004), two of signed bytes (32512).
LW_INLINE int run_length(const lw_format f) {
    const int bits = lw_is_signed(f) ? 8 : f.low_bits + f.high_bits;
    return bits <= 5 ? 8 : bits == 6 ? 4 : 2;
}

LW_INLINE void part_dots(const int T, const lw_format f, const uint8_t *planes, const lw_q8_block *const *x, size_t b,
                         const int first, const int last, int32x4_t (*dots)[2]) {
    const int run = run_length(f) < last - first ? run_length(f) : last - first;
    int16x8_t words[MAX_TILE][4];
    int32x4_t pairs[MAX_TILE][4];
    LW_UNROLL for (int t = 0; t < T; t++)
        LW_UNROLL for (int q = 0; q < 4; q++) pairs[t][q] = vdupq_n_s32(0);
    LW_UNROLL for (int g = first; g < last; g++)
        LW_UNROLL for (int q = 0; q < 4; q++) {
            const int8x16_t weights = lw_codes(f, planes, g, q / 2);
            const int8x8_t two_rows = q % 2 == 0 ? vget_low_s8(weights) : vget_high_s8(weights);
            LW_UNROLL for (int t = 0; t < T; t++) {
                const int8x8_t four = vget_low_s8(lw_four_quants(x[t][b].quants + 4 * g));
                words[t][q] = g % run == 0 ? vmull_s8(two_rows, four) : vmlal_s8(words[t][q], two_rows, four);
                if (g % run == run - 1) pairs[t][q] = vpadalq_s16(pairs[t][q], words[t][q]);
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
