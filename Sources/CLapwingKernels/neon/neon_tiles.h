// Products of packed strips with tiles of one to four tokens, for a file that defines the whole-number products
//
//     part_dots(T, f, planes, x, b, first, last, dots): of the codes of columns 4 * first to 4 * last - 1 of a block
//     with block b of each token
//
// which set dots[t], the eight rows of each of T tokens. The files differ in the instructions of these alone.

#include "neon_codes.h"

#pragma STDC FP_CONTRACT OFF

LW_INLINE void put(const lw_tile *at, int t, float32x4_t low, float32x4_t high) {
    float lanes[LW_STRIP_ROWS];
    vst1q_f32(lanes, low);
    vst1q_f32(lanes + 4, high);
    float *out = at->out[t];
    for (size_t row = 0; row < at->rows; row++) out[row] = at->add ? out[row] + lanes[row] : lanes[row];
}

/// Four bytes with a sign, as int32.
LW_INLINE int32x4_t four_bytes(const uint8_t *bytes) {
    int32_t word;
    memcpy(&word, bytes, sizeof word);
    const int8x8_t eight = vreinterpret_s8_s32(vdup_n_s32(word));
    return vmovl_s16(vget_low_s16(vmovl_s8(eight)));
}

/// Whole-number scale or minimum of a part, of four rows: bytes, or nibbles of bytes where both share one.
LW_INLINE int32x4_t whole_scale(const lw_format f, const uint8_t *block, const int part, const int half) {
    const int32x4_t bytes = four_bytes(block + part * LW_STRIP_ROWS + 4 * half);
    return f.scales == 2 && f.has_minimum ? vandq_s32(bytes, vdupq_n_s32(15)) : bytes;
}
LW_INLINE int32x4_t whole_minimum(const lw_format f, const uint8_t *block, const int part, const int half) {
    if (f.scales == 1) return four_bytes(block + LW_STRIP_ROWS + 4 * half);
    const int32x4_t bytes = four_bytes(block + part * LW_STRIP_ROWS + 4 * half);
    return vandq_s32(vshrq_n_s32(bytes, 4), vdupq_n_s32(15));
}

/// Adds the product of block `b` of eight rows with that of each token to the sums.
LW_INLINE void add_block(const int T, const lw_format f, const void *strip, const lw_q8_block *const *x, size_t b,
                         float32x4_t (*sums)[2]) {
    const uint16_t *header = (const uint16_t *)lw_header_at(f, strip, b);
    const uint8_t *block = lw_block_at(f, strip, b), *planes = block + lw_scale_bytes(f);
    const int parts = f.scales == 2 ? 2 : 1;
    int32x4_t whole[MAX_TILE][2];
    LW_UNROLL for (int part = 0; part < parts; part++) {
        int32x4_t dots[MAX_TILE][2];
        part_dots(T, f, planes, x, b, 8 / parts * part, 8 / parts * (part + 1), dots);
        LW_UNROLL for (int h = 0; h < 2; h++) {
            LW_UNROLL for (int t = 0; t < T; t++) {
                const int sum = parts == 2 ? x[t][b].sums[part] : x[t][b].sums[0] + x[t][b].sums[1];
                int32x4_t dot = dots[t][h];
                if (f.offset) dot = vsubq_s32(dot, vdupq_n_s32(f.offset * sum));
                if (f.scales > 0) dot = vmulq_s32(dot, whole_scale(f, block, part, h));
                whole[t][h] = part == 0 ? dot : vaddq_s32(whole[t][h], dot);
            }
        }
    }
    LW_UNROLL for (int h = 0; h < 2; h++) {
        const float32x4_t scale = lw_load_halves(header + 4 * h);
        LW_UNROLL for (int t = 0; t < T; t++) {
            const float32x4_t dot = vcvtq_f32_s32(whole[t][h]);
            float32x4_t product = vmulq_f32(scale, dot);
            if (f.has_minimum) {
                int32x4_t folded = vdupq_n_s32(x[t][b].sums[0] + x[t][b].sums[1]);
                if (f.scales == 1) folded = vmulq_s32(folded, whole_minimum(f, block, 0, h));
                if (f.scales == 2) {
                    folded = vmulq_n_s32(whole_minimum(f, block, 0, h), x[t][b].sums[0]);
                    folded = vmlaq_n_s32(folded, whole_minimum(f, block, 1, h), x[t][b].sums[1]);
                }
                const float32x4_t minimum = lw_load_halves(header + LW_STRIP_ROWS + 4 * h);
                product = vfmaq_f32(vmulq_f32(minimum, vcvtq_f32_s32(folded)), scale, dot);
            }
            sums[t][h] = vfmaq_n_f32(sums[t][h], product, x[t][b].scale);
        }
    }
}

/// One strip: all blocks, then the remainders that any token of the tile has.
LW_INLINE void block_tile(const int T, const lw_format f, const void *strip, size_t columns, const lw_tile *at) {
    const size_t count = columns / LW_BLOCK_LENGTH;
    float32x4_t sums[MAX_TILE][2];
    LW_UNROLL for (int t = 0; t < T; t++) sums[t][0] = sums[t][1] = vdupq_n_f32(0);
    for (size_t b = 0; b < count; b++) add_block(T, f, strip, at->blocks, b, sums);
    for (size_t word = 0; word < LW_MARK_WORDS(count); word++) {
        for (uint64_t marks = lw_tile_marks(at, T, word); marks != 0; marks &= marks - 1) {
            const size_t b = 64 * word + (size_t)__builtin_ctzll(marks);
            add_block(T, f, strip, at->remainders, b, sums);
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

typedef void tile_function(const void *strip, size_t columns, const lw_tile *at);

// One function a layout and tile size, so that the compiler knows all about both and keeps the sums in registers.
#define TILE(layout, T)                                                              \
    static void layout##_##T(const void *strip, size_t columns, const lw_tile *at) { \
        if (layout <= LW_LAYOUT_BF16) float_tile(T, layout, strip, columns, at);     \
        else block_tile(T, lw_formats[layout], strip, columns, at);                  \
    }
#define TILES(layout) TILE(layout, 1) TILE(layout, 2) TILE(layout, 3) TILE(layout, 4)
#define ROW(layout) [layout] = {layout##_1, layout##_2, layout##_3, layout##_4},

LW_LAYOUTS(TILES)
static tile_function *const tile_functions[][MAX_TILE] = {LW_LAYOUTS(ROW)};

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
                tile_functions[w->layout][count - 1](strip, w->columns, &at);
            }
        }
    }
}
