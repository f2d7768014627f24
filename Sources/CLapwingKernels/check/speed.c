// How fast each weight type packs and multiplies, on one thread: a line a type and table. Build and run it with
//
//     clang -O2 -ffp-contract=off -I Sources/CLapwingKernels/include Sources/CLapwingKernels/check/speed.c \
//         $(find Sources/CLapwingKernels -name '*.c' -not -path '*/check/*') -lm -o .build/speed && .build/speed
//
// An argument chooses the types whose names contain it.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "CLapwingKernels.h"

enum { SIDE = 2048, MOST_TOKENS = 64 };
static const size_t token_counts[] = {1, 4, 8, MOST_TOKENS};

/// A type of the file, and where in a block its halves lie: those get the value 2^-9, all other bytes are random.
static const struct type {
    const char *name;
    uint32_t number;
    size_t elements, bytes, halves[2];
} types[] = {
    {"F32", 0, 2, 8, {3, 7}},         {"F16", 1, 1, 2, {0, 0}},         {"BF16", 30, 1, 2, {0, 0}},
    {"Q4_0", 2, 32, 18, {0, 0}},      {"Q4_1", 3, 32, 20, {0, 2}},      {"Q5_0", 6, 32, 22, {0, 0}},
    {"Q5_1", 7, 32, 24, {0, 2}},      {"Q8_0", 8, 32, 34, {0, 0}},      {"Q2_K", 10, 256, 84, {80, 82}},
    {"Q3_K", 11, 256, 110, {108, 108}}, {"Q4_K", 12, 256, 144, {0, 2}}, {"Q5_K", 13, 256, 176, {0, 2}},
    {"Q6_K", 14, 256, 210, {208, 208}}, {"IQ4_NL", 20, 32, 18, {0, 0}}, {"IQ4_XS", 23, 256, 136, {0, 0}},
};

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static uint8_t random_byte(void) {
    static uint64_t state = 1;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint8_t)(state >> 56);
}

/// The best of a tenth of a second of tries.
#define BEST_SECONDS(statement)                                             \
    ({                                                                      \
        double best = 1e9;                                                  \
        for (double end = now() + 0.1, start; (start = now()) < end;) {     \
            statement;                                                      \
            const double taken = now() - start;                             \
            best = taken < best ? taken : best;                             \
        }                                                                   \
        best;                                                               \
    })

static void measure(const struct type *type) {
    const size_t blocks = SIDE / type->elements, row_bytes = blocks * type->bytes, size = SIDE * row_bytes;
    uint8_t *file = malloc(size);
    for (size_t i = 0; i < size; i++) file[i] = random_byte();
    for (size_t b = 0; b < SIDE * blocks; b++)
        for (int half = 0; half < 2; half++) {
            uint8_t *bits = file + b * type->bytes + type->halves[half];
            bits[0] = type->elements == 2 ? 0x3b : 0, bits[1] = 0x18;
        }
    for (size_t i = 0; type->elements == 2 && i < size / 4; i++) ((float *)file)[i] = (float)(i % 19) - 9;
    const int layout = lw_layout_for_type(type->number);
    if (layout < 0) return;
    const size_t strips = SIDE / LW_STRIP_ROWS, packed_bytes = strips * lw_strip_bytes((lw_layout)layout, SIDE);
    void *packed = aligned_alloc(64, packed_bytes);
    lw_pack(type->number, file, row_bytes, SIDE, SIDE, packed, 0, strips);
    const double packing = BEST_SECONDS(lw_pack(type->number, file, row_bytes, SIDE, SIDE, packed, 0, strips));
    printf("%-7s %5.2f bits a weight in the file, %5.2f packed; packs %4.1f GB/s\n", type->name,
           8.0 * (double)size / SIDE / SIDE, 8.0 * (double)packed_bytes / SIDE / SIDE, (double)size / packing * 1e-9);

    enum { BLOCKS = SIDE / LW_BLOCK_LENGTH, WORDS = LW_MARK_WORDS(BLOCKS) };
    static float x[MOST_TOKENS * SIDE], y[MOST_TOKENS * SIDE];
    static lw_q8_block quants[MOST_TOKENS * BLOCKS], rest[MOST_TOKENS * BLOCKS];
    static uint64_t marks[MOST_TOKENS * WORDS];
    for (size_t i = 0; i < MOST_TOKENS * SIDE; i++) x[i] = (float)random_byte() / 128 - 1;
    for (size_t t = 0; t < MOST_TOKENS; t++)
        lw_kernels_best()->quantize(x + t * SIDE, quants + t * BLOCKS, rest + t * BLOCKS, marks + t * WORDS, BLOCKS);
    const lw_matrix w = {.strips = packed, .rows = SIDE, .columns = SIDE, .layout = (lw_layout)layout};
    const lw_input input = {x, SIDE, quants, rest, BLOCKS, marks, WORDS};
    const lw_output output = {y, SIDE, false};
    static const char *const names[] = {"neon", "dotprod", "avx2", "avx512"};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        const lw_kernels *table = lw_kernels_named(names[n]);
        if (!table) continue;
        printf("%-7s %-7s", type->name, table->name);
        for (size_t t = 0; t < sizeof token_counts / sizeof *token_counts; t++) {
            const size_t tokens = token_counts[t];
            const double taken = BEST_SECONDS(table->matmul(&w, &input, tokens, &output, 0, strips));
            printf("  %2zu: %5.0f", tokens, (double)tokens * SIDE * SIDE / taken * 1e-9);
        }
        printf("  GMAC/s\n");
    }
    free(file);
    free(packed);
}

int main(int count, char **arguments) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (count < 2 || strstr(types[i].name, arguments[1])) measure(&types[i]);
    return 0;
}
