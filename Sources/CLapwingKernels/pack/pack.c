// From row-major tensors of the file to strips of eight interleaved rows.

#include "blocks.h"

#pragma STDC FP_CONTRACT OFF

size_t lw_strip_bytes(lw_layout layout, size_t columns) {
    const size_t blocks = columns / LW_BLOCK_LENGTH;
    switch (layout) {
    case LW_LAYOUT_F32: return columns * LW_STRIP_ROWS * sizeof(float);
    case LW_LAYOUT_F16:
    case LW_LAYOUT_BF16: return columns * LW_STRIP_ROWS * sizeof(uint16_t);
    case LW_LAYOUT_Q4_0: return blocks * sizeof(lw_q4_0x8);
    case LW_LAYOUT_Q4_1: return blocks * sizeof(lw_q4_1x8);
    case LW_LAYOUT_Q8_0: return blocks * sizeof(lw_q8_0x8);
    case LW_LAYOUT_I8: return blocks * sizeof(lw_i8x8);
    }
    return 0;
}

int lw_layout_for_type(uint32_t ggml_type) {
    switch (ggml_type) {
    case LW_TYPE_F32: return LW_LAYOUT_F32;
    case LW_TYPE_F16: return LW_LAYOUT_F16;
    case LW_TYPE_BF16: return LW_LAYOUT_BF16;
    case LW_TYPE_Q4_0: return LW_LAYOUT_Q4_0;
    case LW_TYPE_Q4_1: return LW_LAYOUT_Q4_1;
    case LW_TYPE_Q8_0: return LW_LAYOUT_Q8_0;
    case LW_TYPE_Q5_0:
    case LW_TYPE_Q5_1:
    case LW_TYPE_Q4_K:
    case LW_TYPE_Q5_K:
    case LW_TYPE_Q6_K: return LW_LAYOUT_I8;
    default: return -1;
    }
}

static void pack_floats(lw_layout layout, const uint8_t *restrict row, size_t columns, size_t lane, void *restrict out) {
    const size_t size = layout == LW_LAYOUT_F32 ? 4 : 2;
    for (size_t column = 0; column < columns; column++)
        memcpy((uint8_t *)out + (column * LW_STRIP_ROWS + lane) * size, row + column * size, size);
}

/// Groups of four bytes go to the row's place in each of the block's registers, as they are.
static void spread_words(const uint8_t *restrict source, size_t words, size_t lane, uint8_t *restrict quants) {
    for (size_t g = 0; g < words; g++) memcpy(quants + 32 * g + 4 * lane, source + 4 * g, 4);
}

static void pack_block(lw_layout layout, uint32_t type, const void *restrict row, size_t b, size_t lane,
                       void *restrict out) {
    switch (layout) {
    case LW_LAYOUT_Q4_0: {
        const lw_block_q4_0 *source = (const lw_block_q4_0 *)row + b;
        lw_q4_0x8 *block = (lw_q4_0x8 *)out + b;
        block->scale[lane] = source->scale;
        spread_words(source->quants, 4, lane, block->quants[0]);
        break;
    }
    case LW_LAYOUT_Q4_1: {
        const lw_block_q4_1 *source = (const lw_block_q4_1 *)row + b;
        lw_q4_1x8 *block = (lw_q4_1x8 *)out + b;
        block->scale[lane] = source->scale;
        block->minimum[lane] = source->minimum;
        spread_words(source->quants, 4, lane, block->quants[0]);
        break;
    }
    case LW_LAYOUT_Q8_0: {
        const lw_block_q8_0 *source = (const lw_block_q8_0 *)row + b;
        lw_q8_0x8 *block = (lw_q8_0x8 *)out + b;
        block->scale[lane] = source->scale;
        spread_words((const uint8_t *)source->quants, 8, lane, (uint8_t *)block->quants[0]);
        break;
    }
    default: {
        lw_exact_block exact;
        lw_read_exact_block(type, row, b, &exact);
        lw_i8x8 *block = (lw_i8x8 *)out + b;
        block->scale[0][lane] = exact.scale[0];
        block->scale[1][lane] = exact.scale[1];
        block->minimum[lane] = exact.minimum;
        spread_words((const uint8_t *)exact.quants, 8, lane, (uint8_t *)block->quants[0]);
        break;
    }
    }
}

void lw_pack(uint32_t ggml_type, const void *restrict source, size_t row_bytes, size_t rows, size_t columns,
             void *restrict strips, size_t strip0, size_t strip1) {
    const lw_layout layout = (lw_layout)lw_layout_for_type(ggml_type);
    const size_t strip_bytes = lw_strip_bytes(layout, columns);
    for (size_t s = strip0; s < strip1; s++) {
        uint8_t *strip = (uint8_t *)strips + s * strip_bytes;
        const size_t left = rows - s * LW_STRIP_ROWS;
        const size_t filled = left < LW_STRIP_ROWS ? left : LW_STRIP_ROWS;
        const uint8_t *first = (const uint8_t *)source + s * LW_STRIP_ROWS * row_bytes;
        if (filled < LW_STRIP_ROWS) memset(strip, 0, strip_bytes);
        if (layout <= LW_LAYOUT_BF16) {
            for (size_t lane = 0; lane < filled; lane++)
                pack_floats(layout, first + lane * row_bytes, columns, lane, strip);
            continue;
        }
        for (size_t b = 0; b < columns / LW_BLOCK_LENGTH; b++)
            for (size_t lane = 0; lane < filled; lane++)
                pack_block(layout, ggml_type, first + lane * row_bytes, b, lane, strip);
    }
}

void lw_matrix_row(const lw_matrix *w, size_t row, float *restrict out) {
    const uint8_t *strip = (const uint8_t *)w->strips + row / LW_STRIP_ROWS * lw_strip_bytes(w->layout, w->columns);
    const size_t lane = row % LW_STRIP_ROWS;
    for (size_t column = 0; column < w->columns; column++) {
        const size_t place = column * LW_STRIP_ROWS + lane, b = column / LW_BLOCK_LENGTH, i = column % LW_BLOCK_LENGTH;
        const size_t byte = i % 4 + 4 * lane;
        switch (w->layout) {
        case LW_LAYOUT_F32: out[column] = ((const float *)strip)[place]; break;
        case LW_LAYOUT_F16: out[column] = lw_float_of_half(((const uint16_t *)strip)[place]); break;
        case LW_LAYOUT_BF16: out[column] = lw_float_of_bf16(((const uint16_t *)strip)[place]); break;
        case LW_LAYOUT_Q4_0: {
            const lw_q4_0x8 *block = (const lw_q4_0x8 *)strip + b;
            const int quant = block->quants[i % 16 / 4][byte] >> i / 16 * 4 & 15;
            out[column] = (float)(quant - 8) * lw_float_of_half(block->scale[lane]);
            break;
        }
        case LW_LAYOUT_Q4_1: {
            const lw_q4_1x8 *block = (const lw_q4_1x8 *)strip + b;
            const int quant = block->quants[i % 16 / 4][byte] >> i / 16 * 4 & 15;
            out[column] = (float)quant * lw_float_of_half(block->scale[lane]) + lw_float_of_half(block->minimum[lane]);
            break;
        }
        case LW_LAYOUT_Q8_0: {
            const lw_q8_0x8 *block = (const lw_q8_0x8 *)strip + b;
            out[column] = (float)block->quants[i / 4][byte] * lw_float_of_half(block->scale[lane]);
            break;
        }
        case LW_LAYOUT_I8: {
            const lw_i8x8 *block = (const lw_i8x8 *)strip + b;
            out[column] = (float)block->quants[i / 4][byte] * block->scale[i / 16][lane] + block->minimum[lane];
            break;
        }
        }
    }
}
