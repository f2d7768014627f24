// Attention over pages of half-precision keys and values, one online softmax a page.

#include "scalar.h"

#pragma STDC FP_CONTRACT OFF

void lw_scalar_store(const lw_pages *pages, size_t position, const float *restrict key, const float *restrict value) {
    const size_t length = pages->head_length, slot = position % LW_PAGE_LENGTH;
    uint16_t *keys = pages->base + (size_t)pages->table[position / LW_PAGE_LENGTH] * pages->page_stride;
    uint16_t *values = keys + length * LW_PAGE_LENGTH;
    for (size_t d = 0; d < length; d++) {
        keys[d * LW_PAGE_LENGTH + slot] = lw_half_of_float(key[d]);
        values[slot * length + d] = lw_half_of_float(value[d]);
    }
}

/// Folds the first `seen` positions of a page into one line's state.
static void attend_page(const lw_pages *pages, const uint16_t *keys, const lw_attention_line *line, size_t seen) {
    const size_t length = pages->head_length;
    const uint16_t *values = keys + length * LW_PAGE_LENGTH;
    float *sums = line->state, *greatest = sums + length, *total = greatest + 1;
    float weights[LW_PAGE_LENGTH];
    float top = *greatest;
    for (size_t t = 0; t < LW_PAGE_LENGTH; t++) {
        float score = 0;
        for (size_t d = 0; d < length; d++)
            score = fmaf(line->query[d], lw_float_of_half(keys[d * LW_PAGE_LENGTH + t]), score);
        weights[t] = t < seen ? score * pages->scale : -INFINITY;
        top = weights[t] > top ? weights[t] : top;
    }
    const float correction = lw_exp_inline(*greatest - top);
    for (size_t t = 0; t < LW_PAGE_LENGTH; t++) weights[t] = lw_exp_inline(weights[t] - top);
    for (size_t d = 0; d < length; d++) {
        float sum = sums[d] * correction;
        for (size_t t = 0; t < seen; t++) sum = fmaf(weights[t], lw_float_of_half(values[t * length + d]), sum);
        sums[d] = sum;
    }
    float lanes[LW_LANES];
    memcpy(lanes, weights, sizeof lanes);
    *total = fmaf(*total, correction, lw_fold_lanes(lanes));
    *greatest = top;
}

void lw_scalar_attend(const lw_pages *pages, const lw_attention_line *lines, size_t count, size_t first, size_t last) {
    for (size_t start = first; start < last; start += LW_PAGE_LENGTH) {
        const uint16_t *keys = pages->base + (size_t)pages->table[start / LW_PAGE_LENGTH] * pages->page_stride;
        for (size_t i = 0; i < count; i++) {
            const size_t end = lines[i].limit < last ? lines[i].limit : last;
            if (end <= start) continue;
            const size_t seen = end - start < LW_PAGE_LENGTH ? end - start : LW_PAGE_LENGTH;
            attend_page(pages, keys, lines + i, seen);
        }
    }
}

void lw_scalar_attend_merge(float *restrict state, const float *restrict other, size_t head_length) {
    const float mine = state[head_length], theirs = other[head_length];
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
