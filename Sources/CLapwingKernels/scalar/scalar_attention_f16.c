// Attention over pages of half-precision keys and values.

#include "scalar_attention.h"

#pragma STDC FP_CONTRACT OFF

static void encode_halves(const float *restrict x, size_t count, uint16_t *restrict halves) {
    for (size_t i = 0; i < count; i++) halves[i] = lw_half_of_float(x[i]);
}

void lw_scalar_store_f16(const lw_pages *pages, size_t position, const float *restrict key,
                         const float *restrict value) {
    lw_store_halves(pages, position, key, value, encode_halves);
}

/// Folds the first `seen` positions of a page into one line's state.
static void attend_page(const lw_pages *pages, const lw_attention_line *line, size_t start, size_t seen) {
    const size_t length = pages->head_length;
    const uint16_t *keys = lw_page(pages, start), *values = keys + length * LW_PAGE_LENGTH;
    float weights[LW_PAGE_LENGTH];
    for (size_t t = 0; t < LW_PAGE_LENGTH; t++) {
        float score = 0;
        for (size_t d = 0; d < length; d++)
            score = fmaf(line->query[d], lw_float_of_half(keys[d * LW_PAGE_LENGTH + t]), score);
        weights[t] = score * pages->scale;
    }
    lw_shape(pages, line, start, weights);
    const float correction = lw_scalar_weigh(line, length, seen, weights);
    for (size_t d = 0; d < length; d++) {
        float sum = line->state[d] * correction;
        for (size_t t = 0; t < seen; t++) sum = fmaf(weights[t], lw_float_of_half(values[t * length + d]), sum);
        line->state[d] = sum;
    }
}

void lw_scalar_attend_f16(const lw_pages *pages, const lw_attention_line *lines, size_t count, size_t first,
                          size_t last) {
    for (size_t start = first; start < last; start += LW_PAGE_LENGTH)
        for (size_t i = 0; i < count; i++) {
            const size_t seen = lw_seen(lines + i, start, last);
            if (seen > 0) attend_page(pages, lines + i, start, seen);
        }
}
