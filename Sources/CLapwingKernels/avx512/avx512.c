// AVX-512 pays in the products, of weights and of attention; the rest is the AVX2 table's, bit for bit the same.

#if defined(__x86_64__)

#include "avx512.h"

#include "../scalar/scalar.h"

const lw_kernels lw_avx512_kernels = {
    .name = "avx512",
    .matmul = lw_avx512_matmul,
    .gemm = lw_avx512_gemm,
    .encode = lw_avx512_encode,
    .softmax = lw_avx512_softmax,
    .quantize = lw_avx2_quantize,
    .rms_norm = lw_avx2_rms_norm,
    .layer_norm = lw_avx512_layer_norm,
    .rope = lw_avx2_rope,
    .rope_halves = lw_avx512_rope_halves,
    .swiglu = lw_avx2_swiglu,
    .gelu = lw_avx512_gelu,
    .gelu_erf = lw_avx512_gelu_erf,
    .store_i8 = lw_avx2_store_i8,
    .store_f16 = lw_avx2_store_f16,
    .attend_i8 = lw_avx512_attend_i8,
    .attend_f16 = lw_avx2_attend_f16,
    .attend_merge = lw_avx2_attend_merge,
    .attend_finish = lw_scalar_attend_finish,
    .maximum = lw_avx2_maximum,
    .sum_exp = lw_avx2_sum_exp,
    .exp_scaled = lw_avx2_exp_scaled,
    .collect = lw_avx2_collect,
};

#endif
