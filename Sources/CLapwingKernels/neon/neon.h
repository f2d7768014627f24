// What the NEON files share. Four float lanes a register; a strip's eight rows are two registers.

#ifndef LW_NEON_H
#define LW_NEON_H

#include <arm_neon.h>

#include "../lw_math.h"
#include "../vector_loops.h"

#define LW_INLINE static inline __attribute__((always_inline))
#define LW_UNROLL _Pragma("clang loop unroll(full)")

extern const lw_kernels lw_neon_kernels;
/// As `lw_neon_kernels`, for processors with the dot product instructions (FEAT_DotProd).
extern const lw_kernels lw_dotprod_kernels;
/// As `lw_dotprod_kernels`, for processors that have the matrix instructions for bytes too (FEAT_I8MM).
extern const lw_kernels lw_i8mm_kernels;

void lw_neon_matmul(const lw_matrix *w, const lw_input *x, size_t tokens, const lw_output *y, size_t strip0,
                    size_t strip1);
void lw_dotprod_matmul(const lw_matrix *w, const lw_input *x, size_t tokens, const lw_output *y, size_t strip0,
                       size_t strip1);
void lw_i8mm_matmul(const lw_matrix *w, const lw_input *x, size_t tokens, const lw_output *y, size_t strip0,
                    size_t strip1);
void lw_neon_quantize(const float *restrict x, lw_q8_block *restrict blocks, lw_q8_block *restrict remainders,
                      uint64_t *restrict marks, size_t count);
void lw_neon_rms_norm(const float *restrict x, const float *restrict weight, float epsilon, float *restrict y,
                      size_t count);
void lw_neon_rope(float *restrict x, const float *restrict cosines, const float *restrict sines, size_t count);
LW_VECTOR_LOOPS_OF(neon)
void lw_neon_gemm(const lw_panels *w, const lw_rows *x, size_t count, const float *bias, const lw_output *y,
                 size_t panel0, size_t panel1);
void lw_dotprod_gemm(const lw_panels *w, const lw_rows *x, size_t count, const float *bias, const lw_output *y,
                 size_t panel0, size_t panel1);
void lw_neon_swiglu(const float *gate, const float *up, float *y, size_t count);
void lw_neon_store_i8(const lw_pages *pages, size_t position, const float *restrict key, const float *restrict value);
void lw_neon_store_f16(const lw_pages *pages, size_t position, const float *restrict key, const float *restrict value);
void lw_neon_attend_i8(const lw_pages *pages, const lw_attention_line *lines, size_t count, size_t first,
                       size_t last);
void lw_neon_attend_f16(const lw_pages *pages, const lw_attention_line *lines, size_t count, size_t first,
                        size_t last);
float lw_neon_maximum(const float *x, size_t count);
float lw_neon_sum_exp(const float *x, float shift, size_t count);
float lw_neon_exp_scaled(const float *x, float shift, float scale, float *y, size_t count);
size_t lw_neon_collect(const float *restrict x, size_t count, float threshold, uint32_t *restrict indices,
                       size_t capacity);

LW_INLINE float32x4_t lw_load_halves(const uint16_t *halves) {
    return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(halves)));
}

/// `lw_exp` on four lanes.
LW_INLINE float32x4_t lw_exp_neon(float32x4_t x) {
    const uint32x4_t known = vcgeq_f32(x, vdupq_n_f32(LW_EXP_LOW));
    x = vminnmq_f32(x, vdupq_n_f32(LW_EXP_HIGH));
    const float32x4_t n = vrndnq_f32(vmulq_f32(x, vdupq_n_f32(LW_LOG2_E)));
    float32x4_t r = vfmsq_f32(x, n, vdupq_n_f32(LW_LN2_HIGH));
    r = vfmsq_f32(r, n, vdupq_n_f32(LW_LN2_LOW));
    float32x4_t p = vfmaq_f32(vdupq_n_f32(LW_EXP_C5), vdupq_n_f32(LW_EXP_C6), r);
    p = vfmaq_f32(vdupq_n_f32(LW_EXP_C4), p, r);
    p = vfmaq_f32(vdupq_n_f32(LW_EXP_C3), p, r);
    p = vfmaq_f32(vdupq_n_f32(LW_EXP_C2), p, r);
    p = vaddq_f32(vfmaq_f32(r, vmulq_f32(p, r), r), vdupq_n_f32(1.0f));
    const int32x4_t power = vshlq_n_s32(vaddq_s32(vcvtq_s32_f32(n), vdupq_n_s32(127)), 23);
    const float32x4_t result = vmulq_f32(p, vreinterpretq_f32_s32(power));
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(result), known));
}

/// Folds 32 lanes held as eight registers in the order of `lw_fold_lanes`.
LW_INLINE float lw_fold_neon(const float32x4_t lanes[8]) {
    float32x4_t sixteen[4];
    LW_UNROLL for (int j = 0; j < 4; j++) sixteen[j] = vaddq_f32(lanes[j], lanes[j + 4]);
    const float32x4_t four = vaddq_f32(vaddq_f32(sixteen[0], sixteen[2]), vaddq_f32(sixteen[1], sixteen[3]));
    const float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
    return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}

#endif
