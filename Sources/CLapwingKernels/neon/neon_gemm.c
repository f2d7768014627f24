// Products of panels with what every 64-bit Arm processor has.

#if defined(__aarch64__)

#include "neon_gemm.h"

LW_INLINE lw_ints lw_dot(lw_ints sum, lw_ints weights, lw_ints four) {
    const int8x16_t w = vreinterpretq_s8_s32(weights), x = vreinterpretq_s8_s32(four);
    const int16x8_t low = vmull_s8(vget_low_s8(w), vget_low_s8(x)), high = vmull_high_s8(w, x);
    return vaddq_s32(sum, vpaddq_s32(vpaddlq_s16(low), vpaddlq_s16(high)));
}

#include "../gemm_tile.h"

LW_GEMM(neon)

#endif
