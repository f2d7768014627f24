// Attention over pages of bytes with AVX-512: sixteen positions or columns a register, and one instruction that multiplies
// pairs of 16 bits and adds them.

#if defined(__x86_64__)

#include "../avx2/avx2_attention.h"
#include "avx512.h"

#pragma STDC FP_CONTRACT OFF

LW_AVX512_BEGIN

#define LANES 16
#define MOST_LINES 6

typedef __m512i ints;
typedef __m512i wide;
typedef __m512 floats;

LW_INLINE ints zero_ints(void) { return _mm512_setzero_si512(); }
LW_INLINE floats zero_floats(void) { return _mm512_setzero_ps(); }
LW_INLINE wide widen(const int8_t *pairs) { return _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)pairs)); }
LW_INLINE ints add_dots(ints sums, wide pairs, int32_t pair) {
    return _mm512_dpwssd_epi32(sums, pairs, _mm512_set1_epi32(pair));
}
LW_INLINE floats to_floats(ints values) { return _mm512_cvtepi32_ps(values); }
LW_INLINE floats repeat(float value) { return _mm512_set1_ps(value); }
LW_INLINE floats load_halves(const uint16_t *halves) {
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)halves));
}
LW_INLINE floats load_floats(const float *values) { return _mm512_loadu_ps(values); }
LW_INLINE void store_floats(float *out, floats values) { _mm512_storeu_ps(out, values); }
LW_INLINE floats multiply(floats a, floats b) { return _mm512_mul_ps(a, b); }
LW_INLINE floats multiply_add(floats a, floats b, floats c) { return _mm512_fmadd_ps(a, b, c); }

#include "../attention_i8_tiles.h"

void lw_avx512_attend_i8(const lw_pages *pages, const lw_attention_line *lines, size_t count, size_t first,
                         size_t last) {
    if (pages->head_length % LANES == 0) attend_i8(pages, lines, count, first, last);
    else lw_avx2_attend_i8(pages, lines, count, first, last);
}

LW_AVX512_END

#endif
