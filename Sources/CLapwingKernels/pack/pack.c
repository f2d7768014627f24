// From row-major tensors of the file to strips of eight interleaved rows.

#include "blocks.h"

#pragma STDC FP_CONTRACT OFF

/// The numbers that the GGUF format gives its types; each one's place is its layout.
static const uint32_t types[] = {
    [LW_LAYOUT_F32] = 0,   [LW_LAYOUT_F16] = 1,   [LW_LAYOUT_BF16] = 30,   [LW_LAYOUT_Q4_0] = 2,
    [LW_LAYOUT_Q4_1] = 3,  [LW_LAYOUT_Q5_0] = 6,  [LW_LAYOUT_Q5_1] = 7,    [LW_LAYOUT_Q8_0] = 8,
    [LW_LAYOUT_Q2_K] = 10, [LW_LAYOUT_Q3_K] = 11, [LW_LAYOUT_Q4_K] = 12,   [LW_LAYOUT_Q5_K] = 13,
    [LW_LAYOUT_Q6_K] = 14, [LW_LAYOUT_IQ4_NL] = 20, [LW_LAYOUT_IQ4_XS] = 23,
};

/// Its values times a power of two have at most two bits, so that bfloat16 holds them, and down to 2^-128.
#define MXFP4 39

int lw_layout_for_type(uint32_t ggml_type) {
    if (ggml_type == MXFP4) return LW_LAYOUT_BF16;
    for (size_t layout = 0; layout < sizeof types / sizeof *types; layout++)
        if (types[layout] == ggml_type) return (int)layout;
    return -1;
}

size_t lw_strip_bytes(lw_layout layout, size_t columns) {
    if (layout <= LW_LAYOUT_BF16) return columns * LW_STRIP_ROWS * (layout == LW_LAYOUT_F32 ? 4 : 2);
    const lw_format f = lw_formats[layout];
    return columns / (LW_BLOCK_LENGTH * lw_span_blocks(f)) * lw_span_bytes(f);
}

/// The file's rows are read in turns, so that the strip is written in order.
LW_ALWAYS_INLINE void pack_floats(const size_t size, const uint8_t *restrict rows, size_t row_bytes, size_t filled,
                                  size_t columns, uint8_t *restrict strip) {
    for (size_t column = 0; column < columns; column++)
        for (size_t lane = 0; lane < filled; lane++)
            memcpy(strip + (column * LW_STRIP_ROWS + lane) * size, rows + lane * row_bytes + column * size, size);
}

/// Whether all weights are finite.
static bool pack_mxfp4(const uint8_t *restrict rows, size_t row_bytes, size_t filled, size_t columns,
                       uint8_t *restrict strip) {
    bool finite = true;
    for (size_t lane = 0; lane < filled; lane++) {
        const lw_block_mxfp4 *blocks = (const lw_block_mxfp4 *)(rows + lane * row_bytes);
        for (size_t b = 0; b < columns / LW_BLOCK_LENGTH; b++) {
            float values[LW_BLOCK_LENGTH];
            lw_dequantize_mxfp4(&blocks[b], values, 1);
            finite = finite && blocks[b].exponent != 255;
            for (size_t i = 0; i < LW_BLOCK_LENGTH; i++) {
                const uint16_t half = (uint16_t)(lw_bits_of_float(values[i]) >> 16);
                finite = finite && (half & 0x7f80) != 0x7f80;
                memcpy(strip + ((b * LW_BLOCK_LENGTH + i) * LW_STRIP_ROWS + lane) * 2, &half, 2);
            }
        }
    }
    return finite;
}

/// Bits `shift` to `shift + bits` of a row's codes to its place in the planes.
LW_ALWAYS_INLINE void put_planes(const uint32_t codes[8], const int shift, const int bits, size_t lane,
                                 uint8_t *planes) {
    const int fields = 8 / bits;
    for (int plane = 0; plane < bits; plane++) {
        uint32_t word = 0;
        for (int k = 0; k < fields; k++) {
            const uint32_t field = codes[plane * fields + k] >> shift & 0x01010101u * ((1u << bits) - 1);
            word |= field << bits * k;
        }
        memcpy(planes + plane * LW_PLANE_BYTES + 4 * lane, &word, 4);
    }
}

static inline bool is_finite_half(uint16_t half) { return (half & 0x7c00) != 0x7c00; }

/// Whether all scales and minimums are finite.
LW_ALWAYS_INLINE bool pack_blocks(const lw_layout layout, const uint8_t *restrict rows, size_t row_bytes, size_t filled,
                                  size_t columns, uint8_t *restrict strip) {
    const lw_format f = lw_formats[layout];
    bool finite = true;
    for (size_t b = 0; b < columns / LW_BLOCK_LENGTH; b++) {
        uint16_t *header = (uint16_t *)lw_header_at(f, strip, b);
        uint8_t *out = (uint8_t *)lw_block_at(f, strip, b), *planes = out + lw_scale_bytes(f);
        for (size_t lane = 0; lane < filled; lane++) {
            const lw_file_block block = lw_read_file_block(layout, rows + lane * row_bytes, b);
            finite = finite && is_finite_half(block.scale) && is_finite_half(block.minimum);
            header[lane] = block.scale;
            if (f.has_minimum) header[LW_STRIP_ROWS + lane] = block.minimum;
            for (int part = 0; part < f.scales; part++) {
                const int nibble = f.scales == 2 && f.has_minimum ? block.minimums[part] << 4 : 0;
                out[part * LW_STRIP_ROWS + (int)lane] = (uint8_t)(block.scales[part] | nibble);
            }
            if (f.scales == 1 && f.has_minimum) out[LW_STRIP_ROWS + lane] = block.minimums[0];
            put_planes(block.codes, 0, f.low_bits, lane, planes);
            if (f.high_bits > 0)
                put_planes(block.codes, f.low_bits, f.high_bits, lane, planes + f.low_bits * LW_PLANE_BYTES);
        }
    }
    return finite;
}

bool lw_pack(uint32_t ggml_type, const void *restrict source, size_t row_bytes, size_t rows, size_t columns,
             void *restrict strips, size_t strip0, size_t strip1) {
    const lw_layout layout = (lw_layout)lw_layout_for_type(ggml_type);
    bool finite = true;
    const size_t strip_bytes = lw_strip_bytes(layout, columns);
    for (size_t s = strip0; s < strip1; s++) {
        uint8_t *strip = (uint8_t *)strips + s * strip_bytes;
        const size_t left = rows - s * LW_STRIP_ROWS;
        const size_t filled = left < LW_STRIP_ROWS ? left : LW_STRIP_ROWS;
        const uint8_t *first = (const uint8_t *)source + s * LW_STRIP_ROWS * row_bytes;
        if (filled < LW_STRIP_ROWS) memset(strip, 0, strip_bytes);
        if (ggml_type == MXFP4) {
            finite &= pack_mxfp4(first, row_bytes, filled, columns, strip);
            continue;
        }
        switch (layout) {
        case LW_LAYOUT_F32: pack_floats(4, first, row_bytes, filled, columns, strip); break;
        case LW_LAYOUT_F16:
        case LW_LAYOUT_BF16: pack_floats(2, first, row_bytes, filled, columns, strip); break;
// The compiler makes a function of each layout, with everything about its format known.
#define CASE(layout) \
    case layout: finite &= pack_blocks(layout, first, row_bytes, filled, columns, strip); break;
            LW_QUANTISED_LAYOUTS(CASE)
        }
    }
    return finite;
}

/// Field `g` of `bits` bits in a column of bytes of planes.
static int field_of(const uint8_t *planes, int bits, int g) {
    const int fields = 8 / bits;
    return planes[g / fields * LW_PLANE_BYTES] >> g % fields * bits & ((1 << bits) - 1);
}

lw_row_block lw_read_row_block(lw_format f, const void *strip, size_t b, size_t lane) {
    const uint16_t *header = (const uint16_t *)lw_header_at(f, strip, b);
    const uint8_t *block = lw_block_at(f, strip, b), *low = block + lw_scale_bytes(f) + 4 * lane;
    const uint8_t *high = low + f.low_bits * LW_PLANE_BYTES;
    lw_row_block row = {.scale = lw_float_of_half(header[lane]), .scales = {1, 1}, .minimums = {1, 1}};
    if (f.has_minimum) row.minimum = lw_float_of_half(header[LW_STRIP_ROWS + lane]);
    for (size_t part = 0; part < 2 && f.scales > 0; part++) {
        const size_t place = f.scales == 2 ? part * LW_STRIP_ROWS + lane : lane;
        row.scales[part] = (int8_t)block[place];
        if (!f.has_minimum) continue;
        row.minimums[part] = f.scales == 2 ? block[place] >> 4 : block[LW_STRIP_ROWS + lane];
        if (f.scales == 2) row.scales[part] = block[place] & 15;
    }
    for (int i = 0; i < 32; i++) {
        int code = field_of(low + i % 4, f.low_bits, i / 4);
        if (f.high_bits > 0) code |= field_of(high + i % 4, f.high_bits, i / 4) << f.low_bits;
        row.quants[i] = f.is_table ? lw_iq4_values[code] : (int8_t)(code - f.offset);
    }
    return row;
}

void lw_matrix_row(const lw_matrix *w, size_t row, float *restrict out) {
    const uint8_t *strip = (const uint8_t *)w->strips + row / LW_STRIP_ROWS * lw_strip_bytes(w->layout, w->columns);
    const size_t lane = row % LW_STRIP_ROWS;
    if (w->layout <= LW_LAYOUT_BF16) {
        for (size_t column = 0; column < w->columns; column++)
            out[column] = lw_packed_float(w->layout, strip, column * LW_STRIP_ROWS + lane);
        return;
    }
    const lw_format f = lw_formats[w->layout];
    for (size_t b = 0; b < w->columns / LW_BLOCK_LENGTH; b++) {
        const lw_row_block block = lw_read_row_block(f, strip, b, lane);
        for (int i = 0; i < 32; i++) {
            const float scaled = (float)block.quants[i] * (block.scale * (float)block.scales[i / 16]);
            const float minimum = block.minimum * (float)block.minimums[i / 16];
            *out++ = f.has_minimum ? scaled + minimum : scaled;
        }
    }
}
