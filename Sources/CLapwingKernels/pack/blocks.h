// Block types of the file that have no packed layout of their own, taken apart without loss.

#ifndef LW_BLOCKS_H
#define LW_BLOCKS_H

#include "../lw_math.h"

// Type numbers of the GGUF format.
enum {
    LW_TYPE_F32 = 0,
    LW_TYPE_F16 = 1,
    LW_TYPE_Q4_0 = 2,
    LW_TYPE_Q4_1 = 3,
    LW_TYPE_Q5_0 = 6,
    LW_TYPE_Q5_1 = 7,
    LW_TYPE_Q8_0 = 8,
    LW_TYPE_Q4_K = 12,
    LW_TYPE_Q5_K = 13,
    LW_TYPE_Q6_K = 14,
    LW_TYPE_BF16 = 30,
};

/// 32 weights quant * scale[index / 16] + minimum.
typedef struct lw_exact_block {
    float scale[2];
    float minimum;
    int8_t quants[32];
} lw_exact_block;

/// Takes block `index` of 32 weights out of a row of that type.
void lw_read_exact_block(uint32_t ggml_type, const void *restrict row, size_t index, lw_exact_block *restrict block);

#endif
