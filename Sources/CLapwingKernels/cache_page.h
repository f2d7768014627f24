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

/// Puts a position's bytes where a page keeps them.
static inline void lw_spread_key(const lw_i8_page *page, size_t length, size_t slot, const int8_t *quants) {
    for (size_t d = 0; d < length; d++) page->keys[(d / 2 * LW_PAGE_LENGTH + slot) * 2 + d % 2] = quants[d];
}

static inline void lw_spread_value(const lw_i8_page *page, size_t length, size_t slot, const int8_t *quants) {
    for (size_t d = 0; d < length; d++) page->values[(slot / 2 * length + d) * 2 + slot % 2] = quants[d];
}

static inline size_t lw_smaller(size_t a, size_t b) { return a < b ? a : b; }

/// Positions of the page from `start` on that a line sees.
static inline size_t lw_seen(const lw_attention_line *line, size_t start, size_t last) {
    const size_t end = lw_smaller(line->limit, last);
    return end <= start ? 0 : lw_smaller(end - start, LW_PAGE_LENGTH);
}

/// Limits a value to the finite halves; NaN becomes the least. Operands are ordered as in minps and maxps.
static inline float lw_half_range(float value) {
    value = value > -LW_HALF_MAX ? value : -LW_HALF_MAX;
    return value < LW_HALF_MAX ? value : LW_HALF_MAX;
}

#endif
