// Joining attention states. A long context has many, and without the processor's own fused multiply-add each product of
// the scalar form is a call.

#if defined(__x86_64__)

#include "avx2_attention.h"

#pragma STDC FP_CONTRACT OFF

LW_AVX2_BEGIN

void lw_avx2_attend_merge(float *restrict state, const float *restrict other, size_t head_length) {
    if (head_length % 8 != 0) {
        lw_scalar_attend_merge(state, other, head_length);
        return;
    }
    float *greatest = state + head_length, *total = greatest + 1;
    const float mine = *greatest, theirs = other[head_length];
    if (theirs == -INFINITY) return;
    const float top = mine > theirs ? mine : theirs;
    const float a = lw_exp_inline(mine - top), b = lw_exp_inline(theirs - top);
    for (size_t d = 0; d < head_length; d += 8) {
        const __m256 added = _mm256_mul_ps(_mm256_loadu_ps(other + d), _mm256_set1_ps(b));
        _mm256_storeu_ps(state + d, _mm256_fmadd_ps(_mm256_loadu_ps(state + d), _mm256_set1_ps(a), added));
    }
    *greatest = top;
    *total = fmaf(*total, a, other[head_length + 1] * b);
}

LW_AVX2_END

#endif
