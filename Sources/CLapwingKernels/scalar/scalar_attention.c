// What attention does in every format of the cache: one online softmax a page.

#include "scalar_attention.h"

#pragma STDC FP_CONTRACT OFF

size_t lw_page_bytes(lw_cache_format format, size_t head_length) {
    const size_t columns = head_length + head_length % 2;
    const size_t scales = (LW_KEY_BLOCKS(head_length) + 1) * sizeof(uint16_t);
    switch (format) {
        case LW_CACHE_I8: return LW_PAGE_LENGTH * (2 * columns + scales);
        case LW_CACHE_F16: return LW_PAGE_LENGTH * 2 * columns * sizeof(uint16_t);
        case LW_CACHE_F32: return LW_PAGE_LENGTH * 2 * columns * sizeof(float);
    }
}

void lw_shape_page(const lw_pages *pages, const lw_attention_line *line, size_t start, float scores[LW_PAGE_LENGTH]) {
    for (size_t t = 0; t < LW_PAGE_LENGTH; t++) {
        if (pages->cap > 0) {
            const float share = scores[t] / pages->cap;
            const float tangent = 1.0f - 2.0f / (lw_exp_inline(2.0f * fabsf(share)) + 1.0f);
            scores[t] = pages->cap * copysignf(tangent, share);
        }
        const float distance = (float)start + (float)t - (float)(line->limit - 1);
        scores[t] = fmaf(line->slope, distance, scores[t]);
        if (start + t < line->first) scores[t] = LW_UNSEEN;
    }
}

float lw_scalar_weigh(const lw_attention_line *line, size_t length, size_t seen, float scores[LW_PAGE_LENGTH]) {
    float *greatest = line->state + length, *total = greatest + 1;
    float top = *greatest;
    for (size_t t = 0; t < LW_PAGE_LENGTH; t++) {
        if (t >= seen) scores[t] = -INFINITY;
        top = scores[t] > top ? scores[t] : top;
    }
    const float correction = lw_exp_inline(*greatest - top);
    for (size_t t = 0; t < LW_PAGE_LENGTH; t++) scores[t] = lw_exp_inline(scores[t] - top);
    float lanes[LW_LANES];
    memcpy(lanes, scores, sizeof lanes);
    *total = fmaf(*total, correction, lw_fold_lanes(lanes));
    *greatest = top;
    return correction;
}

void lw_scalar_attend_merge(float *restrict state, const float *restrict other, size_t head_length) {
    const float mine = state[head_length], theirs = other[head_length];
    if (theirs == -INFINITY) return;
    const float top = mine > theirs ? mine : theirs;
    const float a = lw_exp_inline(mine - top), b = lw_exp_inline(theirs - top);
    for (size_t d = 0; d < head_length; d++) state[d] = fmaf(state[d], a, other[d] * b);
    state[head_length] = top;
    state[head_length + 1] = fmaf(state[head_length + 1], a, other[head_length + 1] * b);
}

void lw_scalar_attend_finish(const float *restrict state, float *restrict out, size_t head_length) {
    const float total = state[head_length + 1];
    const float factor = total > 0 ? 1.0f / total : 0.0f;
    for (size_t d = 0; d < head_length; d++) out[d] = state[d] * factor;
}
