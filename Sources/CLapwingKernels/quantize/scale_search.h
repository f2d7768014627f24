// The search for a scale: weights as number * scale, the numbers on a grid.
//
// What is minimised is sum(w (x - s q)^2). For given numbers q the best scale is sum(w x q) / sum(w q^2), and explains
// sum(w x q)^2 / sum(w q^2) of sum(w x^2); for a given scale the best number is the nearest. Taking turns never makes it
// worse and ends in a minimum near its start, so there are many starts: the extreme value as this or that end of the grid.

#ifndef LW_SCALE_SEARCH_H
#define LW_SCALE_SEARCH_H

#include "group.h"

typedef struct lw_scale_fit {
    float scale;
    float gain;  // what the scale explains of the sum of squares
} lw_scale_fit;

/// The best scale for the numbers that values * inverse are nearest to.
LW_INLINE lw_scale_fit lw_fit_scale(const lw_group *group, float inverse, const lw_grid grid) {
    lw_f4 xq = 0, qq = 0;
    for (int k = 0; k < group->vectors; k++) {
        const lw_f4 q = lw_nearest(group->values[k] * inverse, grid), wq = group->importance[k] * q;
        xq += wq * group->values[k];
        qq += wq * q;
    }
    const float x = lw_fold4(xq), q = lw_fold4(qq);
    if (!(q > 0)) return (lw_scale_fit){0, 0};
    return (lw_scale_fit){x / q, x / q * x};
}

/// Both signs are tried where the grid reaches further on one side.
LW_INLINE float lw_search_scale(const lw_group *group, const lw_grid grid, const lw_starts starts) {
    const float extreme = group->extreme;
    if (!(fabsf(extreme) > LW_TINY)) return 0;
    lw_scale_fit best = lw_fit_scale(group, grid.low / extreme, grid);
    for (float end = starts.first; end <= starts.last; end += starts.step) {
        for (int sign = grid.low == -grid.high ? 1 : -1; sign <= 1; sign += 2) {
            const lw_scale_fit fit = lw_fit_scale(group, (float)sign * end / extreme, grid);
            if (fit.gain > best.gain) best = fit;
        }
    }
    for (int round = 0; round < LW_ROUNDS; round++) {
        const lw_scale_fit fit = lw_fit_scale(group, lw_inverse(best.scale), grid);
        if (!(fit.gain > best.gain)) break;
        best = fit;
    }
    return best.scale;
}

/// A group at a given scale: its error and the sums that the best scale follows from.
typedef struct lw_scale_sums {
    float error;
    float xq;
    float qq;
} lw_scale_sums;

LW_INLINE lw_scale_sums lw_sum_at_scale(const lw_group *group, float scale, const lw_grid grid) {
    const float inverse = lw_inverse(scale);
    lw_f4 error = 0, xq = 0, qq = 0;
    for (int k = 0; k < group->vectors; k++) {
        const lw_f4 x = group->values[k], q = lw_nearest(x * inverse, grid), wq = group->importance[k] * q;
        const lw_f4 rest = x - q * scale;
        error += group->importance[k] * rest * rest;
        xq += wq * x;
        qq += wq * q;
    }
    return (lw_scale_sums){lw_fold4(error), lw_fold4(xq), lw_fold4(qq)};
}

/// The scale, as a half holds it, of a block that has one: the searched one, or the extreme at the grid's low end where
/// rounding to a half made that one better.
LW_INLINE float lw_block_scale(const lw_group *group, const lw_grid grid, const lw_starts starts) {
    const float plain = lw_rounded_to_half(group->extreme / grid.low);
    const float searched = lw_rounded_to_half(lw_search_scale(group, grid, starts));
    const float plain_error = lw_sum_at_scale(group, plain, grid).error;
    const float scale = lw_sum_at_scale(group, searched, grid).error <= plain_error ? searched : plain;
    return scale == 0 ? 0 : scale;  // never a negative zero
}

/// A block's scale and the whole numbers that it is multiplied with for each group.
typedef struct lw_group_scales {
    float scale;  // as a half holds it
    int wholes[16];
    float error;
} lw_group_scales;

/// Takes turns, from a block's scale on, between the groups' whole numbers (those next to what they are) and the scale.
LW_INLINE lw_group_scales lw_refine_scales(const lw_group *groups, const int count, lw_group_scales start,
                                           const lw_grid grid, const int low, const int high) {
    lw_group_scales best = start;
    for (int round = 0; round < LW_ROUNDS; round++) {
        lw_group_scales found = start;
        float xq = 0, qq = 0;
        found.error = 0;
        for (int g = 0; g < count; g++) {
            lw_scale_sums sums = {.error = INFINITY};
            for (int whole = start.wholes[g] - 1; whole <= start.wholes[g] + 1; whole++) {
                if (whole < low || whole > high) continue;
                const lw_scale_sums other = lw_sum_at_scale(&groups[g], start.scale * (float)whole, grid);
                if (!(other.error < sums.error)) continue;
                sums = other;
                found.wholes[g] = whole;
            }
            const float whole = (float)found.wholes[g];
            found.error += sums.error;
            xq += whole * sums.xq;
            qq += whole * whole * sums.qq;
        }
        if (!(found.error < best.error)) break;
        best = start = found;
        start.scale = lw_rounded_to_half(qq > 0 ? xq / qq : 0);
    }
    return best;
}

/// Whole numbers from `low` to `high` for scales that each group would have by itself, the greatest one at `end`.
LW_INLINE lw_group_scales lw_whole_scales(const float *wanted, const int count, float end, const int low,
                                          const int high) {
    float extreme = 0;
    for (int g = 0; g < count; g++) extreme = fabsf(wanted[g]) > fabsf(extreme) ? wanted[g] : extreme;
    lw_group_scales scales = {.scale = lw_rounded_to_half(extreme / end), .error = INFINITY};
    const float inverse = lw_inverse(scales.scale);
    for (int g = 0; g < count; g++) {
        const lw_f4 ratio = wanted[g] * inverse;
        scales.wholes[g] = (int)lw_nearest(ratio, (lw_grid){(float)low, (float)high, false})[0];
    }
    return scales;
}

/// The search in two levels: each group's own scale, then whole numbers for them.
LW_INLINE lw_group_scales lw_search_group_scales(const lw_group *groups, const int count, const lw_grid grid,
                                                 const lw_starts starts, const int low, const int high) {
    float plain[16], searched[16];
    for (int g = 0; g < count; g++) {
        plain[g] = groups[g].extreme / grid.low;
        searched[g] = lw_search_scale(&groups[g], grid, starts);
    }
    lw_group_scales best = lw_whole_scales(plain, count, (float)low, low, high);
    best.error = 0;
    for (int g = 0; g < count; g++)
        best.error += lw_sum_at_scale(&groups[g], best.scale * (float)best.wholes[g], grid).error;
    for (int end = low; end < low + 3; end++) {
        const lw_group_scales start = lw_whole_scales(searched, count, (float)end, low, high);
        const lw_group_scales found = lw_refine_scales(groups, count, start, grid, low, high);
        if (found.error < best.error) best = found;
    }
    if (best.scale == 0) best.scale = 0;  // never a negative zero
    return best;
}

#endif
