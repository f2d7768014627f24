// Where things lie in a page of the key/value cache, the same for every table.

#ifndef LW_CACHE_PAGE_H
#define LW_CACHE_PAGE_H

#include "lw_math.h"

/// Columns of a key that share a scale. Keys have a few large columns; one scale for all 64 cost the default model 0.0007
/// nats of mean divergence, one for 32 costs 0.0005. Values are even: one scale each costs 0.00005.
#define LW_KEY_BLOCK 32
#define LW_KEY_BLOCKS(head_length) (((head_length) + LW_KEY_BLOCK - 1) / LW_KEY_BLOCK)

/// The greatest magnitude of a 16-bit quant of a query or a weight.
#define LW_QUANT16_MAX 32767.0f

static inline void *lw_page(const lw_pages *pages, size_t position) {
    return (char *)pages->base + (size_t)pages->table[position / LW_PAGE_LENGTH] * pages->page_stride;
}

/// A page of bytes. Neighbours in what a product sums over lie side by side, as a multiplication of pairs wants them:
/// key column c of position t is keys[c / 2][t][c % 2], value column c of position t is values[t / 2][c][t % 2].
typedef struct lw_i8_page {
    int8_t *keys;
    int8_t *values;
    uint16_t *key_scales;    // half [block of columns][position]
    uint16_t *value_scales;  // half [position]
} lw_i8_page;

static inline lw_i8_page lw_i8_page_at(const lw_pages *pages, size_t position) {
    // An odd head leaves the second place of its last pair of columns empty.
    const size_t bytes = (pages->head_length + pages->head_length % 2) * LW_PAGE_LENGTH;
    int8_t *page = lw_page(pages, position);
    uint16_t *scales = (uint16_t *)(page + 2 * bytes);
    return (lw_i8_page){page, page + bytes, scales, scales + LW_KEY_BLOCKS(pages->head_length) * LW_PAGE_LENGTH};
}

static inline size_t lw_smaller(size_t a, size_t b) { return a < b ? a : b; }

/// Positions of the page from `start` on that a line sees.
static inline size_t lw_seen(const lw_attention_line *line, size_t start, size_t last) {
    const size_t end = lw_smaller(line->limit, last);
    return end <= start ? 0 : lw_smaller(end - start, LW_PAGE_LENGTH);
}

/// The score of a position that a line does not see. Finite: a page of nothing else gives weights that the first score of
/// a position that is seen takes back to zero.
#define LW_UNSEEN (-1e30f)

/// Caps the scores of the page from `start` on, lowers them with distance, and hides what lies before the line's window.
void lw_shape_page(const lw_pages *pages, const lw_attention_line *line, size_t start, float scores[LW_PAGE_LENGTH]);

/// `lw_shape_page` where any of it is asked for, which it seldom is.
static inline void lw_shape(const lw_pages *pages, const lw_attention_line *line, size_t start, float *scores) {
    if (pages->cap > 0 || line->slope != 0 || line->first > start) lw_shape_page(pages, line, start, scores);
}

/// Writes a position into a page of bytes; `encode` gives the bytes of some values and returns their scale.
static inline void lw_store_bytes(const lw_pages *pages, size_t position, const float *restrict key,
                                  const float *restrict value,
                                  uint16_t (*encode)(const float *restrict x, size_t count, int8_t *restrict quants)) {
    const size_t length = pages->head_length, slot = position % LW_PAGE_LENGTH;
    const lw_i8_page page = lw_i8_page_at(pages, position);
    _Alignas(16) int8_t quants[LW_MAX_HEAD_LENGTH];
    for (size_t b = 0; b < LW_KEY_BLOCKS(length); b++) {
        const size_t start = b * LW_KEY_BLOCK, count = lw_smaller(LW_KEY_BLOCK, length - start);
        page.key_scales[b * LW_PAGE_LENGTH + slot] = encode(key + start, count, quants + start);
    }
    for (size_t d = 0; d < length; d++) page.keys[(d / 2 * LW_PAGE_LENGTH + slot) * 2 + d % 2] = quants[d];
    page.value_scales[slot] = encode(value, length, quants);
    for (size_t d = 0; d < length; d++) page.values[(slot / 2 * length + d) * 2 + slot % 2] = quants[d];
}

/// Writes a position into a page of halves: key column c of position t is keys[c][t], value column c is values[t][c].
/// `encode` gives the halves of some values.
static inline void lw_store_halves(const lw_pages *pages, size_t position, const float *restrict key,
                                   const float *restrict value,
                                   void (*encode)(const float *restrict x, size_t count, uint16_t *restrict halves)) {
    const size_t length = pages->head_length, slot = position % LW_PAGE_LENGTH;
    uint16_t *keys = lw_page(pages, position), *values = keys + length * LW_PAGE_LENGTH;
    _Alignas(16) uint16_t halves[LW_MAX_HEAD_LENGTH];
    encode(key, length, halves);
    for (size_t d = 0; d < length; d++) keys[d * LW_PAGE_LENGTH + slot] = halves[d];
    encode(value, length, values + slot * length);
}

/// Limits a value to the finite halves; NaN becomes the least. Operands are ordered as in minps and maxps.
static inline float lw_half_range(float value) {
    value = value > -LW_HALF_MAX ? value : -LW_HALF_MAX;
    return value < LW_HALF_MAX ? value : LW_HALF_MAX;
}

#endif
