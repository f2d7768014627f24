// Products of packed strips with tiles of one to four tokens, for a file that defines the two whole-number products
//
//     nibble_dots(T, quants, x, b, dots): of 32 nibbles a row, 0...15, with block b of each token
//     byte_dots(T, quants, x, b, first, dots): of 16 bytes a row with that block's quants from `first` on
//
// which set dots[t], the eight rows of each of T tokens. The files differ in the instructions of these alone.

#include "../matmul_tile.h"
#include "neon.h"

#pragma STDC FP_CONTRACT OFF

LW_INLINE void put(const lw_tile *at, int t, float32x4_t low, float32x4_t high) {
    float lanes[LW_STRIP_ROWS];
    vst1q_f32(lanes, low);
    vst1q_f32(lanes + 4, high);
    float *out = at->out[t];
    for (size_t row = 0; row < at->rows; row++) out[row] = at->add ? out[row] + lanes[row] : lanes[row];
}

/// Adds the product of one block of eight rows with block `b` of each token to the sums.
typedef void block_function(const int T, const void *block, const lw_q8_block *const *x, size_t b,
                            float32x4_t (*sums)[2]);

LW_INLINE void q4_0_block(const int T, const void *block, const lw_q8_block *const *x, size_t b,
                          float32x4_t (*sums)[2]) {
    const lw_q4_0x8 *w = block;
    int32x4_t dots[MAX_TILE][2];
    nibble_dots(T, w->quants, x, b, dots);
    LW_UNROLL for (int h = 0; h < 2; h++) {
        const float32x4_t scale = lw_load_halves(w->scale + 4 * h);
        LW_UNROLL for (int t = 0; t < T; t++) {
            const int32x4_t centred = vsubq_s32(dots[t][h], vdupq_n_s32(8 * (int32_t)x[t][b].sum));
            const float32x4_t scaled = vmulq_f32(scale, vcvtq_f32_s32(centred));
            sums[t][h] = vfmaq_n_f32(sums[t][h], scaled, x[t][b].scale);
        }
    }
}

LW_INLINE void q4_1_block(const int T, const void *block, const lw_q8_block *const *x, size_t b,
                          float32x4_t (*sums)[2]) {
    const lw_q4_1x8 *w = block;
    int32x4_t dots[MAX_TILE][2];
    nibble_dots(T, w->quants, x, b, dots);
    LW_UNROLL for (int h = 0; h < 2; h++) {
        const float32x4_t scale = lw_load_halves(w->scale + 4 * h), minimum = lw_load_halves(w->minimum + 4 * h);
        LW_UNROLL for (int t = 0; t < T; t++) {
            const float32x4_t folded = vmulq_n_f32(minimum, x[t][b].sum);
            const float32x4_t scaled = vfmaq_f32(folded, scale, vcvtq_f32_s32(dots[t][h]));
            sums[t][h] = vfmaq_n_f32(sums[t][h], scaled, x[t][b].scale);
        }
    }
}

LW_INLINE void q8_0_block(const int T, const void *block, const lw_q8_block *const *x, size_t b,
                          float32x4_t (*sums)[2]) {
    const lw_q8_0x8 *w = block;
    int32x4_t low[MAX_TILE][2], high[MAX_TILE][2];
    byte_dots(T, w->quants, x, b, 0, low);
    byte_dots(T, w->quants + 4, x, b, 16, high);
    LW_UNROLL for (int h = 0; h < 2; h++) {
        const float32x4_t scale = lw_load_halves(w->scale + 4 * h);
        LW_UNROLL for (int t = 0; t < T; t++) {
            const float32x4_t scaled = vmulq_f32(scale, vcvtq_f32_s32(vaddq_s32(low[t][h], high[t][h])));
            sums[t][h] = vfmaq_n_f32(sums[t][h], scaled, x[t][b].scale);
        }
    }
}

LW_INLINE void i8_block(const int T, const void *block, const lw_q8_block *const *x, size_t b,
                        float32x4_t (*sums)[2]) {
    const lw_i8x8 *w = block;
    int32x4_t low[MAX_TILE][2], high[MAX_TILE][2];
    byte_dots(T, w->quants, x, b, 0, low);
    byte_dots(T, w->quants + 4, x, b, 16, high);
    LW_UNROLL for (int h = 0; h < 2; h++) {
        const float32x4_t first = vld1q_f32(w->scale[0] + 4 * h), second = vld1q_f32(w->scale[1] + 4 * h);
        const float32x4_t minimum = vld1q_f32(w->minimum + 4 * h);
        LW_UNROLL for (int t = 0; t < T; t++) {
            float32x4_t folded = vmulq_n_f32(minimum, x[t][b].sum);
            folded = vfmaq_f32(folded, first, vcvtq_f32_s32(low[t][h]));
            folded = vfmaq_f32(folded, second, vcvtq_f32_s32(high[t][h]));
            sums[t][h] = vfmaq_n_f32(sums[t][h], folded, x[t][b].scale);
        }
    }
}

/// One strip: all blocks, then the remainders that any token of the tile has.
LW_INLINE void block_tile(const int T, block_function *add, size_t stride, const void *strip, size_t columns,
                          const lw_tile *at) {
    const size_t count = columns / LW_BLOCK_LENGTH;
    float32x4_t sums[MAX_TILE][2];
    LW_UNROLL for (int t = 0; t < T; t++) sums[t][0] = sums[t][1] = vdupq_n_f32(0);
    for (size_t b = 0; b < count; b++) add(T, (const char *)strip + b * stride, at->blocks, b, sums);
    for (size_t word = 0; word < LW_MARK_WORDS(count); word++) {
        for (uint64_t marks = lw_tile_marks(at, T, word); marks != 0; marks &= marks - 1) {
            const size_t b = 64 * word + (size_t)__builtin_ctzll(marks);
            add(T, (const char *)strip + b * stride, at->remainders, b, sums);
        }
    }
    LW_UNROLL for (int t = 0; t < T; t++) put(at, t, sums[t][0], sums[t][1]);
}

LW_INLINE float32x4_t float_weights(const lw_layout layout, const void *strip, size_t place) {
    if (layout == LW_LAYOUT_F32) return vld1q_f32((const float *)strip + place);
    const uint16_t *halves = (const uint16_t *)strip + place;
    if (layout == LW_LAYOUT_F16) return lw_load_halves(halves);
    return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(halves), 16));
}

LW_INLINE void float_tile(const int T, const lw_layout layout, const void *strip, size_t columns, const lw_tile *at) {
    float32x4_t sums[2][MAX_TILE][2];  // of even and of odd columns
    LW_UNROLL for (int t = 0; t < T; t++)
        LW_UNROLL for (int h = 0; h < 2; h++) sums[0][t][h] = sums[1][t][h] = vdupq_n_f32(0);
    for (size_t column = 0; column < columns; column += 2)
        LW_UNROLL for (size_t odd = 0; odd < 2; odd++) {
            if (column + odd == columns) break;
            LW_UNROLL for (size_t h = 0; h < 2; h++) {
                const float32x4_t weights = float_weights(layout, strip, (column + odd) * LW_STRIP_ROWS + 4 * h);
                LW_UNROLL for (int t = 0; t < T; t++)
                    sums[odd][t][h] = vfmaq_n_f32(sums[odd][t][h], weights, at->values[t][column + odd]);
            }
        }
    LW_UNROLL for (int t = 0; t < T; t++)
        put(at, t, vaddq_f32(sums[0][t][0], sums[1][t][0]), vaddq_f32(sums[0][t][1], sums[1][t][1]));
}

LW_INLINE void strip_tile(const int T, const lw_layout layout, const void *strip, size_t columns, const lw_tile *at) {
    switch (layout) {
    case LW_LAYOUT_F32: float_tile(T, LW_LAYOUT_F32, strip, columns, at); break;
    case LW_LAYOUT_F16: float_tile(T, LW_LAYOUT_F16, strip, columns, at); break;
    case LW_LAYOUT_BF16: float_tile(T, LW_LAYOUT_BF16, strip, columns, at); break;
    case LW_LAYOUT_Q4_0: block_tile(T, q4_0_block, sizeof(lw_q4_0x8), strip, columns, at); break;
    case LW_LAYOUT_Q4_1: block_tile(T, q4_1_block, sizeof(lw_q4_1x8), strip, columns, at); break;
    case LW_LAYOUT_Q8_0: block_tile(T, q8_0_block, sizeof(lw_q8_0x8), strip, columns, at); break;
    case LW_LAYOUT_I8: block_tile(T, i8_block, sizeof(lw_i8x8), strip, columns, at); break;
    }
}

LW_INLINE void multiply(const lw_matrix *w, const lw_input *x, size_t tokens, const lw_output *y, size_t strip0,
                        size_t strip1) {
    const size_t strip_bytes = lw_strip_bytes(w->layout, w->columns), resident = lw_resident_tokens(w, MAX_TILE);
    for (size_t begin = 0; begin < tokens; begin += resident) {
        const size_t end = begin + resident < tokens ? begin + resident : tokens;
        for (size_t s = strip0; s < strip1; s++) {
            const size_t row = s * LW_STRIP_ROWS, left = w->rows - row;
            lw_tile at = {.add = y->add, .rows = left < LW_STRIP_ROWS ? left : LW_STRIP_ROWS};
            const void *strip = (const char *)w->strips + s * strip_bytes;
            for (size_t token = begin, count; token < end; token += count) {
                count = lw_tile_tokens(end - token, MAX_TILE);
                lw_aim_tile(&at, x, y, token, count, row);
                switch (count) {
                case 1: strip_tile(1, w->layout, strip, w->columns, &at); break;
                case 2: strip_tile(2, w->layout, strip, w->columns, &at); break;
                case 3: strip_tile(3, w->layout, strip, w->columns, &at); break;
                default: strip_tile(4, w->layout, strip, w->columns, &at); break;
                }
            }
        }
    }
}
