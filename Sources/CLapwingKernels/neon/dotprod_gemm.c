// Products of panels with the dot product instructions.

#if defined(__aarch64__)

#include "neon_gemm.h"

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

LW_INLINE lw_ints lw_dot(lw_ints sum, lw_ints weights, lw_ints four) {
    return vdotq_s32(sum, vreinterpretq_s8_s32(weights), vreinterpretq_s8_s32(four));
}

#include "../gemm_tile.h"

LW_GEMM(dotprod)

#pragma clang attribute pop

#endif
