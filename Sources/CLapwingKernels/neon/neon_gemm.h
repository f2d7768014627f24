// Products of panels with many rows, four lanes a register; what a dot product of bytes is, the including file says.

#include "neon.h"

#define LW_REGISTER_LANES 4
#define LW_TILE_TOKENS 6
#define LW_TILE_PANELS 1
#define LW_TURN 4
#define LW_MORE_TOKENS(kind, P, X) X(kind, 5, P) X(kind, 6, P)
#define LW_PANEL_COUNTS(X, kind) X(kind, 1)

typedef float32x4_t lw_floats;
typedef int32x4_t lw_ints;

LW_INLINE lw_floats lw_load(const float *from) { return vld1q_f32(from); }
LW_INLINE void lw_store(float *to, lw_floats values) { vst1q_f32(to, values); }
LW_INLINE lw_floats lw_add(lw_floats a, lw_floats b) { return vaddq_f32(a, b); }
LW_INLINE lw_floats lw_multiply(lw_floats a, lw_floats b) { return vmulq_f32(a, b); }
LW_INLINE lw_floats lw_fma(lw_floats a, lw_floats b, lw_floats sum) { return vfmaq_f32(sum, a, b); }
LW_INLINE lw_floats lw_spread(float value) { return vdupq_n_f32(value); }
LW_INLINE lw_ints lw_spread_int(int32_t value) { return vdupq_n_s32(value); }
LW_INLINE lw_floats lw_floats_of(lw_ints values) { return vcvtq_f32_s32(values); }

#define LW_DOT_OFFSET 0
LW_INLINE lw_ints lw_weights(const int8_t *bytes) { return vreinterpretq_s32_s8(vld1q_s8(bytes)); }
LW_INLINE lw_ints lw_four(const int8_t *bytes) {
    int32_t word;
    memcpy(&word, bytes, sizeof word);
    return vdupq_n_s32(word);
}
