// The tables for 64-bit Arm processors. All have NEON; dot product and matrix instructions pay in the products only.

#if defined(__aarch64__)

#include "neon.h"

#include "../scalar/scalar.h"

#define LW_NEON_TABLE(table_name, products, panels)   \
    {                                                 \
        .name = table_name,                           \
        .matmul = products,                           \
        .gemm = panels,                               \
        .encode = lw_neon_encode,                     \
        .softmax = lw_neon_softmax,                   \
        .quantize = lw_neon_quantize,                 \
        .rms_norm = lw_neon_rms_norm,                 \
        .layer_norm = lw_neon_layer_norm,             \
        .rope = lw_neon_rope,                         \
        .rope_halves = lw_neon_rope_halves,           \
        .swiglu = lw_neon_swiglu,                     \
        .gelu = lw_neon_gelu,                         \
        .gelu_erf = lw_neon_gelu_erf,                 \
        .store_i8 = lw_neon_store_i8,                 \
        .store_f16 = lw_neon_store_f16,               \
        .attend_i8 = lw_neon_attend_i8,               \
        .attend_f16 = lw_neon_attend_f16,             \
        .attend_merge = lw_scalar_attend_merge,       \
        .attend_finish = lw_scalar_attend_finish,     \
        .maximum = lw_neon_maximum,                   \
        .sum_exp = lw_neon_sum_exp,                   \
        .exp_scaled = lw_neon_exp_scaled,             \
        .collect = lw_neon_collect,                   \
    }

const lw_kernels lw_neon_kernels = LW_NEON_TABLE("neon", lw_neon_matmul, lw_neon_gemm);
const lw_kernels lw_dotprod_kernels = LW_NEON_TABLE("dotprod", lw_dotprod_matmul, lw_dotprod_gemm);
const lw_kernels lw_i8mm_kernels = LW_NEON_TABLE("i8mm", lw_i8mm_matmul, lw_dotprod_gemm);

#endif
