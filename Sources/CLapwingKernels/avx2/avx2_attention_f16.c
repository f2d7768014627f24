// Attention over pages of halves, three query lines by 32 positions (or 32 value columns) at a time: twelve sums in sixteen registers.

#if defined(__x86_64__)

#include "avx2_attention.h"

#pragma STDC FP_CONTRACT OFF

LW_AVX2_BEGIN

#define MAX_LINES 3
/// From this many lines on, a page is widened to floats once instead of for every tile of lines.
#define WIDEN_LINES 7

/// Halves of a multiple of eight values.
LW_INLINE void encode_halves(const float *restrict x, size_t count, uint16_t *restrict halves) {
    const __m256 most = _mm256_set1_ps(LW_HALF_MAX), least = _mm256_set1_ps(-LW_HALF_MAX);
    for (size_t i = 0; i < count; i += 8) {
        const __m256 values = _mm256_min_ps(_mm256_max_ps(_mm256_loadu_ps(x + i), least), most);
        _mm_storeu_si128((__m128i *)(halves + i), _mm256_cvtps_ph(values, _MM_FROUND_TO_NEAREST_INT));
    }
}

void lw_avx2_store_f16(const lw_pages *pages, size_t position, const float *restrict key, const float *restrict value) {
    if (pages->head_length % 8 == 0) lw_store_halves(pages, position, key, value, encode_halves);
    else lw_scalar_store_f16(pages, position, key, value);
}

/// A page's keys and values, either as stored or widened.
typedef struct page {
    const uint16_t *halves;
    const float *floats;
    size_t length;
    const lw_pages *pages;
} page;

LW_INLINE __m256 load8(const bool wide, const page *from, size_t index) {
    return wide ? _mm256_loadu_ps(from->floats + index) : lw_load_halves(from->halves + index);
}

/// Scores of L lines against the page's 32 positions.
LW_INLINE void score_tile(const int L, const bool wide, const page *from, const lw_attention_line *lines,
                          float scores[MAX_LINES][LW_PAGE_LENGTH]) {
    __m256 sums[MAX_LINES][4];
    LW_UNROLL for (int l = 0; l < L; l++)
        LW_UNROLL for (int j = 0; j < 4; j++) sums[l][j] = _mm256_setzero_ps();
    for (size_t d = 0; d < from->length; d++) {
        __m256 query[MAX_LINES];
        LW_UNROLL for (int l = 0; l < L; l++) query[l] = _mm256_set1_ps(lines[l].query[d]);
        LW_UNROLL for (int j = 0; j < 4; j++) {
            const __m256 keys = load8(wide, from, d * LW_PAGE_LENGTH + 8 * (size_t)j);
            LW_UNROLL for (int l = 0; l < L; l++) sums[l][j] = _mm256_fmadd_ps(query[l], keys, sums[l][j]);
        }
    }
    LW_UNROLL for (int l = 0; l < L; l++)
        LW_UNROLL for (int j = 0; j < 4; j++) _mm256_storeu_ps(scores[l] + 8 * j, _mm256_mul_ps(sums[l][j], _mm256_set1_ps(from->pages->scale)));
}

/// Adds weights times values to N registers of the sums of L lines, from column `column` on.
LW_INLINE void add_values(const int L, const int N, const bool wide, const page *from, const lw_attention_line *lines,
                          const float weights[MAX_LINES][LW_PAGE_LENGTH], const float *corrections, size_t seen,
                          size_t column) {
    __m256 sums[MAX_LINES][4];
    LW_UNROLL for (int l = 0; l < L; l++) {
        const __m256 correction = _mm256_set1_ps(corrections[l]);
        LW_UNROLL for (int j = 0; j < N; j++)
            sums[l][j] = _mm256_mul_ps(_mm256_loadu_ps(lines[l].state + column + 8 * j), correction);
    }
    const size_t values = from->length * LW_PAGE_LENGTH + column;
    for (size_t t = 0; t < seen; t++) {
        __m256 weight[MAX_LINES];
        LW_UNROLL for (int l = 0; l < L; l++) weight[l] = _mm256_set1_ps(weights[l][t]);
        LW_UNROLL for (int j = 0; j < N; j++) {
            const __m256 value = load8(wide, from, values + t * from->length + 8 * (size_t)j);
            LW_UNROLL for (int l = 0; l < L; l++) sums[l][j] = _mm256_fmadd_ps(weight[l], value, sums[l][j]);
        }
    }
    LW_UNROLL for (int l = 0; l < L; l++)
        LW_UNROLL for (int j = 0; j < N; j++) _mm256_storeu_ps(lines[l].state + column + 8 * j, sums[l][j]);
}

/// Folds a page into L lines that all see some of it.
LW_INLINE void fold_tile(const int L, const bool wide, const page *from, const lw_attention_line *lines, size_t start,
                         size_t last) {
    float scores[MAX_LINES][LW_PAGE_LENGTH], corrections[MAX_LINES];
    score_tile(L, wide, from, lines, scores);
    size_t most = 0;
    for (int l = 0; l < L; l++) {
        const size_t seen = lw_seen(lines + l, start, last);
        lw_shape(from->pages, lines + l, start, scores[l]);
        corrections[l] = lw_weigh(lines + l, from->length, seen, scores[l]);
        most = seen > most ? seen : most;
    }
    size_t column = 0;
    for (; column + 32 <= from->length; column += 32)
        add_values(L, 4, wide, from, lines, scores, corrections, most, column);
    for (; column < from->length; column += 8)
        add_values(L, 1, wide, from, lines, scores, corrections, most, column);
}

#define FOLD(L)                                                                                             \
    static void fold_half_##L(const page *from, const lw_attention_line *lines, size_t start, size_t last) { \
        fold_tile(L, false, from, lines, start, last);                                                      \
    }                                                                                                       \
    static void fold_wide_##L(const page *from, const lw_attention_line *lines, size_t start, size_t last) { \
        fold_tile(L, true, from, lines, start, last);                                                       \
    }
FOLD(1)
FOLD(2)
FOLD(3)

typedef void fold_function(const page *from, const lw_attention_line *lines, size_t start, size_t last);
static fold_function *const fold_functions[2][MAX_LINES] = {
    {fold_half_1, fold_half_2, fold_half_3},
    {fold_wide_1, fold_wide_2, fold_wide_3},
};

void lw_avx2_attend_f16(const lw_pages *pages, const lw_attention_line *lines, size_t count, size_t first,
                        size_t last) {
    const size_t length = pages->head_length;
    if (length % 8 != 0) {
        lw_scalar_attend_f16(pages, lines, count, first, last);
        return;
    }
    const bool wide = count >= WIDEN_LINES;
    float floats[2 * LW_MAX_HEAD_LENGTH * LW_PAGE_LENGTH];
    page from = {.floats = floats, .length = length, .pages = pages};
    for (size_t start = first; start < last; start += LW_PAGE_LENGTH) {
        from.halves = lw_page(pages, start);
        if (wide)
            for (size_t i = 0; i < 2 * length * LW_PAGE_LENGTH; i += 8)
                _mm256_storeu_ps(floats + i, lw_load_halves(from.halves + i));
        for (size_t i = 0; i < count;) {
            if (lines[i].limit <= start) {
                i++;
                continue;
            }
            size_t tile = 1;
            while (tile < MAX_LINES && i + tile < count && lines[i + tile].limit > start) tile++;
            fold_functions[wide][tile - 1](&from, lines + i, start, last);
            i += tile;
        }
    }
}

LW_AVX2_END

#endif
