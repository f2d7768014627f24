// Weights that share a scale, four to a vector. Sums run in four lanes that are folded in one order, so that every
// machine gives the same bits; what is looked for is told in scale_search.h and line_search.h.

#ifndef LW_GROUP_H
#define LW_GROUP_H

#include "../lw_math.h"
#include "../pack/packed.h"
#include "lw_quantize.h"

#pragma STDC FP_CONTRACT OFF

#define LW_INLINE static inline __attribute__((always_inline))

/// One register of SSE2 and of NEON, which every processor has that we run on.
typedef float lw_f4 __attribute__((ext_vector_type(4)));

/// Up to 32 weights, and how much the square of each one's error counts.
typedef struct lw_group {
    lw_f4 values[8];
    lw_f4 importance[8];
    int vectors;
    float extreme;   // the value of the greatest magnitude, with its sign
    float least;
    float greatest;
} lw_group;

LW_INLINE float lw_fold4(lw_f4 v) { return (v[0] + v[2]) + (v[1] + v[3]); }

/// `importance` may be NULL: then all weights count the same.
LW_INLINE lw_group lw_load_group(const float *values, const float *importance, const int count) {
    lw_group group = {.vectors = count / 4, .least = values[0], .greatest = values[0]};
    memcpy(group.values, values, (size_t)count * sizeof *values);
    for (int k = 0; k < group.vectors; k++) group.importance[k] = 1;
    if (importance) memcpy(group.importance, importance, (size_t)count * sizeof *importance);
    for (int i = 1; i < count; i++) {
        group.least = values[i] < group.least ? values[i] : group.least;
        group.greatest = values[i] > group.greatest ? values[i] : group.greatest;
    }
    group.extreme = group.greatest > -group.least ? group.greatest : group.least;
    return group;
}

/// The numbers that a code can stand for, before the scale: all whole ones in a range, or those of IQ4's table.
typedef struct lw_grid {
    float low;
    float high;
    bool is_table;
} lw_grid;

/// Added and taken off again it leaves the nearest whole number, ties to even, of what is far smaller.
#define LW_ROUNDER 0x1.8p23f

/// The nearest number of the grid; the lowest for NaN.
LW_INLINE lw_f4 lw_nearest(lw_f4 x, const lw_grid grid) {
    const lw_f4 low = grid.low, high = grid.high;
    x = x > low ? x : low;
    x = x < high ? x : high;
    if (!grid.is_table) return (x + LW_ROUNDER) - LW_ROUNDER;
    lw_f4 value = low;
    for (int k = 1; k < 16; k++) {
        const lw_f4 next = lw_iq4_values[k], middle = 0.5f * (float)(lw_iq4_values[k] + lw_iq4_values[k - 1]);
        value = x > middle ? next : value;
    }
    return value;
}

/// 1 / scale; zero for zero, which makes every code that of zero.
LW_INLINE float lw_inverse(float scale) { return scale != 0 ? 1 / scale : 0; }

/// A number as a half holds it.
LW_INLINE float lw_rounded_to_half(float value) { return lw_float_of_half(lw_half_of_float(value)); }

/// Numbers of the grid for the group's values, each taken as number * scale + minimum.
LW_INLINE void lw_write_numbers(const lw_group *group, float scale, float minimum, const lw_grid grid, int8_t *numbers) {
    const float inverse = lw_inverse(scale);
    for (int k = 0; k < group->vectors; k++) {
        const lw_f4 nearest = lw_nearest((group->values[k] - minimum) * inverse, grid);
        for (int i = 0; i < 4; i++) numbers[4 * k + i] = (int8_t)nearest[i];
    }
}

/// The extremes that a search begins with: they become this many steps of the grid, from `first` to `last`.
typedef struct lw_starts {
    float first;
    float last;
    float step;
} lw_starts;

/// Rounds of the alternation between codes and scales, which mostly ends after two or three.
#define LW_ROUNDS 8

#endif
