// How a strip of eight rows stores quantised weights: one description for packing and for every instruction set.
//
// A strip is a row of spans. A span has a header, half scale[8 rows] and in some layouts half minimum[8 rows], then one
// block of 32 columns, or eight where blocks have whole-number scales of their own. A block has those scales, a byte
// each in the order [part][row], and its weights' codes. With `scales` parts a block (else one part, of scale 1):
//
//     weight = (code - offset) * (scale * whole scale of the part) + minimum * whole minimum of the part
//
// A code's low bits and its high bits lie apart, in planes [bits][32 bytes]: byte [4 * row + i] of a plane has as many
// fields as fit it, and field k of plane p belongs to column 4 g + i with g = p * (8 / bits) + k. So one load and one
// shift give four consecutive codes of all eight rows.

#ifndef LW_PACKED_H
#define LW_PACKED_H

#include "../lw_math.h"

typedef struct lw_format {
    int scales;        // whole-number scales of a block and row: none, one, or one for each 16 columns
    bool has_minimum;  // one for each scale: bytes after a single scale, the high nibbles of two
    int low_bits;      // of a code: 8, 4 or 2
    int high_bits;     // above them: 0, 1 or 2
    int offset;
    bool is_table;     // four-bit codes that stand for the bytes of `lw_iq4_values`
} lw_format;

static const lw_format lw_formats[] = {
    [LW_LAYOUT_Q4_0] = {.low_bits = 4, .offset = 8},
    [LW_LAYOUT_Q4_1] = {.low_bits = 4, .has_minimum = true},
    [LW_LAYOUT_Q5_0] = {.low_bits = 4, .high_bits = 1, .offset = 16},
    [LW_LAYOUT_Q5_1] = {.low_bits = 4, .high_bits = 1, .has_minimum = true},
    [LW_LAYOUT_Q8_0] = {.low_bits = 8},
    [LW_LAYOUT_Q2_K] = {.scales = 2, .low_bits = 2, .has_minimum = true},
    [LW_LAYOUT_Q3_K] = {.scales = 2, .low_bits = 2, .high_bits = 1, .offset = 4},
    [LW_LAYOUT_Q4_K] = {.scales = 1, .low_bits = 4, .has_minimum = true},
    [LW_LAYOUT_Q5_K] = {.scales = 1, .low_bits = 4, .high_bits = 1, .has_minimum = true},
    [LW_LAYOUT_Q6_K] = {.scales = 2, .low_bits = 4, .high_bits = 2, .offset = 32},
    [LW_LAYOUT_IQ4_NL] = {.low_bits = 4, .is_table = true},
    [LW_LAYOUT_IQ4_XS] = {.scales = 1, .low_bits = 4, .is_table = true},
};

/// Calls `X(layout)` for each of them.
#define LW_QUANTISED_LAYOUTS(X)                                                                 \
    X(LW_LAYOUT_Q4_0) X(LW_LAYOUT_Q4_1) X(LW_LAYOUT_Q5_0) X(LW_LAYOUT_Q5_1) X(LW_LAYOUT_Q8_0)   \
    X(LW_LAYOUT_Q2_K) X(LW_LAYOUT_Q3_K) X(LW_LAYOUT_Q4_K) X(LW_LAYOUT_Q5_K) X(LW_LAYOUT_Q6_K)   \
    X(LW_LAYOUT_IQ4_NL) X(LW_LAYOUT_IQ4_XS)

#define LW_LAYOUTS(X) X(LW_LAYOUT_F32) X(LW_LAYOUT_F16) X(LW_LAYOUT_BF16) LW_QUANTISED_LAYOUTS(X)

/// What the codes of IQ4_NL and IQ4_XS stand for; a fact of the file format.
static const int8_t lw_iq4_values[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

/// Bytes of one plane: four for each row of a strip.
#define LW_PLANE_BYTES 32

static inline size_t lw_header_bytes(lw_format f) { return f.has_minimum ? 32 : 16; }
static inline size_t lw_span_blocks(lw_format f) { return f.scales > 0 ? 8 : 1; }
/// Bytes of a block's whole-number scales and minimums, where its planes begin.
static inline size_t lw_scale_bytes(lw_format f) { return f.scales == 1 && f.has_minimum ? 16 : 8 * (size_t)f.scales; }
static inline size_t lw_block_bytes(lw_format f) {
    return lw_scale_bytes(f) + (size_t)(f.low_bits + f.high_bits) * LW_PLANE_BYTES;
}
static inline size_t lw_span_bytes(lw_format f) { return lw_header_bytes(f) + lw_span_blocks(f) * lw_block_bytes(f); }

/// Whether codes are bytes with a sign; others begin at zero.
static inline bool lw_is_signed(lw_format f) { return f.low_bits == 8 || f.is_table; }

/// Where block `b` of a strip lies, and the header that its span begins with.
static inline const uint8_t *lw_header_at(lw_format f, const void *strip, size_t b) {
    return (const uint8_t *)strip + b / lw_span_blocks(f) * lw_span_bytes(f);
}
static inline const uint8_t *lw_block_at(lw_format f, const void *strip, size_t b) {
    return lw_header_at(f, strip, b) + lw_header_bytes(f) + b % lw_span_blocks(f) * lw_block_bytes(f);
}

/// The weight at `place` = column * 8 + row of a strip of floats.
static inline float lw_packed_float(lw_layout layout, const void *strip, size_t place) {
    if (layout == LW_LAYOUT_F32) return ((const float *)strip)[place];
    const uint16_t half = ((const uint16_t *)strip)[place];
    return layout == LW_LAYOUT_F16 ? lw_float_of_half(half) : lw_float_of_bf16(half);
}

/// 32 weights of one row, taken apart: quant * (scale * scales[part]) + minimum * minimums[part], part = column / 16.
typedef struct lw_row_block {
    float scale;
    float minimum;
    int scales[2];
    int minimums[2];
    int8_t quants[32];  // with the offset taken off
} lw_row_block;

/// Block `b` of row `lane` of a strip.
lw_row_block lw_read_row_block(lw_format f, const void *strip, size_t b, size_t lane);

#endif
