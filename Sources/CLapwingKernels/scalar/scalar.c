// The scalar table: the specification.

#include "scalar.h"

_Static_assert(LW_PAGE_LENGTH == LW_LANES, "the weights of a page are folded as one set of lanes");

const lw_kernels lw_scalar_kernels = {
    .name = "scalar",
    .matmul = lw_scalar_matmul,
    .gemm = lw_scalar_gemm,
    .encode = lw_scalar_encode,
    .softmax = lw_scalar_softmax,
    .quantize = lw_scalar_quantize,
    .rms_norm = lw_scalar_rms_norm,
    .layer_norm = lw_scalar_layer_norm,
    .rope = lw_scalar_rope,
    .rope_halves = lw_scalar_rope_halves,
    .swiglu = lw_scalar_swiglu,
    .gelu = lw_scalar_gelu,
    .gelu_erf = lw_scalar_gelu_erf,
    .store_i8 = lw_scalar_store_i8,
    .store_f16 = lw_scalar_store_f16,
    .attend_i8 = lw_scalar_attend_i8,
    .attend_f16 = lw_scalar_attend_f16,
    .attend_merge = lw_scalar_attend_merge,
    .attend_finish = lw_scalar_attend_finish,
    .maximum = lw_scalar_maximum,
    .sum_exp = lw_scalar_sum_exp,
    .exp_scaled = lw_scalar_exp_scaled,
    .collect = lw_scalar_collect,
};
