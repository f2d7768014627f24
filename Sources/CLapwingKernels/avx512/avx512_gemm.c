// Products of panels with many rows, sixteen lanes a register, and the loops over rows beside them. To spread four bytes
// of input over a register costs as much as a product with it: with three panels a tile bytes gained 1.6 times over two.

#if defined(__x86_64__)

#include "avx512.h"

LW_AVX512_BEGIN

#define LW_REGISTER_LANES 16
#define LW_TILE_TOKENS 8
#define LW_TILE_PANELS 3
// With more than one, and the frame pointer kept, the compiler moves sums to the stack and back.
#define LW_TURN 1
#define LW_MORE_TOKENS(kind, P, X) X(kind, 5, P) X(kind, 6, P) X(kind, 7, P) X(kind, 8, P)
#define LW_PANEL_COUNTS(X, kind) X(kind, 1) X(kind, 2) X(kind, 3)

typedef __m512 lw_floats;
typedef __m512i lw_ints;

LW_INLINE lw_floats lw_load(const float *from) { return _mm512_loadu_ps(from); }
LW_INLINE void lw_store(float *to, lw_floats values) { _mm512_storeu_ps(to, values); }
LW_INLINE lw_floats lw_add(lw_floats a, lw_floats b) { return _mm512_add_ps(a, b); }
LW_INLINE lw_floats lw_multiply(lw_floats a, lw_floats b) { return _mm512_mul_ps(a, b); }
LW_INLINE lw_floats lw_fma(lw_floats a, lw_floats b, lw_floats sum) { return _mm512_fmadd_ps(a, b, sum); }
LW_INLINE lw_floats lw_spread(float value) { return _mm512_set1_ps(value); }
LW_INLINE lw_ints lw_spread_int(int32_t value) { return _mm512_set1_epi32(value); }
LW_INLINE lw_floats lw_floats_of(lw_ints values) { return _mm512_cvtepi32_ps(values); }

/// Signed bytes become unsigned by adding 128, which is flipping their top bit.
#define LW_DOT_OFFSET 128
LW_INLINE lw_ints lw_weights(const int8_t *bytes) {
    return _mm512_xor_si512(_mm512_loadu_si512(bytes), _mm512_set1_epi8((char)0x80));
}
LW_INLINE lw_ints lw_four(const int8_t *bytes) {
    int32_t word;
    memcpy(&word, bytes, sizeof word);
    return _mm512_set1_epi32(word);
}
LW_INLINE lw_ints lw_dot(lw_ints sum, lw_ints weights, lw_ints four) { return _mm512_dpbusd_epi32(sum, weights, four); }

#include "../gemm_tile.h"

LW_GEMM(avx512)

LW_VECTOR_LOOPS(avx512)

LW_AVX512_END

#endif
