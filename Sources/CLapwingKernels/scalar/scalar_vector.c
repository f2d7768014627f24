// Norms, rotations, activations and the scans over logits, as the other tables must compute them.

#include "scalar.h"

#pragma STDC FP_CONTRACT OFF

/// The greatest magnitude of a block, infinity or NaN included.
static float block_magnitude(const float *x) {
    // Magnitudes compare like their bits, and NaN stays above infinity.
    uint32_t greatest = 0;
    for (size_t i = 0; i < LW_BLOCK_LENGTH; i++) {
        const uint32_t magnitude = lw_bits_of_float(x[i]) & 0x7fffffff;
        greatest = magnitude > greatest ? magnitude : greatest;
    }
    return lw_float_of_bits(greatest);
}

void lw_scalar_quantize_block(const float *restrict x, float magnitude, lw_q8_block *restrict block,
                              lw_q8_block *restrict remainder) {
    const bool finite = magnitude < INFINITY;
    const float inverse = finite && magnitude >= LW_TINY ? 127.0f / magnitude : 0.0f;
    int32_t sums[2] = {0, 0}, rest_sums[2] = {0, 0};
    for (size_t i = 0; i < LW_BLOCK_LENGTH; i++) {
        const float scaled = inverse == 0 ? 0 : x[i] * inverse;
        const float quant = rintf(scaled);
        block->quants[i] = (int8_t)quant;
        sums[i / 16] += block->quants[i];
        if (!remainder) continue;
        // Half a step would be 128; what limiting it leaves out is a 256th of a step.
        float rest = rintf((scaled - quant) * 256.0f);
        rest = rest > 127.0f ? 127.0f : rest < -127.0f ? -127.0f : rest;
        remainder->quants[i] = (int8_t)rest;
        rest_sums[i / 16] += remainder->quants[i];
    }
    // A block that is not finite poisons its products instead of passing for a number.
    block->scale = finite ? magnitude / 127.0f : magnitude - magnitude;
    block->sum = (float)(sums[0] + sums[1]);
    for (int half = 0; half < 2; half++) block->sums[half] = (int16_t)sums[half];
    if (!remainder) return;
    remainder->scale = block->scale / 256.0f;
    remainder->sum = (float)(rest_sums[0] + rest_sums[1]);
    for (int half = 0; half < 2; half++) remainder->sums[half] = (int16_t)rest_sums[half];
}

void lw_scalar_quantize(const float *restrict x, lw_q8_block *restrict blocks, lw_q8_block *restrict remainders,
                        uint64_t *restrict marks, size_t count) {
    float total = 0;
    for (size_t b = 0; b < count; b++) total += block_magnitude(x + b * LW_BLOCK_LENGTH);
    const float limit = total / (float)count * LW_REMAINDER_RATIO;
    for (size_t b = 0; b < count; b++) {
        const float magnitude = block_magnitude(x + b * LW_BLOCK_LENGTH);
        const bool marked = magnitude > limit && magnitude >= LW_TINY;
        if (b % 64 == 0) marks[b / 64] = 0;
        marks[b / 64] |= (uint64_t)marked << b % 64;
        remainders[b].scale = remainders[b].sum = 0;
        remainders[b].sums[0] = remainders[b].sums[1] = 0;
        lw_scalar_quantize_block(x + b * LW_BLOCK_LENGTH, magnitude, blocks + b, marked ? remainders + b : NULL);
    }
}

void lw_scalar_rms_norm(const float *restrict x, const float *restrict weight, float epsilon, float *restrict y,
                        size_t count) {
    float lanes[LW_LANES] = {0};
    for (size_t i = 0; i < count; i++) lanes[i % LW_LANES] = fmaf(x[i], x[i], lanes[i % LW_LANES]);
    const float mean = lw_fold_lanes(lanes) / (float)count;
    const float factor = 1.0f / sqrtf(mean + epsilon);
    for (size_t i = 0; i < count; i++) y[i] = x[i] * factor * weight[i];
}

void lw_scalar_rope(float *restrict x, const float *restrict cosines, const float *restrict sines, size_t count) {
    for (size_t i = 0; i + 1 < count; i += 2) {
        const float even = x[i], odd = x[i + 1];
        x[i] = even * cosines[i] - odd * sines[i];
        x[i + 1] = odd * cosines[i + 1] + even * sines[i + 1];
    }
}

void lw_scalar_swiglu(const float *gate, const float *up, float *y, size_t count) {
    for (size_t i = 0; i < count; i++) y[i] = gate[i] / (1.0f + lw_exp_inline(-gate[i])) * up[i];
}

LW_VECTOR_LOOPS(scalar)

float lw_scalar_maximum(const float *x, size_t count) {
    float greatest = -INFINITY;
    for (size_t i = 0; i < count; i++) greatest = x[i] > greatest ? x[i] : greatest;
    return greatest;
}

float lw_scalar_sum_exp(const float *x, float shift, size_t count) {
    float lanes[LW_LANES] = {0};
    for (size_t i = 0; i < count; i++) lanes[i % LW_LANES] += lw_exp_inline(x[i] - shift);
    return lw_fold_lanes(lanes);
}

float lw_scalar_exp_scaled(const float *x, float shift, float scale, float *y, size_t count) {
    float lanes[LW_LANES] = {0};
    for (size_t i = 0; i < count; i++) {
        y[i] = lw_exp_inline((x[i] - shift) * scale);
        lanes[i % LW_LANES] += y[i];
    }
    return lw_fold_lanes(lanes);
}

size_t lw_scalar_collect(const float *restrict x, size_t count, float threshold, uint32_t *restrict indices,
                         size_t capacity) {
    size_t found = 0;
    for (size_t i = 0; i < count && found < capacity; i++)
        if (x[i] >= threshold) indices[found++] = (uint32_t)i;
    return found;
}

float lw_exp(float x) { return lw_exp_inline(x); }
