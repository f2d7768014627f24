// Attention over pages of bytes. Products are of bytes with 16-bit quants, so their sums are exact whole numbers.

#include "scalar_attention.h"

#pragma STDC FP_CONTRACT OFF

/// Bytes of `count` values as quant * scale; returns the scale, a half.
static uint16_t encode_bytes(const float *restrict x, size_t count, int8_t *restrict quants) {
    float magnitude = 0;
    for (size_t i = 0; i < count; i++) magnitude = fmaxf(magnitude, fabsf(lw_half_range(x[i])));
    const uint16_t scale = lw_half_of_float(magnitude / 127.0f);
    const float inverse = scale == 0 ? 0 : 1.0f / lw_float_of_half(scale);
    for (size_t i = 0; i < count; i++) {
        // A scale that was rounded down leaves the greatest value over 127, by much only among the least halves.
        const float quant = rintf(lw_half_range(x[i]) * inverse);
        quants[i] = (int8_t)(quant > 127.0f ? 127.0f : quant < -127.0f ? -127.0f : quant);
    }
    return scale;
}

void lw_scalar_store_i8(const lw_pages *pages, size_t position, const float *restrict key,
                        const float *restrict value) {
    lw_store_bytes(pages, position, key, value, encode_bytes);
}

float lw_scalar_encode16(const float *restrict x, size_t count, int16_t *restrict quants) {
    uint32_t greatest = 0;
    for (size_t i = 0; i < count; i++) {
        const uint32_t bits = lw_bits_of_float(x[i]) & 0x7fffffff;
        greatest = bits > greatest ? bits : greatest;
    }
    const float magnitude = lw_float_of_bits(greatest);
    const bool usable = magnitude >= LW_TINY && magnitude < INFINITY;
    const float inverse = usable ? LW_QUANT16_MAX / magnitude : 0;
    for (size_t i = 0; i < count; i++) quants[i] = usable ? (int16_t)rintf(x[i] * inverse) : 0;
    return usable ? magnitude / LW_QUANT16_MAX : 0;
}

/// Folds the first `seen` positions of a page into one line's state; the query is quants * query_scale.
static void attend_page(const lw_pages *pages, const lw_attention_line *line, const int16_t *query, float query_scale,
                        size_t start, size_t seen) {
    const size_t length = pages->head_length;
    const lw_i8_page page = lw_i8_page_at(pages, start);
    float weights[LW_PAGE_LENGTH];
    for (size_t t = 0; t < LW_PAGE_LENGTH; t++) {
        float score = 0;
        for (size_t b = 0; b < LW_KEY_BLOCKS(length); b++) {
            int32_t dot = 0;
            for (size_t d = b * LW_KEY_BLOCK; d < lw_smaller(length, (b + 1) * LW_KEY_BLOCK); d++)
                dot += page.keys[(d / 2 * LW_PAGE_LENGTH + t) * 2 + d % 2] * query[d];
            score = fmaf(lw_float_of_half(page.key_scales[b * LW_PAGE_LENGTH + t]), (float)dot, score);
        }
        weights[t] = score * (pages->scale * query_scale);
    }
    lw_shape(pages, line, start, weights);
    const float correction = lw_scalar_weigh(line, length, seen, weights);
    // Each value's scale goes into its weight; unseen positions may hold anything.
    for (size_t t = 0; t < LW_PAGE_LENGTH; t++)
        weights[t] = t < seen ? weights[t] * lw_float_of_half(page.value_scales[t]) : 0;
    int16_t quants[LW_PAGE_LENGTH];
    const float scale = lw_scalar_encode16(weights, LW_PAGE_LENGTH, quants);
    for (size_t d = 0; d < length; d++) {
        int32_t dot = 0;
        for (size_t t = 0; t < seen; t++) dot += page.values[(t / 2 * length + d) * 2 + t % 2] * quants[t];
        line->state[d] = fmaf((float)dot, scale, line->state[d] * correction);
    }
}

void lw_scalar_attend_i8(const lw_pages *pages, const lw_attention_line *lines, size_t count, size_t first,
                         size_t last) {
    for (size_t i = 0; i < count; i++) {
        int16_t query[LW_MAX_HEAD_LENGTH];
        const float scale = lw_scalar_encode16(lines[i].query, pages->head_length, query);
        for (size_t start = first; start < last; start += LW_PAGE_LENGTH) {
            const size_t seen = lw_seen(lines + i, start, last);
            if (seen > 0) attend_page(pages, lines + i, query, scale, start, seen);
        }
    }
}
