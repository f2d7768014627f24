// Attention over pages of halves, three query lines by 32 positions (or 32 value columns) at a time: 24 sums in 32 registers.

#if defined(__aarch64__)

#include "neon_attention.h"

#pragma STDC FP_CONTRACT OFF

#define MAX_LINES 3

/// Halves of a multiple of four values.
LW_INLINE void encode_halves(const float *restrict x, size_t count, uint16_t *restrict halves) {
    const float32x4_t most = vdupq_n_f32(LW_HALF_MAX), least = vdupq_n_f32(-LW_HALF_MAX);
    for (size_t i = 0; i < count; i += 4) {
        const float32x4_t values = vminnmq_f32(vmaxnmq_f32(vld1q_f32(x + i), least), most);
        vst1_u16(halves + i, vreinterpret_u16_f16(vcvt_f16_f32(values)));
    }
}

void lw_neon_store_f16(const lw_pages *pages, size_t position, const float *restrict key, const float *restrict value) {
    if (pages->head_length % 4 == 0) lw_store_halves(pages, position, key, value, encode_halves);
    else lw_scalar_store_f16(pages, position, key, value);
}

/// Scores of L lines against the page's 32 positions.
LW_INLINE void score_tile(const int L, const lw_pages *pages, const uint16_t *keys, const lw_attention_line *lines,
                          float scores[MAX_LINES][LW_PAGE_LENGTH]) {
    float32x4_t sums[MAX_LINES][8];
    LW_UNROLL for (int l = 0; l < L; l++)
        LW_UNROLL for (int j = 0; j < 8; j++) sums[l][j] = vdupq_n_f32(0);
    for (size_t d = 0; d < pages->head_length; d++)
        LW_UNROLL for (int j = 0; j < 8; j++) {
            const float32x4_t four = lw_load_halves(keys + d * LW_PAGE_LENGTH + 4 * (size_t)j);
            LW_UNROLL for (int l = 0; l < L; l++) sums[l][j] = vfmaq_n_f32(sums[l][j], four, lines[l].query[d]);
        }
    LW_UNROLL for (int l = 0; l < L; l++)
        LW_UNROLL for (int j = 0; j < 8; j++)
            vst1q_f32(scores[l] + 4 * j, vmulq_n_f32(sums[l][j], pages->scale));
}

/// Adds weights times values to N registers of the sums of L lines, from column `column` on.
LW_INLINE void add_values(const int L, const int N, const uint16_t *values, size_t length,
                          const lw_attention_line *lines, const float weights[MAX_LINES][LW_PAGE_LENGTH],
                          const float *corrections, size_t seen, size_t column) {
    float32x4_t sums[MAX_LINES][8];
    LW_UNROLL for (int l = 0; l < L; l++)
        LW_UNROLL for (int j = 0; j < N; j++)
            sums[l][j] = vmulq_n_f32(vld1q_f32(lines[l].state + column + 4 * j), corrections[l]);
    for (size_t t = 0; t < seen; t++)
        LW_UNROLL for (int j = 0; j < N; j++) {
            const float32x4_t four = lw_load_halves(values + t * length + column + 4 * (size_t)j);
            LW_UNROLL for (int l = 0; l < L; l++) sums[l][j] = vfmaq_n_f32(sums[l][j], four, weights[l][t]);
        }
    LW_UNROLL for (int l = 0; l < L; l++)
        LW_UNROLL for (int j = 0; j < N; j++) vst1q_f32(lines[l].state + column + 4 * j, sums[l][j]);
}

/// Folds a page into L lines that all see some of it.
LW_INLINE void fold_tile(const int L, const lw_pages *pages, const uint16_t *keys, const lw_attention_line *lines,
                         size_t start, size_t last) {
    const size_t length = pages->head_length;
    float scores[MAX_LINES][LW_PAGE_LENGTH], corrections[MAX_LINES];
    score_tile(L, pages, keys, lines, scores);
    size_t most = 0;
    for (int l = 0; l < L; l++) {
        const size_t seen = lw_seen(lines + l, start, last);
        lw_shape(pages, lines + l, start, scores[l]);
        corrections[l] = lw_weigh(lines + l, length, seen, scores[l]);
        most = seen > most ? seen : most;
    }
    const uint16_t *values = keys + length * LW_PAGE_LENGTH;
    size_t column = 0;
    for (; column + 32 <= length; column += 32)
        add_values(L, 8, values, length, lines, scores, corrections, most, column);
    for (; column < length; column += 4)
        add_values(L, 1, values, length, lines, scores, corrections, most, column);
}

void lw_neon_attend_f16(const lw_pages *pages, const lw_attention_line *lines, size_t count, size_t first,
                        size_t last) {
    if (pages->head_length % 4 != 0) {
        lw_scalar_attend_f16(pages, lines, count, first, last);
        return;
    }
    for (size_t start = first; start < last; start += LW_PAGE_LENGTH) {
        const uint16_t *keys = lw_page(pages, start);
        for (size_t i = 0; i < count;) {
            if (lines[i].limit <= start) {
                i++;
                continue;
            }
            size_t tile = 1;
            while (tile < MAX_LINES && i + tile < count && lines[i + tile].limit > start) tile++;
            switch (tile) {
            case 1: fold_tile(1, pages, keys, lines + i, start, last); break;
            case 2: fold_tile(2, pages, keys, lines + i, start, last); break;
            default: fold_tile(3, pages, keys, lines + i, start, last); break;
            }
            i += tile;
        }
    }
}

#endif
