// Compares every table of a processor with the scalar one, bit for bit. The Swift tests do that for the processor they
// run on; this program does it for one that is only emulated, and under the compiler's sanitizers: memory is allocated to
// the byte, so that what a kernel reads or writes beside its own is reported. Scripts/emulate.sh and Scripts/sanitize.sh.
// Prints the table that the processor chooses and a line a kernel; exits with the number of kernels that differ.

#include <stdio.h>
#include <stdlib.h>

#include "../lw_math.h"

static uint64_t state = 1;

/// SplitMix64 (Steele, Lea, Flood 2014).
static uint64_t draw(void) {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static float uniform(float magnitude) { return ((float)(draw() >> 40) / 0x1p23f - 1) * magnitude; }

static float *floats(size_t count, float magnitude) {
    float *values = malloc(count * sizeof *values);
    for (size_t i = 0; i < count; i++) values[i] = uniform(magnitude);
    return values;
}

/// Sizes at which loops over registers, blocks and tails change their path.
static const size_t sizes[] = {1, 3, 4, 5, 7, 8, 9, 16, 31, 32, 33, 63, 64, 65, 255, 256, 257, 576};
#define EACH_SIZE(n) for (size_t at_ = 0, n; at_ < sizeof sizes / sizeof *sizes && (n = sizes[at_], true); at_++)

static bool same(const void *a, const void *b, size_t bytes) { return memcmp(a, b, bytes) == 0; }

// MARK: Products

/// A type of the file: its block, and where in one its halves lie. Those must be numbers; all other bytes are random.
typedef struct block_type {
    uint32_t number;
    size_t elements, bytes, halves[2];
} block_type;

static const block_type types[] = {
    {2, 32, 18, {0, 0}},       {3, 32, 20, {0, 2}},    {6, 32, 22, {0, 0}},       {7, 32, 24, {0, 2}},
    {8, 32, 34, {0, 0}},       {10, 256, 84, {80, 82}}, {11, 256, 110, {108, 108}}, {12, 256, 144, {0, 2}},
    {13, 256, 176, {0, 2}},    {14, 256, 210, {208, 208}}, {20, 32, 18, {0, 0}},  {23, 256, 136, {0, 0}},
    {0, 1, 4, {0}},            {1, 1, 2, {0}},         {30, 1, 2, {0}},
};

static bool is_float(const block_type *type) { return type->elements == 1; }

static lw_matrix random_matrix(const block_type *type, size_t rows, size_t columns) {
    const size_t blocks = rows * columns / type->elements;
    uint8_t *file = malloc(blocks * type->bytes);
    for (size_t i = 0; i < blocks * type->bytes; i++) file[i] = (uint8_t)draw();
    for (size_t b = 0; b < blocks; b++) {
        uint8_t *block = file + b * type->bytes;
        const float value = uniform(2);
        const uint32_t bits = lw_bits_of_float(value);
        const uint16_t half = lw_half_of_float(value * (b % 7 ? 1 : 1e-5f)), brain = (uint16_t)(bits >> 16);
        if (type->number == 0) memcpy(block, &bits, sizeof bits);
        if (type->number == 1) memcpy(block, &half, sizeof half);
        if (type->number == 30) memcpy(block, &brain, sizeof brain);
        for (int i = 0; i < 2 && !is_float(type); i++) {
            const uint16_t scale = lw_half_of_float(uniform(0.1f));
            memcpy(block + type->halves[i], &scale, sizeof scale);
        }
    }
    const lw_layout layout = (lw_layout)lw_layout_for_type(type->number);
    const size_t strips = (rows + 7) / 8;
    // Of exactly the size that it needs, so that an address sanitiser sees what reads past it.
    void *memory = malloc(strips * lw_strip_bytes(layout, columns));
    lw_pack(type->number, file, blocks / rows * type->bytes, rows, columns, memory, 0, strips);
    free(file);
    return (lw_matrix){.strips = memory, .rows = rows, .columns = columns, .layout = layout};
}

static bool products_agree(const lw_kernels *table, const lw_kernels *scalar, const block_type *type, size_t rows,
                           size_t columns, size_t tokens) {
    const lw_matrix w = random_matrix(type, rows, columns);
    const size_t blocks = columns / 32, words = LW_MARK_WORDS(blocks);
    float *x = floats(tokens * columns, 3);
    for (size_t i = 37; i < tokens * columns; i += 151) x[i] *= 30;  // outliers give some blocks a remainder
    lw_q8_block *quants = malloc(tokens * blocks * sizeof *quants), *rest = malloc(tokens * blocks * sizeof *rest);
    uint64_t *marks = malloc(tokens * words * sizeof *marks);
    memset(rest, 99, tokens * blocks * sizeof *rest);
    for (size_t t = 0; t < tokens && blocks > 0; t++)
        scalar->quantize(x + t * columns, quants + t * blocks, rest + t * blocks, marks + t * words, blocks);
    const lw_input input = {x, columns, quants, rest, blocks, marks, words};
    bool agree = true;
    for (int add = 0; add < 2; add++) {
        float *expected = floats(tokens * rows, 1), *found = malloc(tokens * rows * sizeof *found);
        memcpy(found, expected, tokens * rows * sizeof *found);
        const lw_output to_expected = {expected, rows, add}, to_found = {found, rows, add};
        scalar->matmul(&w, &input, tokens, &to_expected, 0, (rows + 7) / 8);
        table->matmul(&w, &input, tokens, &to_found, 0, (rows + 7) / 8);
        agree = agree && same(expected, found, tokens * rows * sizeof *found);
        free(expected);
        free(found);
    }
    free((void *)w.strips);
    free(x);
    free(quants);
    free(rest);
    free(marks);
    return agree;
}

static bool matmul(const lw_kernels *table, const lw_kernels *scalar) {
    static const size_t rows[] = {1, 8, 13, 64}, tokens[] = {1, 2, 3, 4, 5, 6, 7, 8, 13, 33};
    bool agree = true;
    for (const block_type *type = types; type < types + sizeof types / sizeof *types; type++)
        for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
            for (size_t t = 0; t < sizeof tokens / sizeof *tokens; t++) {
                const size_t columns = is_float(type) ? 37 + r : type->elements * (r + 1);
                if (products_agree(table, scalar, type, rows[r], columns, tokens[t])) continue;
                printf("  type %u, %zu rows, %zu tokens differ\n", type->number, rows[r], tokens[t]);
                agree = false;
            }
    // Sixteen tokens of so many columns stay in a cache; the seventeenth begins another pass.
    for (const block_type *type = types; type < types + sizeof types / sizeof *types; type++)
        agree = agree && products_agree(table, scalar, type, 16, 8192, 17);
    return agree;
}

/// A product of panels, floats or bytes, of a matrix whose last panel may be cut; panels are also asked for in two parts.
static bool panels_agree(const lw_kernels *table, const lw_kernels *scalar, bool bytes, size_t rows, size_t columns,
                         size_t tokens) {
    const size_t panels = (rows + 15) / 16, byte_stride = (columns + 3) / 4 * 4;
    float *source = floats(rows * columns, 2), *scales = malloc(panels * 16 * sizeof *scales);
    void *packed = malloc(lw_panel_bytes(bytes, rows, columns));
    if (bytes) lw_pack_byte_panels(source, columns, rows, columns, packed, scales, 0, panels);
    else lw_pack_panels(source, columns, rows, columns, packed, 0, panels);
    float *x = floats(tokens * columns, 3), *x_scales = malloc(tokens * sizeof *x_scales), *bias = floats(rows, 1);
    int8_t *x_bytes = malloc(tokens * byte_stride);
    int32_t *sums = malloc(tokens * sizeof *sums);
    for (size_t t = 0; t < tokens; t++)
        scalar->encode(x + t * columns, columns, x_bytes + t * byte_stride, x_scales + t, sums + t);
    const lw_panels w = {packed, bytes ? scales : NULL, rows, columns};
    const lw_rows input = {x, columns, x_bytes, byte_stride, x_scales, sums};
    bool agree = true;
    for (int form = 0; form < 4; form++) {
        float *expected = floats(tokens * rows, 1), *found = malloc(tokens * rows * sizeof *found);
        memcpy(found, expected, tokens * rows * sizeof *found);
        const lw_output to_expected = {expected, rows, form & 1}, to_found = {found, rows, form & 1};
        scalar->gemm(&w, &input, tokens, form & 2 ? bias : NULL, &to_expected, 0, panels);
        table->gemm(&w, &input, tokens, form & 2 ? bias : NULL, &to_found, panels / 3, panels);
        table->gemm(&w, &input, tokens, form & 2 ? bias : NULL, &to_found, 0, panels / 3);
        agree = agree && same(expected, found, tokens * rows * sizeof *found);
        free(expected);
        free(found);
    }
    free(source), free(scales), free(packed), free(x), free(x_scales), free(bias), free(x_bytes), free(sums);
    return agree;
}

static bool panels(const lw_kernels *table, const lw_kernels *scalar) {
    static const size_t rows[] = {1, 16, 26, 48, 64, 83, 112}, columns[] = {1, 5, 8, 26, 64, 67},
                        tokens[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 17};
    bool agree = true;
    for (int bytes = 0; bytes < 2; bytes++)
        for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
            for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
                for (size_t t = 0; t < sizeof tokens / sizeof *tokens; t++) {
                    if (panels_agree(table, scalar, bytes, rows[r], columns[c], tokens[t])) continue;
                    printf("  %s, %zu x %zu, %zu tokens differ\n", bytes ? "bytes" : "floats", rows[r], columns[c], tokens[t]);
                    agree = false;
                }
    return agree;
}

static bool row_loops(const lw_kernels *table, const lw_kernels *scalar) {
    static const float extremes[] = {1, 1e-38f, 0, 3e38f, INFINITY, NAN};
    for (size_t extreme = 0; extreme < sizeof extremes / sizeof *extremes; extreme++)
        EACH_SIZE(count) {
            const size_t room = (count + 15) / 16 * 16;
            float *x = floats(room, 9), *y = malloc(room * sizeof *y), scales[2];
            x[count / 2] *= extremes[extreme];
            int8_t *a = malloc((count + 3) / 4 * 4), *b = malloc((count + 3) / 4 * 4);
            int32_t sums[2];
            scalar->encode(x, count, a, scales, sums);
            table->encode(x, count, b, scales + 1, sums + 1);
            bool agree = same(a, b, (count + 3) / 4 * 4) && sums[0] == sums[1];
            agree = agree && (scales[0] == scales[1] || (isnan(scales[0]) && isnan(scales[1])));
            memcpy(y, x, room * sizeof *y);
            scalar->softmax(x, count, 0.3f);
            table->softmax(y, count, 0.3f);
            for (size_t i = 0; i < count; i++) agree = agree && (x[i] == y[i] || (isnan(x[i]) && isnan(y[i])));
            free(a), free(b), free(x), free(y);
            if (!agree) return false;
        }
    return true;
}

/// Packs random bytes, whole and strip by strip, and reads each row back.
static bool packing_agrees(const block_type *type, size_t rows, size_t columns) {
    const size_t row_bytes = columns / type->elements * type->bytes, strips = (rows + 7) / 8;
    const size_t bytes = strips * lw_strip_bytes((lw_layout)lw_layout_for_type(type->number), columns);
    uint8_t *source = malloc(rows * row_bytes), *whole = malloc(bytes), *parts = malloc(bytes);
    for (size_t i = 0; i < rows * row_bytes; i++) source[i] = (uint8_t)draw();
    memset(whole, 1, bytes);
    memset(parts, 2, bytes);
    lw_pack(type->number, source, row_bytes, rows, columns, whole, 0, strips);
    for (size_t strip = 0; strip < strips; strip++)
        lw_pack(type->number, source, row_bytes, rows, columns, parts, strip, strip + 1);
    const bool agree = same(whole, parts, bytes);
    const lw_layout layout = (lw_layout)lw_layout_for_type(type->number);
    const lw_matrix w = {.strips = whole, .rows = rows, .columns = columns, .layout = layout};
    float *row = malloc(columns * sizeof *row);
    for (size_t r = 0; r < rows; r++) lw_matrix_row(&w, r, row);
    free(source);
    free(whole);
    free(parts);
    free(row);
    return agree;
}

/// Every type from one row of one block on: rows around a strip's eight, tokens around a tile's few.
static bool shapes(const lw_kernels *table, const lw_kernels *scalar) {
    static const size_t rows[] = {1, 2, 7, 8, 9, 15, 16, 17}, blocks[] = {1, 2, 3}, tokens[] = {1, 2, 3, 7};
    for (size_t type = 0; type < sizeof types / sizeof *types; type++)
        for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
            for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++) {
                const size_t columns = blocks[b] * types[type].elements;
                bool agree = packing_agrees(types + type, rows[r], columns);
                for (size_t t = 0; t < sizeof tokens / sizeof *tokens; t++)
                    agree = agree && products_agree(table, scalar, types + type, rows[r], columns, tokens[t]);
                if (agree) continue;
                printf("  type %u, %zu rows, %zu columns differ\n", types[type].number, rows[r], columns);
                return false;
            }
    return true;
}

// MARK: Vectors

static bool quantize(const lw_kernels *table, const lw_kernels *scalar) {
    static const float extremes[] = {0, 1e-38f, 1e30f, INFINITY, NAN, 127, 0.5f};
    for (size_t extreme = 0; extreme < sizeof extremes / sizeof *extremes; extreme++)
        EACH_SIZE(count) {
            float *x = floats(32 * count, 5);
            for (size_t i = 11; i < 32 * count; i += 173) x[i] = extremes[extreme];
            lw_q8_block *a = calloc(4 * count, sizeof *a), *b = a + 2 * count;
            uint64_t marks[2][LW_MARK_WORDS(576)] = {{0}};
            scalar->quantize(x, a, a + count, marks[0], count);
            table->quantize(x, b, b + count, marks[1], count);
            bool agree = same(marks[0], marks[1], sizeof marks[0]);
            for (size_t i = 0; i < 2 * count; i++) {
                const bool scales = a[i].scale == b[i].scale || (isnan(a[i].scale) && isnan(b[i].scale));
                const bool sums = a[i].sum == b[i].sum && same(a[i].sums, b[i].sums, sizeof a[i].sums);
                agree = agree && scales && sums && same(a[i].quants, b[i].quants, 32);
            }
            free(a);
            free(x);
            if (!agree) return false;
        }
    return true;
}

static bool rms_norm(const lw_kernels *table, const lw_kernels *scalar) {
    EACH_SIZE(count) {
        float *x = floats(count, 4), *weight = floats(count, 2), *a = floats(count, 0), *b = floats(count, 0);
        scalar->rms_norm(x, weight, 1e-5f, a, count);
        table->rms_norm(x, weight, 1e-5f, b, count);
        if (!same(a, b, count * sizeof *a)) return false;
    }
    return true;
}

static bool rope(const lw_kernels *table, const lw_kernels *scalar) {
    for (size_t count = 2; count <= 66; count += 2) {
        float *a = floats(count, 4), *b = floats(count, 4), *cosines = floats(count, 1), *sines = floats(count, 1);
        memcpy(b, a, count * sizeof *a);
        scalar->rope(a, cosines, sines, count);
        table->rope(b, cosines, sines, count);
        if (!same(a, b, count * sizeof *a)) return false;
    }
    return true;
}

static bool swiglu(const lw_kernels *table, const lw_kernels *scalar) {
    EACH_SIZE(count) {
        float *gate = floats(count, 120), *up = floats(count, 4), *a = floats(count, 0), *b = floats(count, 0);
        scalar->swiglu(gate, up, a, count);
        table->swiglu(gate, up, b, count);
        if (!same(a, b, count * sizeof *a)) return false;
    }
    return true;
}

static bool loops(const lw_kernels *table, const lw_kernels *scalar) {
    EACH_SIZE(count) {
        float *x = floats(count, 30), *weight = floats(count, 2), *bias = floats(count, 1);
        float *a = floats(2 * count, 0), *b = floats(2 * count, 0);
        for (int biased = 0; biased < 2; biased++) {
            scalar->layer_norm(x, weight, biased ? bias : NULL, 1e-5f, a, count);
            table->layer_norm(x, weight, biased ? bias : NULL, 1e-5f, b, count);
            if (!same(a, b, count * sizeof *a)) return false;
            scalar->gelu(x, biased ? weight : NULL, a, count);
            table->gelu(x, biased ? weight : NULL, b, count);
            if (!same(a, b, count * sizeof *a)) return false;
            scalar->gelu_erf(x, biased ? weight : NULL, a, count);
            table->gelu_erf(x, biased ? weight : NULL, b, count);
            if (!same(a, b, count * sizeof *a)) return false;
            memcpy(b, x, count * sizeof *b);
            table->gelu_erf(b, biased ? weight : NULL, b, count);
            if (!same(a, b, count * sizeof *a)) return false;
        }
        memcpy(a, x, count * sizeof *a);
        memcpy(b, x, count * sizeof *b);
        scalar->rope_halves(a, weight, bias, count / 2 * 2);
        table->rope_halves(b, weight, bias, count / 2 * 2);
        if (!same(a, b, count * sizeof *a)) return false;
    }
    return true;
}

static bool scans(const lw_kernels *table, const lw_kernels *scalar) {
    EACH_SIZE(count) {
        float *x = floats(count, 20), *a = floats(count, 0), *b = floats(count, 0);
        if (count > 40) x[0] = x[9] = x[40] = NAN;
        const float top = scalar->maximum(x, count);
        if (table->maximum(x, count) != top) return false;
        if (table->sum_exp(x, top, count) != scalar->sum_exp(x, top, count)) return false;
        if (table->exp_scaled(x, top, 0.5f, b, count) != scalar->exp_scaled(x, top, 0.5f, a, count)) return false;
        if (!same(a, b, count * sizeof *a)) return false;
        for (size_t capacity = 0; capacity <= count; capacity += 1 + count / 3) {
            uint32_t first[576], second[576];
            const size_t found = scalar->collect(x, count, 5, first, capacity);
            if (table->collect(x, count, 5, second, capacity) != found) return false;
            if (!same(first, second, found * sizeof *first)) return false;
        }
    }
    return true;
}

// MARK: Attention

/// What a table offers for one format of the cache.
typedef struct cache_functions {
    void (*store)(const lw_pages *pages, size_t position, const float *restrict key, const float *restrict value);
    void (*attend)(const lw_pages *pages, const lw_attention_line *lines, size_t count, size_t first, size_t last);
} cache_functions;

static cache_functions functions_for(const lw_kernels *table, lw_cache_format format) {
    return format == LW_CACHE_I8 ? (cache_functions){table->store_i8, table->attend_i8}
                                 : (cache_functions){table->store_f16, table->attend_f16};
}

static bool attention_over(const lw_kernels *table, const lw_kernels *scalar, lw_cache_format format) {
    static const size_t lengths[] = {4, 8, 12, 16, 40, 64, 72, 96, 128, 256, 6, 5, 33, 255};
    const cache_functions sides[] = {functions_for(scalar, format), functions_for(table, format)};
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
        const size_t length = lengths[l], positions = 70, width = length + 2;
        const size_t page_bytes = lw_page_bytes(format, length), bytes = 3 * page_bytes;
        const int32_t order[] = {2, 0, 1};
        lw_pages caches[2];
        float *keys = floats(positions * length, 2), *values = floats(positions * length, 2);
        for (size_t i = 0; i < positions * length; i += 97) keys[i] *= 1e5f, values[i] *= 1e-6f;
        for (size_t i = 50; i < positions * length; i += 1001) keys[i] = NAN;
        for (size_t i = 3 * length; i < 4 * length; i++) keys[i] = 0, values[i] *= 1e-7f;
        for (int side = 0; side < 2; side++) {
            caches[side] = (lw_pages){malloc(bytes), page_bytes, order, length, 0.25f, l % 2 ? 7.5f : 0};
            memset(caches[side].base, 0x7e, bytes);
            for (size_t p = 0; p < positions; p++)
                sides[side].store(&caches[side], p, keys + p * length, values + p * length);
        }
        if (!same(caches[0].base, caches[1].base, bytes)) return false;
        for (size_t count = 1; count <= 60; count += count < 14 ? 1 : 23) {
            float *queries = floats(count * length, 3), *states[2];
            queries[count * length / 2] = count % 5 == 4 ? INFINITY : 0;
            lw_attention_line lines[64];
            for (int side = 0; side < 2; side++) {
                states[side] = calloc(count * width, sizeof(float));
                for (size_t i = 0; i < count; i++) {
                    states[side][i * width + length] = -INFINITY;
                    lines[i] = (lw_attention_line){queries + i * length, states[side] + i * width, (i * 29 + 3) % 70 + 1, 0, 0};
                    // Every third line sees a window, which leaves some of them a page with nothing to see.
                    if (i % 3 == 1 && lines[i].limit > 12) lines[i].first = lines[i].limit - 12;
                    if (i % 4 == 2) lines[i].slope = 0.125f;
                }
                sides[side].attend(&caches[side], lines, count, 0, positions);
            }
            if (!same(states[0], states[1], count * width * sizeof(float))) {
                printf("  head of %zu, %zu lines differ\n", length, count);
                return false;
            }
            for (size_t i = 1; i < count; i++) {
                scalar->attend_merge(states[0], states[0] + i * width, length);
                table->attend_merge(states[1], states[1] + i * width, length);
            }
            if (!same(states[0], states[1], width * sizeof(float))) return false;
            for (int side = 0; side < 2; side++) free(states[side]);
            free(queries);
        }
        for (int side = 0; side < 2; side++) free(caches[side].base);
        free(keys);
        free(values);
    }
    return true;
}

static bool attention_i8(const lw_kernels *table, const lw_kernels *scalar) {
    return attention_over(table, scalar, LW_CACHE_I8);
}

static bool attention_f16(const lw_kernels *table, const lw_kernels *scalar) {
    return attention_over(table, scalar, LW_CACHE_F16);
}

int main(void) {
    static const struct {
        const char *name;
        bool (*agrees)(const lw_kernels *table, const lw_kernels *scalar);
    } checks[] = {{"matmul", matmul}, {"shapes", shapes}, {"quantize", quantize}, {"rms_norm", rms_norm}, {"rope", rope},
                  {"swiglu", swiglu}, {"loops", loops}, {"panels", panels},
                  {"row_loops", row_loops}, {"scans", scans},
                  {"attention_i8", attention_i8}, {"attention_f16", attention_f16}};
    static const char *const names[] = {"neon", "dotprod", "i8mm", "avx2", "avx512"};
    const lw_kernels *scalar = lw_kernels_named("scalar");
    int failed = 0, compared = 0;
    printf("chosen  %s\n", lw_kernels_best()->name);
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        const lw_kernels *table = lw_kernels_named(names[n]);
        for (size_t c = 0; table && c < sizeof checks / sizeof *checks; c++, compared++) {
            const bool agrees = checks[c].agrees(table, scalar);
            printf("%s %s %s\n", agrees ? "agrees " : "DIFFERS", names[n], checks[c].name);
            failed += !agrees;
        }
    }
    return compared == 0 ? 1 : failed;
}
