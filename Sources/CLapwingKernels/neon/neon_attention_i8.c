// Attention over pages of bytes with NEON: four positions or columns a register.

#if defined(__aarch64__)

#include "neon_attention.h"

#pragma STDC FP_CONTRACT OFF

#define LANES 4
#define MOST_LINES 3

typedef int32x4_t ints;
typedef float32x4_t floats;

/// The first and the second of four pairs.
typedef struct wide {
    int16x4_t first;
    int16x4_t second;
} wide;

LW_INLINE ints zero_ints(void) { return vdupq_n_s32(0); }
LW_INLINE floats zero_floats(void) { return vdupq_n_f32(0); }
LW_INLINE wide widen(const int8_t *pairs) {
    const int16x8_t eight = vmovl_s8(vld1_s8(pairs));
    const int16x4x2_t split = vuzp_s16(vget_low_s16(eight), vget_high_s16(eight));
    return (wide){split.val[0], split.val[1]};
}
LW_INLINE ints add_dots(ints sums, wide pairs, int32_t pair) {
    sums = vmlal_n_s16(sums, pairs.first, (int16_t)pair);
    return vmlal_n_s16(sums, pairs.second, (int16_t)(pair >> 16));
}
LW_INLINE floats to_floats(ints values) { return vcvtq_f32_s32(values); }
LW_INLINE floats repeat(float value) { return vdupq_n_f32(value); }
LW_INLINE floats load_halves(const uint16_t *halves) { return lw_load_halves(halves); }
LW_INLINE floats load_floats(const float *values) { return vld1q_f32(values); }
LW_INLINE void store_floats(float *out, floats values) { vst1q_f32(out, values); }
LW_INLINE floats multiply(floats a, floats b) { return vmulq_f32(a, b); }
LW_INLINE floats multiply_add(floats a, floats b, floats c) { return vfmaq_f32(c, a, b); }

/// Four values times `inverse` as 16-bit whole numbers.
LW_INLINE void store_quants16(float32x4_t x, float inverse, int16_t *quants) {
    vst1_s16(quants, vqmovn_s32(vcvtnq_s32_f32(vmulq_n_f32(x, inverse))));
}

/// `lw_scalar_encode16` of a multiple of four values.
LW_INLINE float lw_encode16(const float *x, size_t count, int16_t *quants) {
    uint32x4_t greatest = vdupq_n_u32(0);
    for (size_t i = 0; i < count; i += 4)
        greatest = vmaxq_u32(greatest, vreinterpretq_u32_f32(vabsq_f32(vld1q_f32(x + i))));
    const float magnitude = lw_float_of_bits(vmaxvq_u32(greatest));
    if (!(magnitude >= LW_TINY && magnitude < INFINITY)) {
        memset(quants, 0, count * sizeof *quants);
        return 0;
    }
    for (size_t i = 0; i < count; i += 4) store_quants16(vld1q_f32(x + i), LW_QUANT16_MAX / magnitude, quants + i);
    return magnitude / LW_QUANT16_MAX;
}

/// Weights with their values' scales in them, as quants * the scale that is returned; what is not seen is zero.
LW_INLINE float lw_encode_weights(const float *weights, const uint16_t *scales, size_t seen, int16_t *quants) {
    float scaled[LW_PAGE_LENGTH];
    for (size_t t = 0; t < LW_PAGE_LENGTH; t += 4)
        vst1q_f32(scaled + t, vmulq_f32(vld1q_f32(weights + t), lw_load_halves(scales + t)));
    for (size_t t = seen; t < LW_PAGE_LENGTH; t++) scaled[t] = 0;
    return lw_encode16(scaled, LW_PAGE_LENGTH, quants);
}

#include "../attention_i8_tiles.h"

void lw_neon_attend_i8(const lw_pages *pages, const lw_attention_line *lines, size_t count, size_t first,
                       size_t last) {
    if (pages->head_length % LANES == 0) attend_i8(pages, lines, count, first, last);
    else lw_scalar_attend_i8(pages, lines, count, first, last);
}

LW_INLINE float32x4_t half_range(float32x4_t x) {
    return vminnmq_f32(vmaxnmq_f32(x, vdupq_n_f32(-LW_HALF_MAX)), vdupq_n_f32(LW_HALF_MAX));
}

/// Bytes of a multiple of four values as quant * scale; returns the scale, a half.
LW_INLINE uint16_t encode_bytes(const float *x, size_t count, int8_t *quants) {
    float32x4_t top = vdupq_n_f32(0);
    for (size_t i = 0; i < count; i += 4) top = vmaxq_f32(top, vabsq_f32(half_range(vld1q_f32(x + i))));
    const uint16_t scale = lw_half_of_float(vmaxvq_f32(top) / 127.0f);
    const float inverse = scale == 0 ? 0 : 1.0f / lw_float_of_half(scale);
    for (size_t i = 0; i < count; i += 4) {
        int32x4_t quant = vcvtnq_s32_f32(vmulq_n_f32(half_range(vld1q_f32(x + i)), inverse));
        quant = vmaxq_s32(vminq_s32(quant, vdupq_n_s32(127)), vdupq_n_s32(-127));
        const int16x4_t words = vmovn_s32(quant);
        const int8x8_t bytes = vmovn_s16(vcombine_s16(words, words));
        vst1_lane_s32((int32_t *)(quants + i), vreinterpret_s32_s8(bytes), 0);
    }
    return scale;
}

void lw_neon_store_i8(const lw_pages *pages, size_t position, const float *restrict key, const float *restrict value) {
    if (pages->head_length % LANES != 0) {
        lw_scalar_store_i8(pages, position, key, value);
        return;
    }
    lw_store_bytes(pages, position, key, value, encode_bytes);
}

#endif
