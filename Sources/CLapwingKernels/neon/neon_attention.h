// What the attention files for Arm share.

#ifndef LW_NEON_ATTENTION_H
#define LW_NEON_ATTENTION_H

#include "../cache_page.h"
#include "../scalar/scalar.h"
#include "neon.h"

#pragma STDC FP_CONTRACT OFF

/// Turns one line's scores into weights, updates its greatest score and total, and returns the correction of its sums.
LW_INLINE float lw_weigh(const lw_attention_line *line, size_t length, size_t seen, float *scores) {
    float *greatest = line->state + length, *total = greatest + 1;
    for (size_t t = seen; t < LW_PAGE_LENGTH; t++) scores[t] = -INFINITY;
    float32x4_t values[8], top = vdupq_n_f32(*greatest);
    LW_UNROLL for (int j = 0; j < 8; j++) {
        values[j] = vld1q_f32(scores + 4 * j);
        top = vmaxnmq_f32(values[j], top);
    }
    const float most = vmaxnmvq_f32(top);
    LW_UNROLL for (int j = 0; j < 8; j++) {
        values[j] = lw_exp_neon(vsubq_f32(values[j], vdupq_n_f32(most)));
        vst1q_f32(scores + 4 * j, values[j]);
    }
    const float correction = lw_exp_inline(*greatest - most);
    *total = fmaf(*total, correction, lw_fold_neon(values));
    *greatest = most;
    return correction;
}

#endif
