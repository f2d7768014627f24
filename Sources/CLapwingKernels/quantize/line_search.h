// The search for a scale and a minimum: weights as q * scale + minimum, q a whole number from zero to `top`.
//
// What is minimised is sum(w (x - s q - m)^2). For given q it is a line through the points (q, x), for a given line the
// best q is the nearest: the two take turns, from many starts, as in scale_search.h. The K types take a minimum off, as a
// product of two numbers that are not negative, so that theirs is never above zero.

#ifndef LW_LINE_SEARCH_H
#define LW_LINE_SEARCH_H

#include "group.h"

typedef struct lw_line {
    float scale;
    float minimum;
    double gain;  // what the line explains of the sum of squares
} lw_line;

/// A group at a given line: its error and the sums that the best line follows from.
typedef struct lw_line_sums {
    float error;
    float w;
    float x;
    float q;
    float xq;
    float qq;
} lw_line_sums;

LW_INLINE lw_line_sums lw_sum_at_line(const lw_group *group, float scale, float minimum, const float top) {
    const float inverse = lw_inverse(scale);
    lw_f4 error = 0, sum_w = 0, sum_x = 0, sum_q = 0, xq = 0, qq = 0;
    for (int k = 0; k < group->vectors; k++) {
        const lw_f4 x = group->values[k], w = group->importance[k];
        const lw_f4 q = lw_nearest((x - minimum) * inverse, (lw_grid){0, top, false});
        const lw_f4 wq = w * q, rest = x - (q * scale + minimum);
        error += w * rest * rest;
        sum_w += w;
        sum_x += w * x;
        sum_q += wq;
        xq += wq * x;
        qq += wq * q;
    }
    return (lw_line_sums){lw_fold4(error), lw_fold4(sum_w), lw_fold4(sum_x),
                          lw_fold4(sum_q), lw_fold4(xq),    lw_fold4(qq)};
}

/// The best line through the numbers that a line gives.
LW_INLINE lw_line lw_fit_line(const lw_group *group, float scale, float minimum, const float top, const bool is_below) {
    const lw_line_sums s = lw_sum_at_line(group, scale, minimum, top);
    const double determinant = (double)s.w * s.qq - (double)s.q * s.q;
    double slope = 0, offset = s.w > 0 && !is_below ? (double)s.x / s.w : 0;
    if (determinant > 0) {
        slope = ((double)s.w * s.xq - (double)s.x * s.q) / determinant;
        offset = ((double)s.qq * s.x - (double)s.q * s.xq) / determinant;
    }
    if (is_below && (offset > 0 || !(determinant > 0))) {
        slope = s.qq > 0 ? (double)s.xq / s.qq : 0;
        offset = 0;
    }
    if (slope < 0) return (lw_line){0, 0, -INFINITY};
    return (lw_line){(float)slope, (float)offset, slope * s.xq + offset * s.x};
}

/// The line from the least to the greatest value, without a search.
LW_INLINE lw_line lw_plain_line(const lw_group *group, const float top, const bool is_below) {
    const float least = is_below && group->least > 0 ? 0 : group->least;
    return (lw_line){(group->greatest - least) / top, least, -INFINITY};
}

/// Starts are scales by which the range takes `first` to `last` steps, with the spare or missing steps at its upper end,
/// at its lower end or at both.
LW_INLINE lw_line lw_search_line(const lw_group *group, const float top, const lw_starts starts, const bool is_below) {
    const lw_line plain = lw_plain_line(group, top, is_below);
    const float range = group->greatest - plain.minimum;
    if (!(range > LW_TINY)) return plain;
    lw_line best = lw_fit_line(group, plain.scale, plain.minimum, top, is_below);
    for (float steps = starts.first; steps <= starts.last; steps += starts.step) {
        const float scale = range / steps, spare = range - top * scale;
        for (int place = 0; place < 3; place++) {
            const float minimum = plain.minimum + 0.5f * (float)place * spare;
            const lw_line line = lw_fit_line(group, scale, minimum, top, is_below);
            if (line.gain > best.gain) best = line;
        }
    }
    for (int round = 0; round < LW_ROUNDS; round++) {
        const lw_line line = lw_fit_line(group, best.scale, best.minimum, top, is_below);
        if (!(line.gain > best.gain)) break;
        best = line;
    }
    return best;
}

/// The line, in numbers that halves hold, of a block that has one; the plain one where rounding made that one better.
LW_INLINE lw_line lw_block_line(const lw_group *group, const float top, const lw_starts starts) {
    lw_line plain = lw_plain_line(group, top, false), searched = lw_search_line(group, top, starts, false);
    plain.scale = lw_rounded_to_half(plain.scale);
    plain.minimum = lw_rounded_to_half(plain.minimum);
    searched.scale = lw_rounded_to_half(searched.scale);
    searched.minimum = lw_rounded_to_half(searched.minimum);
    const float plain_error = lw_sum_at_line(group, plain.scale, plain.minimum, top).error;
    const float error = lw_sum_at_line(group, searched.scale, searched.minimum, top).error;
    return error <= plain_error ? searched : plain;
}

/// A block's scale and depth (the minimum with its sign turned), and the whole numbers of each group for both.
typedef struct lw_group_lines {
    float scale;  // as halves hold them
    float depth;
    int scales[16];
    int depths[16];
    float error;
} lw_group_lines;

LW_INLINE lw_line_sums lw_sum_in_block(const lw_group *group, const lw_group_lines *block, int scale, int depth,
                                       const float top) {
    return lw_sum_at_line(group, block->scale * (float)scale, -(block->depth * (float)depth), top);
}

/// Takes turns, from a block's scale and depth on, between the groups' whole numbers (those next to what they are) and
/// the two, which are a least-squares problem with two unknowns once all q are given.
LW_INLINE lw_group_lines lw_refine_lines(const lw_group *groups, const int count, lw_group_lines start, const float top,
                                         const int limit) {
    lw_group_lines best = start;
    for (int round = 0; round < LW_ROUNDS; round++) {
        lw_group_lines found = start;
        // Of x = scale * a - depth * b with a = q * whole scale and b = whole depth.
        double aa = 0, ab = 0, bb = 0, xa = 0, xb = 0;
        found.error = 0;
        for (int g = 0; g < count; g++) {
            lw_line_sums sums = {.error = INFINITY};
            for (int s = start.scales[g] - 1; s <= start.scales[g] + 1; s++) {
                for (int d = start.depths[g] - 1; d <= start.depths[g] + 1; d++) {
                    if (s < 0 || s > limit || d < 0 || d > limit) continue;
                    const lw_line_sums other = lw_sum_in_block(&groups[g], &start, s, d, top);
                    if (!(other.error < sums.error)) continue;
                    sums = other;
                    found.scales[g] = s;
                    found.depths[g] = d;
                }
            }
            const double s = found.scales[g], d = found.depths[g];
            found.error += sums.error;
            aa += s * s * sums.qq;
            ab += s * d * sums.q;
            bb += d * d * sums.w;
            xa += s * sums.xq;
            xb += d * sums.x;
        }
        if (!(found.error < best.error)) break;
        best = start = found;
        const double determinant = aa * bb - ab * ab;
        double scale = aa > 0 ? xa / aa : 0, depth = 0;
        if (determinant > 0) {
            scale = (xa * bb - xb * ab) / determinant;
            depth = (xa * ab - xb * aa) / determinant;
        }
        if (scale < 0 || depth < 0) break;
        start.scale = lw_rounded_to_half((float)scale);
        start.depth = lw_rounded_to_half((float)depth);
    }
    return best;
}

/// Whole numbers up to `limit` for lines that each group would have by itself, the greatest of each kind at `end`.
LW_INLINE lw_group_lines lw_whole_lines(const lw_line *wanted, const int count, float end, const int limit) {
    float scale = 0, depth = 0;
    for (int g = 0; g < count; g++) {
        scale = wanted[g].scale > scale ? wanted[g].scale : scale;
        depth = -wanted[g].minimum > depth ? -wanted[g].minimum : depth;
    }
    lw_group_lines lines = {
        .scale = lw_rounded_to_half(scale / end), .depth = lw_rounded_to_half(depth / end), .error = INFINITY};
    const lw_grid wholes = {0, (float)limit, false};
    const float inverse_scale = lw_inverse(lines.scale), inverse_depth = lw_inverse(lines.depth);
    for (int g = 0; g < count; g++) {
        const lw_f4 ratios = {wanted[g].scale * inverse_scale, -wanted[g].minimum * inverse_depth};
        const lw_f4 nearest = lw_nearest(ratios, wholes);
        lines.scales[g] = (int)nearest[0];
        lines.depths[g] = (int)nearest[1];
    }
    return lines;
}

/// The search in two levels: each group's own line, then whole numbers for them.
LW_INLINE lw_group_lines lw_search_group_lines(const lw_group *groups, const int count, const float top,
                                               const lw_starts starts, const int limit) {
    lw_line plain[16], searched[16];
    for (int g = 0; g < count; g++) {
        plain[g] = lw_plain_line(&groups[g], top, true);
        searched[g] = lw_search_line(&groups[g], top, starts, true);
    }
    lw_group_lines best = lw_whole_lines(plain, count, (float)limit, limit);
    best.error = 0;
    for (int g = 0; g < count; g++)
        best.error += lw_sum_in_block(&groups[g], &best, best.scales[g], best.depths[g], top).error;
    for (int end = limit; end > limit - 3; end--) {
        const lw_group_lines start = lw_whole_lines(searched, count, (float)end, limit);
        const lw_group_lines found = lw_refine_lines(groups, count, start, top, limit);
        if (found.error < best.error) best = found;
    }
    return best;
}

#endif
