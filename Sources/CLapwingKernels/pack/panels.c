// From row-major floats to panels of sixteen interleaved rows.

#include "../lw_math.h"

#pragma STDC FP_CONTRACT OFF

size_t lw_panel_bytes(bool bytes, size_t rows, size_t columns) {
    const size_t panels = (rows + LW_PANEL_ROWS - 1) / LW_PANEL_ROWS;
    return panels * LW_PANEL_ROWS * (bytes ? (columns + 3) / 4 * 4 : columns * sizeof(float));
}

static inline size_t rows_left(size_t rows, size_t panel) {
    const size_t left = rows - panel * LW_PANEL_ROWS;
    return left < LW_PANEL_ROWS ? left : LW_PANEL_ROWS;
}

bool lw_pack_panels(const float *restrict source, size_t stride, size_t rows, size_t columns, float *restrict panels,
                    size_t panel0, size_t panel1) {
    uint32_t greatest = 0;
    for (size_t panel = panel0; panel < panel1; panel++) {
        const size_t filled = rows_left(rows, panel);
        const float *from = source + panel * LW_PANEL_ROWS * stride;
        float *to = panels + panel * LW_PANEL_ROWS * columns;
        for (size_t column = 0; column < columns; column++, to += LW_PANEL_ROWS) {
            for (size_t row = 0; row < filled; row++) {
                const float value = from[row * stride + column];
                const uint32_t magnitude = lw_bits_of_float(value) & 0x7fffffff;
                greatest = magnitude > greatest ? magnitude : greatest;
                to[row] = value;
            }
            for (size_t row = filled; row < LW_PANEL_ROWS; row++) to[row] = 0;
        }
    }
    return lw_float_of_bits(greatest) < INFINITY;
}

/// The scale of a row of weights, and the row as bytes at the places that a panel has for it.
static float pack_row(const float *restrict source, size_t columns, int8_t *restrict to) {
    float magnitude = 0;
    bool finite = true;
    for (size_t column = 0; column < columns; column++) {
        finite = finite && fabsf(source[column]) < INFINITY;
        magnitude = fmaxf(magnitude, fabsf(source[column]));
    }
    const bool usable = finite && magnitude >= LW_TINY;
    for (size_t column = 0; column < (columns + 3) / 4 * 4; column++) {
        const bool within = usable && column < columns;
        to[column / 4 * 4 * LW_PANEL_ROWS + column % 4] =
            within ? (int8_t)rintf(source[column] * (127.0f / magnitude)) : 0;
    }
    return finite ? magnitude / 127.0f : NAN;
}

bool lw_pack_byte_panels(const float *restrict source, size_t stride, size_t rows, size_t columns,
                         int8_t *restrict panels, float *restrict scales, size_t panel0, size_t panel1) {
    bool finite = true;
    for (size_t panel = panel0; panel < panel1; panel++) {
        const size_t filled = rows_left(rows, panel), fours = (columns + 3) / 4;
        int8_t *to = panels + panel * fours * 4 * LW_PANEL_ROWS;
        for (size_t row = 0; row < LW_PANEL_ROWS; row++) {
            const size_t count = row < filled ? columns : 0;
            if (count == 0)
                for (size_t four = 0; four < fours; four++) memset(to + (four * LW_PANEL_ROWS + row) * 4, 0, 4);
            const float *from = source + (panel * LW_PANEL_ROWS + (row < filled ? row : 0)) * stride;
            const float scale = count == 0 ? 0 : pack_row(from, columns, to + 4 * row);
            scales[panel * LW_PANEL_ROWS + row] = scale;
            finite = finite && scale < INFINITY;
        }
    }
    return finite;
}

void lw_pack_transposed(const float *restrict source, size_t stride, size_t rows, size_t columns,
                        float *restrict panels) {
    for (size_t panel = 0; panel * LW_PANEL_ROWS < rows; panel++) {
        const size_t filled = rows_left(rows, panel);
        for (size_t column = 0; column < columns; column++, panels += LW_PANEL_ROWS) {
            const float *from = source + column * stride + panel * LW_PANEL_ROWS;
            for (size_t row = 0; row < filled; row++) panels[row] = from[row];
            for (size_t row = filled; row < LW_PANEL_ROWS; row++) panels[row] = 0;
        }
    }
}
