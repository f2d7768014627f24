// y = w x, element by element: the order of every sum that the other tables must keep.

#include "../pack/packed.h"
#include "scalar.h"

#pragma STDC FP_CONTRACT OFF

/// Even and odd columns have a sum each, added at the end.
static float dot_float(const lw_matrix *w, const void *strip, size_t lane, const float *x) {
    float sums[2] = {0, 0};
    for (size_t column = 0; column < w->columns; column++) {
        const float weight = lw_packed_float(w->layout, strip, column * LW_STRIP_ROWS + lane);
        sums[column % 2] = fmaf(weight, x[column], sums[column % 2]);
    }
    return sums[0] + sums[1];
}

/// Adds one block's product to `sum`: whole numbers first, the weights' scale next, the activations' scale last.
/// The whole numbers stay below 2^24 in every type, so each is a float exactly, however a table comes by it. Nor does a
/// whole-number scale round a half: the product of both, at most 19 bits, may be a factor in place of the two.
static float add_block(lw_format f, const void *strip, size_t b, size_t lane, const lw_q8_block *x, float sum) {
    const lw_row_block w = lw_read_row_block(f, strip, b, lane);
    int32_t dot = 0;
    for (int i = 0; i < 32; i++) dot += w.scales[i / 16] * w.quants[i] * x->quants[i];
    float product = w.scale * (float)dot;
    if (f.has_minimum) {
        const int32_t folded = w.minimums[0] * x->sums[0] + w.minimums[1] * x->sums[1];
        product = fmaf(w.scale, (float)dot, w.minimum * (float)folded);
    }
    return fmaf(product, x->scale, sum);
}

/// All blocks in ascending order, then the remainders of the marked ones.
static float dot_blocks(const lw_matrix *w, const void *strip, size_t lane, const lw_input *x, size_t token) {
    const lw_q8_block *blocks = x->blocks + token * x->block_stride;
    const lw_q8_block *remainders = x->remainders + token * x->block_stride;
    const uint64_t *marks = x->marks + token * x->mark_stride;
    const size_t count = w->columns / LW_BLOCK_LENGTH;
    const lw_format f = lw_formats[w->layout];
    float sum = 0;
    for (size_t b = 0; b < count; b++) sum = add_block(f, strip, b, lane, blocks + b, sum);
    for (size_t b = 0; b < count; b++)
        if (marks[b / 64] >> b % 64 & 1) sum = add_block(f, strip, b, lane, remainders + b, sum);
    return sum;
}

void lw_scalar_matmul(const lw_matrix *w, const lw_input *x, size_t tokens, const lw_output *y, size_t strip0,
                      size_t strip1) {
    const size_t strip_bytes = lw_strip_bytes(w->layout, w->columns);
    const bool floats = w->layout <= LW_LAYOUT_BF16;
    for (size_t row = strip0 * LW_STRIP_ROWS; row < strip1 * LW_STRIP_ROWS && row < w->rows; row++) {
        const char *strip = (const char *)w->strips + row / LW_STRIP_ROWS * strip_bytes;
        const size_t lane = row % LW_STRIP_ROWS;
        for (size_t token = 0; token < tokens; token++) {
            const float sum = floats ? dot_float(w, strip, lane, x->values + token * x->value_stride)
                                     : dot_blocks(w, strip, lane, x, token);
            float *out = y->values + token * y->stride + row;
            *out = y->add ? *out + sum : sum;
        }
    }
}
