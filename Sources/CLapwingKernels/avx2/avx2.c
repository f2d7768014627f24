// The table for x86 processors with AVX2, FMA and F16C.

#if defined(__x86_64__)

#include "avx2.h"

#include "../scalar/scalar.h"

const lw_kernels lw_avx2_kernels = {
    .name = "avx2",
    .matmul = lw_avx2_matmul,
    .gemm = lw_avx2_gemm,
    .encode = lw_avx2_encode,
    .softmax = lw_avx2_softmax,
    .quantize = lw_avx2_quantize,
    .rms_norm = lw_avx2_rms_norm,
    .layer_norm = lw_avx2_layer_norm,
    .rope = lw_avx2_rope,
    .rope_halves = lw_avx2_rope_halves,
    .swiglu = lw_avx2_swiglu,
    .gelu = lw_avx2_gelu,
    .gelu_erf = lw_avx2_gelu_erf,
    .store_i8 = lw_avx2_store_i8,
    .store_f16 = lw_avx2_store_f16,
    .attend_i8 = lw_avx2_attend_i8,
    .attend_f16 = lw_avx2_attend_f16,
    .attend_merge = lw_avx2_attend_merge,
    .attend_finish = lw_scalar_attend_finish,
    .maximum = lw_avx2_maximum,
    .sum_exp = lw_avx2_sum_exp,
    .exp_scaled = lw_avx2_exp_scaled,
    .collect = lw_avx2_collect,
};

#endif
