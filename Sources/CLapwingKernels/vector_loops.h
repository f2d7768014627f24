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

#define LW_ACTIVATION_LOOP(name)                                                                      \
    LW_LOOP name##_loop(const float *gate, const float *up, float *y, size_t count) {                 \
        if (up)                                                                                       \
            for (size_t i = 0; i < count; i++) y[i] = name##_one(gate[i]) * up[i];                    \
        else                                                                                          \
            for (size_t i = 0; i < count; i++) y[i] = name##_one(gate[i]);                            \
    }
LW_ACTIVATION_LOOP(lw_gelu)
LW_ACTIVATION_LOOP(lw_gelu_erf)

/// The four functions of one table, named for it.
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
    }

/// Their declarations.
#define LW_VECTOR_LOOPS_OF(table)                                                                                     \
    void lw_##table##_layer_norm(const float *restrict x, const float *restrict weight, const float *restrict bias,   \
                                 float epsilon, float *restrict y, size_t count);                                     \
    void lw_##table##_rope_halves(float *restrict x, const float *restrict cosines, const float *restrict sines,      \
                                  size_t count);                                                                      \
    void lw_##table##_gelu(const float *gate, const float *up, float *y, size_t count);                               \
    void lw_##table##_gelu_erf(const float *gate, const float *up, float *y, size_t count);

#endif
