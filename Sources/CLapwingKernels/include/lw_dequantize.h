// The quantised blocks of a GGUF file and the functions that turn them into floats. The layouts are facts of the file
// format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Halves are stored as their 16 bits.

#ifndef LW_DEQUANTIZE_H
#define LW_DEQUANTIZE_H

#include <stddef.h>
#include <stdint.h>

/// 32 weights (q - 8) * scale. Byte i of `quants` holds weight i (low nibble) and weight i + 16 (high nibble).
typedef struct lw_block_q4_0 {
    uint16_t scale;
    uint8_t quants[16];
} lw_block_q4_0;

/// 32 weights q * scale + minimum; nibbles as in `lw_block_q4_0`.
typedef struct lw_block_q4_1 {
    uint16_t scale;
    uint16_t minimum;
    uint8_t quants[16];
} lw_block_q4_1;

/// 32 weights (q - 16) * scale; bit i of `high_bits`, little-endian, is the fifth bit of weight i.
typedef struct lw_block_q5_0 {
    uint16_t scale;
    uint8_t high_bits[4];
    uint8_t quants[16];
} lw_block_q5_0;

/// 32 weights q * scale + minimum; bits as in `lw_block_q5_0`.
typedef struct lw_block_q5_1 {
    uint16_t scale;
    uint16_t minimum;
    uint8_t high_bits[4];
    uint8_t quants[16];
} lw_block_q5_1;

/// 32 weights q * scale.
typedef struct lw_block_q8_0 {
    uint16_t scale;
    int8_t quants[32];
} lw_block_q8_0;

/// 256 weights in eight groups of 32: q * (scale * scales[g]) - minimum * minimums[g], both six bits packed into `scales`.
/// Bytes 32 k to 32 k + 31 of `quants` hold group 2 k (low nibbles) and group 2 k + 1 (high nibbles).
typedef struct lw_block_q4_k {
    uint16_t scale;
    uint16_t minimum;
    uint8_t scales[12];
    uint8_t quants[128];
} lw_block_q4_k;

/// As `lw_block_q4_k`, with bit g of `high_bits[i]` as the fifth bit of weight i of group g.
typedef struct lw_block_q5_k {
    uint16_t scale;
    uint16_t minimum;
    uint8_t scales[12];
    uint8_t high_bits[32];
    uint8_t quants[128];
} lw_block_q5_k;

/// 256 weights in sixteen groups of 16: (q - 32) * (scale * scales[g]), six bits a weight.
typedef struct lw_block_q6_k {
    uint8_t low_bits[128];
    uint8_t high_bits[64];
    int8_t scales[16];
    uint16_t scale;
} lw_block_q6_k;

/// 256 weights in sixteen groups of 16: q * (scale * low nibble of scales[g]) - minimum * high nibble. Each 128 weights
/// are four runs of 32 in the same 32 bytes of `quants`: run r in bits 2 r and 2 r + 1.
typedef struct lw_block_q2_k {
    uint8_t scales[16];
    uint8_t quants[64];
    uint16_t scale;
    uint16_t minimum;
} lw_block_q2_k;

/// 256 weights in sixteen groups of 16: (q - 4) * (scale * (scales[g] - 32)), three bits a weight: two as in
/// `lw_block_q2_k`, and bit r of `high_bits[i]` above them for weight i of run r of eight. The first eight bytes of
/// `scales` hold the low nibbles of groups 0 to 7 and 8 to 15; bits 2 k and 2 k + 1 of byte 8 + j belong to group
/// 4 k + j.
typedef struct lw_block_q3_k {
    uint8_t high_bits[32];
    uint8_t quants[64];
    uint8_t scales[12];
    uint16_t scale;
} lw_block_q3_k;

/// 32 weights value * scale with values out of a table of sixteen; nibbles as in `lw_block_q4_0`.
typedef struct lw_block_iq4_nl {
    uint16_t scale;
    uint8_t quants[16];
} lw_block_iq4_nl;

/// 256 weights in eight groups of 32: value * (scale * (scale of the group - 32)), values as in `lw_block_iq4_nl`.
/// Nibble g of `low_scales` and bits 2 g and 2 g + 1 of `high_scales` are the scale; bytes 16 g to 16 g + 15 hold the
/// group.
typedef struct lw_block_iq4_xs {
    uint16_t scale;
    uint16_t high_scales;
    uint8_t low_scales[4];
    uint8_t quants[128];
} lw_block_iq4_xs;

/// 32 weights of the OCP microscaling format: value * 2^(exponent - 127) with values of one bit of sign, two of exponent and
/// one of mantissa; nibbles as in `lw_block_q4_0`.
typedef struct lw_block_mxfp4 {
    uint8_t exponent;
    uint8_t quants[16];
} lw_block_mxfp4;

_Static_assert(sizeof(lw_block_q4_0) == 18, "the size that the file format fixes");
_Static_assert(sizeof(lw_block_q4_1) == 20, "the size that the file format fixes");
_Static_assert(sizeof(lw_block_q5_0) == 22, "the size that the file format fixes");
_Static_assert(sizeof(lw_block_q5_1) == 24, "the size that the file format fixes");
_Static_assert(sizeof(lw_block_q8_0) == 34, "the size that the file format fixes");
_Static_assert(sizeof(lw_block_q4_k) == 144, "the size that the file format fixes");
_Static_assert(sizeof(lw_block_q5_k) == 176, "the size that the file format fixes");
_Static_assert(sizeof(lw_block_q6_k) == 210, "the size that the file format fixes");
_Static_assert(sizeof(lw_block_q2_k) == 84, "the size that the file format fixes");
_Static_assert(sizeof(lw_block_q3_k) == 110, "the size that the file format fixes");
_Static_assert(sizeof(lw_block_iq4_nl) == 18, "the size that the file format fixes");
_Static_assert(sizeof(lw_block_iq4_xs) == 136, "the size that the file format fixes");
_Static_assert(sizeof(lw_block_mxfp4) == 17, "the size that the file format fixes");

// Each writes the weights of `count` blocks in order. Sources need two-byte alignment, which GGUF guarantees; the
// arithmetic is in float, one rounding an operation.
void lw_dequantize_f16(const uint16_t *restrict halves, float *restrict values, size_t count);
void lw_dequantize_bf16(const uint16_t *restrict halves, float *restrict values, size_t count);
void lw_dequantize_q4_0(const lw_block_q4_0 *restrict blocks, float *restrict values, size_t count);
void lw_dequantize_q4_1(const lw_block_q4_1 *restrict blocks, float *restrict values, size_t count);
void lw_dequantize_q5_0(const lw_block_q5_0 *restrict blocks, float *restrict values, size_t count);
void lw_dequantize_q5_1(const lw_block_q5_1 *restrict blocks, float *restrict values, size_t count);
void lw_dequantize_q8_0(const lw_block_q8_0 *restrict blocks, float *restrict values, size_t count);
void lw_dequantize_q4_k(const lw_block_q4_k *restrict blocks, float *restrict values, size_t count);
void lw_dequantize_q5_k(const lw_block_q5_k *restrict blocks, float *restrict values, size_t count);
void lw_dequantize_q6_k(const lw_block_q6_k *restrict blocks, float *restrict values, size_t count);
void lw_dequantize_q2_k(const lw_block_q2_k *restrict blocks, float *restrict values, size_t count);
void lw_dequantize_q3_k(const lw_block_q3_k *restrict blocks, float *restrict values, size_t count);
void lw_dequantize_iq4_nl(const lw_block_iq4_nl *restrict blocks, float *restrict values, size_t count);
void lw_dequantize_iq4_xs(const lw_block_iq4_xs *restrict blocks, float *restrict values, size_t count);
/// An exponent of 255, by which the format means no number, counts as 2^128, as ggml has it.
void lw_dequantize_mxfp4(const lw_block_mxfp4 *restrict blocks, float *restrict values, size_t count);

#endif
