// Norms, rotations and activations that no model needs often enough for a form of their own in each instruction set: plain
// loops, which the compiler makes vectors of. Each table's file includes this under its own target. No sum's order and no
// rounding is left to the compiler, so that all tables give the same bits.

#ifndef LW_VECTOR_LOOPS_H
#define LW_VECTOR_LOOPS_H

#include "lw_math.h"

#pragma STDC FP_CONTRACT OFF

#define LW_LOOP static inline __attribute__((always_inline)) void

LW_LOOP lw_layer_norm_loop(const float *restrict x, const float *restrict weight, const float *restrict bias,
                           float epsilon, float *restrict y, size_t count) {
    float lanes[LW_LANES] = {0};
    size_t i = 0;
    for (; i + LW_LANES <= count; i += LW_LANES)
        for (size_t l = 0; l < LW_LANES; l++) lanes[l] += x[i + l];
    for (size_t l = 0; i + l < count; l++) lanes[l] += x[i + l];
    const float mean = lw_fold_lanes(lanes) / (float)count;
    memset(lanes, 0, sizeof lanes);
    for (i = 0; i + LW_LANES <= count; i += LW_LANES)
        for (size_t l = 0; l < LW_LANES; l++) lanes[l] = fmaf(x[i + l] - mean, x[i + l] - mean, lanes[l]);
    for (size_t l = 0; i + l < count; l++) lanes[l] = fmaf(x[i + l] - mean, x[i + l] - mean, lanes[l]);
    const float factor = 1.0f / sqrtf(lw_fold_lanes(lanes) / (float)count + epsilon);
    if (bias)
        for (i = 0; i < count; i++) y[i] = (x[i] - mean) * factor * weight[i] + bias[i];
    else
        for (i = 0; i < count; i++) y[i] = (x[i] - mean) * factor * weight[i];
}

LW_LOOP lw_rope_halves_loop(float *restrict x, const float *restrict cosines, const float *restrict sines,
                            size_t count) {
    const size_t half = count / 2;
    for (size_t i = 0; i < half; i++) {
        const float first = x[i], second = x[half + i];
        x[i] = first * cosines[2 * i] - second * sines[2 * i];
        x[half + i] = second * cosines[2 * i] + first * sines[2 * i];
    }
}

// (1 + tanh(u)) / 2 = 1 / (1 + e^(-2u)) with u = sqrt(2 / pi) (x + 0.044715 x^3).
static inline __attribute__((always_inline)) float lw_gelu_one(float x) {
    const float twice = 1.595769122f * (x + 0.044715f * x * x * x);
    return x / (1.0f + lw_exp_inline(-twice));
}

// x (1 + erf(x / sqrt(2))) / 2, erf by formula 7.1.26 of Abramowitz and Stegun, Handbook of Mathematical Functions.
static inline __attribute__((always_inline)) float lw_gelu_erf_one(float x) {
    const float z = fabsf(x) * 0.707106781f;
    const float t = 1.0f / (1.0f + 0.3275911f * z);
    float p = fmaf(1.061405429f, t, -1.453152027f);
    p = fmaf(p, t, 1.421413741f);
    p = fmaf(p, t, -0.284496736f);
    p = fmaf(p, t, 0.254829592f);
    const float rest = 0.5f * p * t * lw_exp_inline(-z * z);
    return x < 0 ? x * rest : x * (1.0f - rest);
}

// y may be gate or up, and a loop that reads what it writes is not made vectors of: results wait in memory of their own.
#define LW_ACTIVATION_LOOP(name)                                                                      \
    LW_LOOP name##_loop(const float *gate, const float *up, float *y, size_t count) {                 \
        float lanes[LW_LANES];                                                                        \
        size_t i = 0;                                                                                 \
        for (; i + LW_LANES <= count; i += LW_LANES) {                                                \
            for (size_t l = 0; l < LW_LANES; l++) lanes[l] = name##_one(gate[i + l]);                 \
            if (up)                                                                                   \
                for (size_t l = 0; l < LW_LANES; l++) lanes[l] *= up[i + l];                          \
            memcpy(y + i, lanes, sizeof lanes);                                                       \
        }                                                                                             \
        for (; i < count; i++) y[i] = up ? name##_one(gate[i]) * up[i] : name##_one(gate[i]);         \
    }
LW_ACTIVATION_LOOP(lw_gelu)
LW_ACTIVATION_LOOP(lw_gelu_erf)

// 16 lanes: a panel's. What is past the last element is e^-infinity = 0, and changes no sum.
LW_LOOP lw_softmax_loop(float *x, size_t count, float scale) {
    const size_t padded = (count + LW_PANEL_ROWS - 1) / LW_PANEL_ROWS * LW_PANEL_ROWS;
    float lanes[LW_PANEL_ROWS], top = -INFINITY;
    for (size_t i = count; i < padded; i++) x[i] = -INFINITY;
    for (size_t l = 0; l < LW_PANEL_ROWS; l++) lanes[l] = -INFINITY;
    for (size_t i = 0; i < padded; i += LW_PANEL_ROWS)
        for (size_t l = 0; l < LW_PANEL_ROWS; l++) lanes[l] = x[i + l] > lanes[l] ? x[i + l] : lanes[l];
    for (size_t l = 0; l < LW_PANEL_ROWS; l++) top = lanes[l] > top ? lanes[l] : top;
    memset(lanes, 0, sizeof lanes);
    for (size_t i = 0; i < padded; i += LW_PANEL_ROWS)
        for (size_t l = 0; l < LW_PANEL_ROWS; l++) {
            x[i + l] = lw_exp_inline((x[i + l] - top) * scale);
            lanes[l] += x[i + l];
        }
    for (int width = LW_PANEL_ROWS / 2; width > 0; width /= 2)
        for (int l = 0; l < width; l++) lanes[l] = lanes[l] + lanes[l + width];
    const float inverse = 1.0f / lanes[0];
    for (size_t i = 0; i < padded; i++) x[i] *= inverse;
}

LW_LOOP lw_encode_loop(const float *restrict x, size_t count, int8_t *restrict bytes, float *restrict scale,
                       int32_t *restrict sum) {
    // Magnitudes compare like their bits, and NaN stays above infinity.
    uint32_t greatest = 0;
    for (size_t i = 0; i < count; i++) {
        const uint32_t magnitude = lw_bits_of_float(x[i]) & 0x7fffffff;
        greatest = magnitude > greatest ? magnitude : greatest;
    }
    const float magnitude = lw_float_of_bits(greatest);
    const bool usable = magnitude >= LW_TINY && magnitude < INFINITY;
    const float inverse = usable ? 127.0f / magnitude : 0;
    int32_t total = 0;
    if (usable)
        for (size_t i = 0; i < count; i++) {
            const int32_t quant = (int32_t)rintf(x[i] * inverse);
            bytes[i] = (int8_t)quant;
            total += quant;
        }
    else memset(bytes, 0, count);
    for (size_t i = count; i % 4 != 0; i++) bytes[i] = 0;
    *scale = magnitude < INFINITY ? magnitude / 127.0f : magnitude - magnitude;
    *sum = total;
}

/// The functions of one table, named for it.
#define LW_VECTOR_LOOPS(table)                                                                                        \
    void lw_##table##_layer_norm(const float *restrict x, const float *restrict weight, const float *restrict bias,   \
                                 float epsilon, float *restrict y, size_t count) {                                    \
        lw_layer_norm_loop(x, weight, bias, epsilon, y, count);                                                       \
    }                                                                                                                 \
    void lw_##table##_rope_halves(float *restrict x, const float *restrict cosines, const float *restrict sines,      \
                                  size_t count) {                                                                     \
        lw_rope_halves_loop(x, cosines, sines, count);                                                                \
    }                                                                                                                 \
    void lw_##table##_gelu(const float *gate, const float *up, float *y, size_t count) {                              \
        lw_gelu_loop(gate, up, y, count);                                                                             \
    }                                                                                                                 \
    void lw_##table##_gelu_erf(const float *gate, const float *up, float *y, size_t count) {                          \
        lw_gelu_erf_loop(gate, up, y, count);                                                                         \
    }                                                                                                                 \
    void lw_##table##_softmax(float *x, size_t count, float scale) { lw_softmax_loop(x, count, scale); }              \
    void lw_##table##_encode(const float *restrict x, size_t count, int8_t *restrict bytes, float *restrict scale,    \
                             int32_t *restrict sum) {                                                                 \
        lw_encode_loop(x, count, bytes, scale, sum);                                                                  \
    }

/// Their declarations.
#define LW_VECTOR_LOOPS_OF(table)                                                                                     \
    void lw_##table##_layer_norm(const float *restrict x, const float *restrict weight, const float *restrict bias,   \
                                 float epsilon, float *restrict y, size_t count);                                     \
    void lw_##table##_rope_halves(float *restrict x, const float *restrict cosines, const float *restrict sines,      \
                                  size_t count);                                                                      \
    void lw_##table##_gelu(const float *gate, const float *up, float *y, size_t count);                               \
    void lw_##table##_gelu_erf(const float *gate, const float *up, float *y, size_t count);                           \
    void lw_##table##_softmax(float *x, size_t count, float scale);                                                   \
    void lw_##table##_encode(const float *restrict x, size_t count, int8_t *restrict bytes, float *restrict scale,    \
                             int32_t *restrict sum);

#endif
