// Attention over pages of floats, in doubles: what the other formats are compared with.

#include "scalar_attention.h"

#pragma STDC FP_CONTRACT OFF

void lw_store_f32(const lw_pages *pages, size_t position, const float *restrict key, const float *restrict value) {
    const size_t length = pages->head_length, slot = position % LW_PAGE_LENGTH;
    float *keys = lw_page(pages, position), *values = keys + length * LW_PAGE_LENGTH;
    for (size_t d = 0; d < length; d++) {
        keys[d * LW_PAGE_LENGTH + slot] = key[d];
        values[slot * length + d] = value[d];
    }
}

static void attend_page(const lw_pages *pages, const lw_attention_line *line, size_t start, size_t seen) {
    const size_t length = pages->head_length;
    const float *keys = lw_page(pages, start), *values = keys + length * LW_PAGE_LENGTH;
    float weights[LW_PAGE_LENGTH];
    for (size_t t = 0; t < LW_PAGE_LENGTH; t++) {
        double score = 0;
        for (size_t d = 0; d < length; d++) score += (double)line->query[d] * (double)keys[d * LW_PAGE_LENGTH + t];
        weights[t] = (float)(score * (double)pages->scale);
    }
    lw_shape(pages, line, start, weights);
    const float correction = lw_scalar_weigh(line, length, seen, weights);
    for (size_t d = 0; d < length; d++) {
        double sum = 0;
        for (size_t t = 0; t < seen; t++) sum += (double)weights[t] * (double)values[t * length + d];
        line->state[d] = line->state[d] * correction + (float)sum;
    }
}

void lw_attend_f32(const lw_pages *pages, const lw_attention_line *lines, size_t count, size_t first, size_t last) {
    for (size_t start = first; start < last; start += LW_PAGE_LENGTH)
        for (size_t i = 0; i < count; i++) {
            const size_t seen = lw_seen(lines + i, start, last);
            if (seen > 0) attend_page(pages, lines + i, start, seen);
        }
}
