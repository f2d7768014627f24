// y = w x of packed panels, element by element: the order of every sum that the other tables must keep.

#include "scalar.h"

#pragma STDC FP_CONTRACT OFF

static float float_sum(const lw_panels *w, size_t row, const float *x, float sum) {
    const float *panel = (const float *)w->values + row / LW_PANEL_ROWS * w->columns * LW_PANEL_ROWS;
    for (size_t column = 0; column < w->columns; column++)
        sum = fmaf(panel[column * LW_PANEL_ROWS + row % LW_PANEL_ROWS], x[column], sum);
    return sum;
}

static float byte_sum(const lw_panels *w, size_t row, const lw_rows *x, size_t token, float sum) {
    const size_t fours = (w->columns + 3) / 4, lane = row % LW_PANEL_ROWS;
    const int8_t *panel = (const int8_t *)w->values + row / LW_PANEL_ROWS * fours * 4 * LW_PANEL_ROWS;
    const int8_t *bytes = x->bytes + token * x->byte_stride;
    int32_t dot = 0;
    for (size_t column = 0; column < 4 * fours; column++)
        dot += panel[(column / 4 * LW_PANEL_ROWS + lane) * 4 + column % 4] * bytes[column];
    return fmaf((float)dot, x->scales[token] * w->scales[row], sum);
}

void lw_scalar_gemm(const lw_panels *w, const lw_rows *x, size_t count, const float *bias, const lw_output *y,
                    size_t panel0, size_t panel1) {
    for (size_t row = panel0 * LW_PANEL_ROWS; row < panel1 * LW_PANEL_ROWS && row < w->rows; row++)
        for (size_t token = 0; token < count; token++) {
            float *out = y->values + token * y->stride + row;
            const float own = bias ? bias[row] : 0, start = y->add ? *out + own : own;
            *out = w->scales ? byte_sum(w, row, x, token, start)
                             : float_sum(w, row, x->values + token * x->stride, start);
        }
}
