// Which quantiser a type has; those of plain floats are here.

#include "quantize.h"

#pragma STDC FP_CONTRACT OFF

static void copy_floats(const float *restrict values, const float *restrict importance, size_t count,
                        void *restrict blocks) {
    (void)importance;
    memcpy(blocks, values, count * sizeof *values);
}

static void round_to_halves(const float *restrict values, const float *restrict importance, size_t count,
                            void *restrict blocks) {
    (void)importance;
    uint16_t *halves = blocks;
    for (size_t i = 0; i < count; i++) halves[i] = lw_half_of_float(values[i]);
}

/// To the nearest, ties to even; no finite float is nearer to infinity than to the greatest of them.
static void round_to_bf16(const float *restrict values, const float *restrict importance, size_t count,
                          void *restrict blocks) {
    (void)importance;
    uint16_t *halves = blocks;
    for (size_t i = 0; i < count; i++) {
        const uint32_t bits = lw_bits_of_float(values[i]);
        const uint32_t rounded = bits + 0x7fff + (bits >> 16 & 1);
        const bool overflows = (rounded & 0x7f800000) == 0x7f800000;
        halves[i] = (uint16_t)((overflows ? bits : rounded) >> 16);
    }
}

/// The numbers that the GGUF format gives its types, the elements of a block and its bytes.
static const struct {
    uint32_t type;
    size_t elements;
    lw_quantizer *quantize;
} quantizers[] = {
    {0, 1, copy_floats},          {1, 1, round_to_halves},      {30, 1, round_to_bf16},
    {2, 32, lw_quantize_q4_0},    {3, 32, lw_quantize_q4_1},    {6, 32, lw_quantize_q5_0},
    {7, 32, lw_quantize_q5_1},    {8, 32, lw_quantize_q8_0},    {10, 256, lw_quantize_q2_k},
    {11, 256, lw_quantize_q3_k},  {12, 256, lw_quantize_q4_k},  {13, 256, lw_quantize_q5_k},
    {14, 256, lw_quantize_q6_k},  {20, 32, lw_quantize_iq4_nl}, {23, 256, lw_quantize_iq4_xs},
};

bool lw_can_quantize(uint32_t ggml_type) {
    for (size_t i = 0; i < sizeof quantizers / sizeof *quantizers; i++)
        if (quantizers[i].type == ggml_type) return true;
    return false;
}

void lw_quantize(uint32_t ggml_type, const float *restrict values, const float *restrict importance, size_t count,
                 void *restrict blocks) {
    for (size_t i = 0; i < sizeof quantizers / sizeof *quantizers; i++)
        if (quantizers[i].type == ggml_type)
            quantizers[i].quantize(values, importance, count / quantizers[i].elements, blocks);
}
