// The arithmetic all tables share, written once in portable C: half precision, e^x, and the order of sums.

#ifndef LW_MATH_H
#define LW_MATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "CLapwingKernels.h"

#pragma STDC FP_CONTRACT OFF

static inline float lw_float_of_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint32_t lw_bits_of_float(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float lw_float_of_bf16(uint16_t bits) { return lw_float_of_bits((uint32_t)bits << 16); }

/// Exact: every half is a float.
static inline float lw_float_of_half(uint16_t half) {
    const uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    const uint32_t magnitude = half & 0x7fff;
    if (magnitude >= 0x7c00) return lw_float_of_bits(sign | 0x7f800000 | (magnitude & 0x3ff) << 13);
    // Moving the exponent from bias 15 to 127 by a product handles subnormal halves too.
    const float value = lw_float_of_bits(magnitude << 13) * 0x1p112f;
    return lw_float_of_bits(sign | lw_bits_of_float(value));
}

#define LW_HALF_MAX 65504.0f

/// Rounds to the nearest half, ties to even, after limiting the value to the finite halves; NaN becomes -65504.
static inline uint16_t lw_half_of_float(float value) {
    // The order of operands is that of minps and maxps, which return the second one when either is NaN.
    value = value > -LW_HALF_MAX ? value : -LW_HALF_MAX;
    value = value < LW_HALF_MAX ? value : LW_HALF_MAX;
    const uint32_t bits = lw_bits_of_float(value);
    const uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    const float magnitude = fabsf(value);
    if (magnitude < 0x1p-14f) {
        // Subnormal halves are multiples of 2^-24; adding 0.5 puts that unit in the last place of the sum.
        return sign | (uint16_t)(lw_bits_of_float(magnitude + 0.5f) - lw_bits_of_float(0.5f));
    }
    const uint32_t positive = bits & 0x7fffffff;
    const uint32_t rounded = positive + 0xfff + (positive >> 13 & 1);
    return sign | (uint16_t)((rounded - 0x38000000) >> 13);
}

// e^x = 2^n e^r with n = round(x / ln 2) and ln 2 in two parts; the polynomial is the Chebyshev fit of (e^r - 1 - r) / r^2 over |r| <= ln 2 / 2.
#define LW_EXP_LOW (-87.33654f)
#define LW_EXP_HIGH 88.3f
#define LW_LOG2_E 1.44269504f
#define LW_LN2_HIGH 0x1.62e430p-1f
#define LW_LN2_LOW (-0x1.05c610p-29f)
#define LW_EXP_C2 0x1.000000p-1f
#define LW_EXP_C3 0x1.5554dcp-3f
#define LW_EXP_C4 0x1.5554e8p-5f
#define LW_EXP_C5 0x1.120ba6p-7f
#define LW_EXP_C6 0x1.6d4366p-10f

static inline float lw_exp_inline(float x) {
    if (!(x >= LW_EXP_LOW)) return 0;
    x = x < LW_EXP_HIGH ? x : LW_EXP_HIGH;
    const float n = rintf(x * LW_LOG2_E);
    const float r = fmaf(-n, LW_LN2_LOW, fmaf(-n, LW_LN2_HIGH, x));
    float p = fmaf(LW_EXP_C6, r, LW_EXP_C5);
    p = fmaf(p, r, LW_EXP_C4);
    p = fmaf(p, r, LW_EXP_C3);
    p = fmaf(p, r, LW_EXP_C2);
    p = fmaf(p * r, r, r) + 1.0f;
    return p * lw_float_of_bits((uint32_t)((int32_t)n + 127) << 23);
}

/// Lanes that a long sum is spread over: element i goes to lane i mod 32, in ascending i.
#define LW_LANES 32

/// Folds the upper half of the lanes onto the lower one until one is left.
static inline float lw_fold_lanes(float *lanes) {
    for (int width = LW_LANES / 2; width > 0; width /= 2)
        for (int i = 0; i < width; i++) lanes[i] = lanes[i] + lanes[i + width];
    return lanes[0];
}

/// Smaller magnitudes than this quantise to zero, so that 127 / magnitude stays finite.
#define LW_TINY 0x1p-100f

/// A block gets a remainder when its greatest magnitude is over this many times the row's mean of them. Measured on
/// the default model as divergence from unquantised activations, with the share of blocks that get one:
/// none 0.00245, 3: 0.00106 (5%), 2: 0.00071 (9%), 1.5: 0.00048 (14%), 1: 0.00028 (27%).
#define LW_REMAINDER_RATIO 1.5f

#endif
