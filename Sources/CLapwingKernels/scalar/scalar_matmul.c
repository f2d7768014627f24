// y = w x, element by element: the order of every sum that the other tables must keep.

#include "scalar.h"

#pragma STDC FP_CONTRACT OFF

/// Even and odd columns have a sum each, added at the end.
static float dot_float(const lw_matrix *w, const void *strip, size_t lane, const float *x) {
    float sums[2] = {0, 0};
    for (size_t column = 0; column < w->columns; column++) {
        const size_t i = column * LW_STRIP_ROWS + lane;
        float weight = 0;
        if (w->layout == LW_LAYOUT_F32) weight = ((const float *)strip)[i];
        if (w->layout == LW_LAYOUT_F16) weight = lw_float_of_half(((const uint16_t *)strip)[i]);
        if (w->layout == LW_LAYOUT_BF16) weight = lw_float_of_bf16(((const uint16_t *)strip)[i]);
        sums[column % 2] = fmaf(weight, x[column], sums[column % 2]);
    }
    return sums[0] + sums[1];
}

/// The integer product of the packed nibbles, 0...15, of one row with 32 quants.
static int32_t dot_nibbles(const uint8_t quants[4][32], size_t lane, const int8_t *x) {
    int32_t sum = 0;
    for (size_t g = 0; g < 4; g++)
        for (size_t i = 0; i < 4; i++) {
            const uint8_t byte = quants[g][4 * lane + i];
            sum += (byte & 15) * x[4 * g + i] + (byte >> 4) * x[16 + 4 * g + i];
        }
    return sum;
}

/// The integer product of four groups of four packed bytes of one row with 16 quants.
static int32_t dot_bytes(const int8_t quants[4][32], size_t lane, const int8_t *x) {
    int32_t sum = 0;
    for (size_t g = 0; g < 4; g++)
        for (size_t i = 0; i < 4; i++) sum += quants[g][4 * lane + i] * x[4 * g + i];
    return sum;
}

/// Adds one block's product to `sum`: the weights' scales first, the activations' scale last.
static float add_block(const lw_matrix *w, const void *strip, size_t b, size_t lane, const lw_q8_block *x, float sum) {
    switch (w->layout) {
    case LW_LAYOUT_Q4_0: {
        const lw_q4_0x8 *block = (const lw_q4_0x8 *)strip + b;
        // The sum of quants is a small whole number, so taking 8 times it off here is exact.
        const int32_t dot = dot_nibbles(block->quants, lane, x->quants) - 8 * (int32_t)x->sum;
        return fmaf(lw_float_of_half(block->scale[lane]) * (float)dot, x->scale, sum);
    }
    case LW_LAYOUT_Q4_1: {
        const lw_q4_1x8 *block = (const lw_q4_1x8 *)strip + b;
        const float dot = (float)dot_nibbles(block->quants, lane, x->quants);
        const float folded = lw_float_of_half(block->minimum[lane]) * x->sum;
        return fmaf(fmaf(lw_float_of_half(block->scale[lane]), dot, folded), x->scale, sum);
    }
    case LW_LAYOUT_Q8_0: {
        const lw_q8_0x8 *block = (const lw_q8_0x8 *)strip + b;
        const int32_t dot = dot_bytes(block->quants, lane, x->quants) + dot_bytes(block->quants + 4, lane, x->quants + 16);
        return fmaf(lw_float_of_half(block->scale[lane]) * (float)dot, x->scale, sum);
    }
    default: {
        const lw_i8x8 *block = (const lw_i8x8 *)strip + b;
        const float low = (float)dot_bytes(block->quants, lane, x->quants);
        const float high = (float)dot_bytes(block->quants + 4, lane, x->quants + 16);
        float folded = fmaf(block->scale[0][lane], low, block->minimum[lane] * x->sum);
        folded = fmaf(block->scale[1][lane], high, folded);
        return fmaf(folded, x->scale, sum);
    }
    }
}

/// All blocks in ascending order, then the remainders of the marked ones.
static float dot_blocks(const lw_matrix *w, const void *strip, size_t lane, const lw_input *x, size_t token) {
    const lw_q8_block *blocks = x->blocks + token * x->block_stride;
    const lw_q8_block *remainders = x->remainders + token * x->block_stride;
    const uint64_t *marks = x->marks + token * x->mark_stride;
    const size_t count = w->columns / LW_BLOCK_LENGTH;
    float sum = 0;
    for (size_t b = 0; b < count; b++) sum = add_block(w, strip, b, lane, blocks + b, sum);
    for (size_t b = 0; b < count; b++)
        if (marks[b / 64] >> b % 64 & 1) sum = add_block(w, strip, b, lane, remainders + b, sum);
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
