// Attention over pages of bytes, a tile of lines at a time. An instruction set's file defines before it includes this:
// LANES, the types `ints`, `floats` and `wide` (LANES pairs of 16 bits), MOST_LINES, `lw_weigh`, `lw_encode16`,
// `lw_encode_weights`, and the operations on registers that are used below.

#include "cache_page.h"

#pragma STDC FP_CONTRACT OFF

/// Lines whose queries are encoded together: sixteen rows of a prompt with three heads each.
#define GROUP_LINES 48
/// Registers of value columns that a pass over the positions sums up.
#define VALUE_REGISTERS 4

/// Lines as 16-bit quants, and the page that comes after this one.
typedef struct tile {
    const lw_pages *pages;
    lw_i8_page page;
    ptrdiff_t ahead;  // bytes from this page to the next one
    const lw_attention_line *lines;
    const int16_t (*queries)[LW_MAX_HEAD_LENGTH];
    const float *query_scales;
    size_t start;
    size_t last;
} tile;

LW_INLINE int32_t pair_at(const int16_t *quants) {
    int32_t pair;
    memcpy(&pair, quants, sizeof pair);
    return pair;
}

/// Scores of L lines against the page's positions. A query's pair of columns meets LANES positions at once.
LW_INLINE void score(const int L, const tile *at, float scores[MOST_LINES][LW_PAGE_LENGTH]) {
    enum { N = LW_PAGE_LENGTH / LANES };
    const size_t length = at->pages->head_length;
    floats sums[MOST_LINES][N];
    LW_UNROLL for (int l = 0; l < L; l++)
        LW_UNROLL for (int n = 0; n < N; n++) sums[l][n] = zero_floats();
    for (size_t block = 0; block < length; block += LW_KEY_BLOCK) {
        ints dots[MOST_LINES][N];
        LW_UNROLL for (int l = 0; l < L; l++)
            LW_UNROLL for (int n = 0; n < N; n++) dots[l][n] = zero_ints();
        const size_t end = lw_smaller(length, block + LW_KEY_BLOCK);
        for (size_t d = block; d < end; d += 2) {
            const int8_t *keys = at->page.keys + d * LW_PAGE_LENGTH;
            __builtin_prefetch(keys + at->ahead);
            LW_UNROLL for (int n = 0; n < N; n++) {
                const wide pairs = widen(keys + 2 * LANES * n);
                LW_UNROLL for (int l = 0; l < L; l++)
                    dots[l][n] = add_dots(dots[l][n], pairs, pair_at(at->queries[l] + d));
            }
        }
        LW_UNROLL for (int n = 0; n < N; n++) {
            const floats scale = load_halves(at->page.key_scales + block + (size_t)(LANES * n));
            LW_UNROLL for (int l = 0; l < L; l++) sums[l][n] = multiply_add(scale, to_floats(dots[l][n]), sums[l][n]);
        }
    }
    LW_UNROLL for (int l = 0; l < L; l++) {
        const floats factor = repeat(at->pages->scale * at->query_scales[l]);
        LW_UNROLL for (int n = 0; n < N; n++) store_floats(scores[l] + LANES * n, multiply(sums[l][n], factor));
    }
}

/// What the values of a page are summed with: a line's weights as quants * scale, and its correction of earlier sums.
typedef struct weighting {
    int16_t quants[LW_PAGE_LENGTH];
    float scale;
    float correction;
} weighting;

/// Adds weights times values to N registers of the sums of L lines, from column `column` on.
LW_INLINE void add_values(const int L, const int N, const tile *at, const weighting *weights, size_t seen,
                          size_t column) {
    const size_t length = at->pages->head_length;
    ints dots[MOST_LINES][VALUE_REGISTERS];
    LW_UNROLL for (int l = 0; l < L; l++)
        LW_UNROLL for (int n = 0; n < N; n++) dots[l][n] = zero_ints();
    for (size_t t = 0; t < seen; t += 2) {
        const int8_t *values = at->page.values + t * length + 2 * column;
        LW_UNROLL for (int byte = 0; byte < 2 * LANES * N; byte += 64) __builtin_prefetch(values + byte + at->ahead);
        LW_UNROLL for (int n = 0; n < N; n++) {
            const wide pairs = widen(values + 2 * LANES * n);
            LW_UNROLL for (int l = 0; l < L; l++)
                dots[l][n] = add_dots(dots[l][n], pairs, pair_at(weights[l].quants + t));
        }
    }
    LW_UNROLL for (int l = 0; l < L; l++) {
        float *sums = at->lines[l].state + column;
        LW_UNROLL for (int n = 0; n < N; n++) {
            const floats earlier = multiply(load_floats(sums + LANES * n), repeat(weights[l].correction));
            store_floats(sums + LANES * n, multiply_add(to_floats(dots[l][n]), repeat(weights[l].scale), earlier));
        }
    }
}

/// Folds a page into L lines that all see some of it.
LW_INLINE void fold(const int L, const tile *at) {
    const size_t length = at->pages->head_length;
    float scores[MOST_LINES][LW_PAGE_LENGTH];
    weighting weights[MOST_LINES];
    score(L, at, scores);
    size_t most = 0;
    for (int l = 0; l < L; l++) {
        const size_t seen = lw_seen(at->lines + l, at->start, at->last);
        lw_shape(at->pages, at->lines + l, at->start, scores[l]);
        weights[l].correction = lw_weigh(at->lines + l, length, seen, scores[l]);
        weights[l].scale = lw_encode_weights(scores[l], at->page.value_scales, seen, weights[l].quants);
        most = seen > most ? seen : most;
    }
    size_t column = 0;
    for (; column + VALUE_REGISTERS * LANES <= length; column += VALUE_REGISTERS * LANES)
        add_values(L, VALUE_REGISTERS, at, weights, most, column);
    for (; column < length; column += LANES) add_values(L, 1, at, weights, most, column);
}

#define FOLD(L) \
    static void fold_##L(const tile *at) { fold(L, at); }
FOLD(1)
FOLD(2)
FOLD(3)
#if MOST_LINES > 3
FOLD(4)
FOLD(5)
FOLD(6)
#endif

typedef void fold_function(const tile *at);
static fold_function *const fold_functions[MOST_LINES] = {
    fold_1, fold_2, fold_3,
#if MOST_LINES > 3
    fold_4, fold_5, fold_6,
#endif
};

/// Folds a page into those of `count` lines that see some of it, in tiles as even as can be.
static void fold_page(tile at, size_t count) {
    for (size_t i = 0, lines; i < count; i += lines) {
        lines = 0;
        while (i + lines < count && at.lines[lines].limit > at.start) lines++;
        const size_t tiles = (lines + MOST_LINES - 1) / MOST_LINES;
        if (lines > 0) {
            lines = (lines + tiles - 1) / tiles;
            fold_functions[lines - 1](&at);
        } else {
            lines = 1;
        }
        at.lines += lines;
        at.queries += lines;
        at.query_scales += lines;
    }
}

static void attend_i8(const lw_pages *pages, const lw_attention_line *lines, size_t count, size_t first, size_t last) {
    int16_t queries[GROUP_LINES][LW_MAX_HEAD_LENGTH];
    float scales[GROUP_LINES];
    for (size_t begin = 0; begin < count; begin += GROUP_LINES) {
        const size_t group = lw_smaller(count - begin, GROUP_LINES);
        for (size_t i = 0; i < group; i++)
            scales[i] = lw_encode16(lines[begin + i].query, pages->head_length, queries[i]);
        for (size_t start = first; start < last; start += LW_PAGE_LENGTH) {
            // Past `last` too: the pages after it are most often this thread's next.
            const size_t after = start + LW_PAGE_LENGTH, next = after < lines[count - 1].limit ? after : start;
            const ptrdiff_t ahead = (const char *)lw_page(pages, next) - (const char *)lw_page(pages, start);
            fold_page((tile){pages, lw_i8_page_at(pages, start), ahead, lines + begin, queries, scales, start, last},
                      group);
        }
    }
}
