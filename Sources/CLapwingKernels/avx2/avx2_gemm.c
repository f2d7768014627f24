// Products of panels with many rows, eight lanes a register.

#if defined(__x86_64__)

#include "avx2.h"

LW_AVX2_BEGIN

#define LW_REGISTER_LANES 8
#define LW_TILE_TOKENS 4
#define LW_TILE_PANELS 1
#define LW_TURN 4
#define LW_MORE_TOKENS(kind, P, X)
#define LW_PANEL_COUNTS(X, kind) X(kind, 1)

typedef __m256 lw_floats;
typedef __m256i lw_ints;

LW_INLINE lw_floats lw_load(const float *from) { return _mm256_loadu_ps(from); }
LW_INLINE void lw_store(float *to, lw_floats values) { _mm256_storeu_ps(to, values); }
LW_INLINE lw_floats lw_add(lw_floats a, lw_floats b) { return _mm256_add_ps(a, b); }
LW_INLINE lw_floats lw_multiply(lw_floats a, lw_floats b) { return _mm256_mul_ps(a, b); }
LW_INLINE lw_floats lw_fma(lw_floats a, lw_floats b, lw_floats sum) { return _mm256_fmadd_ps(a, b, sum); }
LW_INLINE lw_floats lw_spread(float value) { return _mm256_set1_ps(value); }
LW_INLINE lw_ints lw_spread_int(int32_t value) { return _mm256_set1_epi32(value); }
LW_INLINE lw_floats lw_floats_of(lw_ints values) { return _mm256_cvtepi32_ps(values); }

#define LW_DOT_OFFSET 0
LW_INLINE lw_ints lw_weights(const int8_t *bytes) { return _mm256_loadu_si256((const __m256i *)bytes); }
LW_INLINE lw_ints lw_four(const int8_t *bytes) {
    int32_t word;
    memcpy(&word, bytes, sizeof word);
    return _mm256_set1_epi32(word);
}
/// The first operand of maddubs has no sign, so that of the weights moves to the input. Two products are at most 32258.
LW_INLINE lw_ints lw_dot(lw_ints sum, lw_ints weights, lw_ints four) {
    const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(weights), _mm256_sign_epi8(four, weights));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

#include "../gemm_tile.h"

LW_GEMM(avx2)

LW_AVX2_END

#endif
