// The inner loops of inference, one table of functions for each instruction set.
//
// Scalar is the specification. Every sum has one order, written out with explicit fused multiply-adds, so all tables
// give the same bits, and a row's result does not depend on how many rows or strips are computed with it.
// A kernel gets pointers and a range. It allocates nothing, starts nothing, keeps nothing and cannot fail.

#ifndef CLAPWINGKERNELS_H
#define CLAPWINGKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lw_dequantize.h"
#include "lw_quantize.h"

#pragma clang assume_nonnull begin

/// Rows that a packed matrix interleaves: one 256-bit register of float sums.
#define LW_STRIP_ROWS 8
/// Elements that share one scale in a quantised block.
#define LW_BLOCK_LENGTH 32
/// Positions in one page of the key/value cache.
#define LW_PAGE_LENGTH 32
/// The longest attention head the kernels take; their scratch on the stack is sized by it.
#define LW_MAX_HEAD_LENGTH 256

// MARK: Packed weights

/// How a packed matrix stores its strips of eight rows. Each type of the file has its own layout, about as small as the
/// file's; those of quantised types are described in pack/packed.h.
typedef enum lw_layout {
    LW_LAYOUT_F32 = 0,   // float [column][8 rows]
    LW_LAYOUT_F16 = 1,   // half [column][8 rows]
    LW_LAYOUT_BF16 = 2,  // bfloat16 [column][8 rows]
    LW_LAYOUT_Q4_0 = 3,  // this and what follows is quantised
    LW_LAYOUT_Q4_1 = 4,
    LW_LAYOUT_Q5_0 = 5,
    LW_LAYOUT_Q5_1 = 6,
    LW_LAYOUT_Q8_0 = 7,
    LW_LAYOUT_Q2_K = 8,
    LW_LAYOUT_Q3_K = 9,
    LW_LAYOUT_Q4_K = 10,
    LW_LAYOUT_Q5_K = 11,
    LW_LAYOUT_Q6_K = 12,
    LW_LAYOUT_IQ4_NL = 13,
    LW_LAYOUT_IQ4_XS = 14,
} lw_layout;

/// A packed matrix of `rows` output rows by `columns` inputs; rows past the last one of the last strip are zero.
typedef struct lw_matrix {
    const void *strips;
    size_t rows;
    size_t columns;  // a whole number of the type's blocks
    lw_layout layout;
} lw_matrix;

/// Bytes that one strip of eight rows takes.
size_t lw_strip_bytes(lw_layout layout, size_t columns);

/// The layout that holds a tensor of this GGML type without loss, or -1 for a type that has none.
int lw_layout_for_type(uint32_t ggml_type);

/// Packs strips [strip0, strip1) of a row-major tensor of `rows` rows, `row_bytes` apart, into `strips`.
/// False where a block has a scale or minimum, or MXFP4 a weight, that is infinite or no number. Such a matrix must not be multiplied with:
/// a token's remainder of zero would make NaN of it, and tokens of a tile share their remainders.
bool lw_pack(uint32_t ggml_type, const void *restrict source, size_t row_bytes, size_t rows, size_t columns,
             void *restrict strips, size_t strip0, size_t strip1);

/// Writes one row of a packed matrix as floats, exactly as the file's own block format defines them.
void lw_matrix_row(const lw_matrix *w, size_t row, float *restrict out);

// MARK: Activations

/// 32 activations as quant * scale, with the sums of the quants that fold the weights' offsets and minima in.
typedef struct lw_q8_block {
    float scale;
    float sum;        // of the 32 quants, an exact whole number
    int16_t sums[2];  // of the first and of the last 16
    int8_t quants[32];
} lw_q8_block;

_Static_assert(sizeof(lw_q8_block) == 44, "two floats, two halves' sums and 32 bytes");

/// Words of 64 bits that mark which of a row's blocks have a remainder.
#define LW_MARK_WORDS(blocks) (((blocks) + 63) / 64)

/// The input rows of a product. Float layouts read `values`, quantised layouts the rest; what is not read may be any
/// address. A marked block is the sum of itself and its remainder; the scale of other remainders is zero.
typedef struct lw_input {
    const float *values;
    size_t value_stride;  // floats from one token to the next
    const lw_q8_block *blocks;
    const lw_q8_block *remainders;
    size_t block_stride;  // blocks, and remainders, from one token to the next
    const uint64_t *marks;
    size_t mark_stride;  // words from one token to the next
} lw_input;

/// Where a product goes: y[token * stride + row], replaced, or added to when `add` is set.
typedef struct lw_output {
    float *values;
    size_t stride;
    bool add;
} lw_output;

// MARK: Panels

/// Rows that a panel interleaves: one 512-bit register of float sums.
#define LW_PANEL_ROWS 16

/// A matrix for products with many rows of input, as an encoder has them, in panels of 16 output rows; rows past the last
/// are zero. Floats are [panel][column][16 rows]. Bytes, which have a scale for each row, are [panel][column / 4][16 rows][4],
/// columns past the last zero.
typedef struct lw_panels {
    const void *values;
    const float *_Nullable scales;  // of each row of the panels; NULL for floats
    size_t rows;
    size_t columns;
} lw_panels;

/// The input rows of a product: floats for a matrix of floats, for one of bytes the rest; what is not read may be any address.
typedef struct lw_rows {
    const float *values;
    size_t stride;  // floats from one row to the next
    const int8_t *bytes;
    size_t byte_stride;  // a multiple of four, as many as there are columns at least; zero past the last column
    const float *scales;
    const int32_t *sums;  // of a row's bytes
} lw_rows;

/// Bytes of a packed matrix's values.
size_t lw_panel_bytes(bool bytes, size_t rows, size_t columns);

/// Packs panels [panel0, panel1) of a row-major matrix with rows `stride` floats apart. False where a value is not finite.
bool lw_pack_panels(const float *restrict source, size_t stride, size_t rows, size_t columns, float *restrict panels,
                    size_t panel0, size_t panel1);

/// The same as bytes: weight = byte * scale, the scale of a row its greatest magnitude / 127.
bool lw_pack_byte_panels(const float *restrict source, size_t stride, size_t rows, size_t columns,
                         int8_t *restrict panels, float *restrict scales, size_t panel0, size_t panel1);

/// Packs the transpose: column c of the matrix lies at source + c * stride.
void lw_pack_transposed(const float *restrict source, size_t stride, size_t rows, size_t columns,
                        float *restrict panels);

// MARK: Attention

/// How a cache keeps keys and values.
typedef enum lw_cache_format {
    LW_CACHE_I8 = 0,   // lw_i8_page: a byte a value, with a scale for each key's 32 columns and one for each value
    LW_CACHE_F16 = 1,  // half keys [head_length][32 positions], then half values [32 positions][head_length]
    LW_CACHE_F32 = 2,  // the same of floats, by the scalar kernels: for comparing with a reference
} lw_cache_format;

/// Bytes that one kv head of one layer takes in a page; a multiple of 64.
size_t lw_page_bytes(lw_cache_format format, size_t head_length);

/// The pages of one sequence as one kv head of one layer sees them.
typedef struct lw_pages {
    void *base;            // this layer and kv head in page 0
    size_t page_stride;    // bytes from one page to the next
    const int32_t *table;  // page numbers, position / 32, of every position before a line's limit
    size_t head_length;
    float scale;  // of a query's product with a key
    float cap;    // scores go through cap * tanh(score / cap); 0 for none
} lw_pages;

/// One query head of one row: it sees positions in [first, limit) and folds them into `state`. A score falls by `slope`
/// for each position before the last one. `state` is head_length weighted sums (not yet divided), then the greatest score,
/// then the sum of the weights.
typedef struct lw_attention_line {
    const float *query;
    float *state;
    size_t limit;
    size_t first;
    float slope;
} lw_attention_line;

// MARK: The table

typedef struct lw_kernels {
    const char *name;

    /// y = w x for `tokens` rows of x and strips [strip0, strip1) of w.
    void (*matmul)(const lw_matrix *w, const lw_input *x, size_t tokens, const lw_output *y, size_t strip0,
                   size_t strip1);

    /// Quantises a row of `count` blocks of 32 floats: scale = greatest magnitude / 127, ties to even. A block whose
    /// greatest magnitude is over 1.5 times the row's mean of them is rounded as coarsely as its outlier asks for: what
    /// rounding took away goes to its remainder, in steps 256 times smaller. Those few blocks carry most of the error.
    void (*quantize)(const float *restrict x, lw_q8_block *restrict blocks, lw_q8_block *restrict remainders,
                     uint64_t *restrict marks, size_t count);

    /// y = w x + bias for `count` rows of x and panels [panel0, panel1) of w. A sum begins with what is added to and the
    /// bias. Floats are added in ascending columns. Of bytes, the whole-number sum times both scales is added as one.
    void (*gemm)(const lw_panels *w, const lw_rows *x, size_t count, const float *_Nullable bias, const lw_output *y,
                 size_t panel0, size_t panel1);

    /// A row as bytes: x = byte * scale, the scale the greatest magnitude / 127, ties to even; zeros up to a multiple of
    /// four. A row that is not finite has a scale of NaN.
    void (*encode)(const float *restrict x, size_t count, int8_t *restrict bytes, float *restrict scale,
                   int32_t *restrict sum);

    /// x = e^(scale * (x - greatest)) / sum of these, `scale` positive. There is room for a multiple of 16, which is written to.
    void (*softmax)(float *x, size_t count, float scale);

    /// y = x / sqrt(mean(x^2) + epsilon) * weight.
    void (*rms_norm)(const float *restrict x, const float *restrict weight, float epsilon, float *restrict y,
                     size_t count);

    /// y = (x - mean(x)) / sqrt(variance(x) + epsilon) * weight + bias; without a bias where that is NULL.
    void (*layer_norm)(const float *restrict x, const float *restrict weight, const float *_Nullable restrict bias,
                       float epsilon, float *restrict y, size_t count);

    /// Rotates adjacent pairs in place; `cosines` and `sines` hold each pair's value twice. `count` is even.
    void (*rope)(float *restrict x, const float *restrict cosines, const float *restrict sines, size_t count);

    /// Rotates element i with element i + count / 2; `cosines` and `sines` are those of `rope`.
    void (*rope_halves)(float *restrict x, const float *restrict cosines, const float *restrict sines, size_t count);

    /// y = gate * sigmoid(gate) * up; y may be gate or up.
    void (*swiglu)(const float *gate, const float *up, float *y, size_t count);

    /// y = gelu(gate) * up, or gelu(gate) where `up` is NULL; y may be gate or up. The first by the tanh form of Hendrycks
    /// and Gimpel (https://arxiv.org/abs/1606.08415), the second by the error function, within 2e-7 of it.
    void (*gelu)(const float *gate, const float *_Nullable up, float *y, size_t count);
    void (*gelu_erf)(const float *gate, const float *_Nullable up, float *y, size_t count);

    /// Writes one position's key and value into its page, held within the finite range of a half. As bytes they are
    /// quant * scale, the scale a half, ties to even.
    void (*store_i8)(const lw_pages *pages, size_t position, const float *restrict key, const float *restrict value);
    void (*store_f16)(const lw_pages *pages, size_t position, const float *restrict key, const float *restrict value);

    /// Folds positions [first, last), `first` a multiple of 32, into each line's state. With bytes in the cache, queries
    /// and weights are rounded to 16 bits, so that products are whole numbers whose sums are exact in any order.
    void (*attend_i8)(const lw_pages *pages, const lw_attention_line *lines, size_t count, size_t first, size_t last);
    void (*attend_f16)(const lw_pages *pages, const lw_attention_line *lines, size_t count, size_t first, size_t last);

    /// Folds `other` (a state over later positions) into `state`; one that has seen nothing changes nothing.
    void (*attend_merge)(float *restrict state, const float *restrict other, size_t head_length);

    /// out = weighted sums / sum of weights; zero where nothing was seen.
    void (*attend_finish)(const float *restrict state, float *restrict out, size_t head_length);

    /// The greatest value; -infinity for none. NaN is passed over.
    float (*maximum)(const float *x, size_t count);

    /// The sum of exp(x - shift) in 32 lanes; see `lw_exp` for the error of one term.
    float (*sum_exp)(const float *x, float shift, size_t count);

    /// y = exp((x - shift) * scale); returns the sum of y in 32 lanes. y may be x.
    float (*exp_scaled)(const float *x, float shift, float scale, float *y, size_t count);

    /// Indices of values >= threshold in ascending order, at most `capacity` of them; returns how many were written.
    size_t (*collect)(const float *restrict x, size_t count, float threshold, uint32_t *restrict indices,
                      size_t capacity);
} lw_kernels;

/// Writes and folds pages of floats; there is one form of them for all tables.
void lw_store_f32(const lw_pages *pages, size_t position, const float *restrict key, const float *restrict value);
void lw_attend_f32(const lw_pages *pages, const lw_attention_line *lines, size_t count, size_t first, size_t last);

/// The fastest table that this processor and its operating system can run.
const lw_kernels *lw_kernels_best(void);

/// The table of that name ("scalar", "avx2", "avx512", "neon", "dotprod", "i8mm"); NULL when this machine cannot run it.
const lw_kernels *_Nullable lw_kernels_named(const char *name);

/// Tells the processor that this thread waits in a loop. Inline, because a call would take longer than the pause.
static inline void lw_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/// e^x with at most 2 units in the last place of error over [-87.3, 88.3]; 0 below, the greatest result above.
float lw_exp(float x);

#pragma clang assume_nonnull end

#endif
