// Which table this machine runs.

#include <string.h>

#include "scalar/scalar.h"
#if defined(__x86_64__)
#include "avx2/avx2.h"
#endif

const lw_kernels *lw_kernels_best(void) {
#if defined(__x86_64__)
    // The compiler's runtime asks both the processor and, for the wide registers, the operating system.
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c"))
        return &lw_avx2_kernels;
#endif
    return &lw_scalar_kernels;
}

const lw_kernels *lw_kernels_named(const char *name) {
    if (strcmp(name, lw_scalar_kernels.name) == 0) return &lw_scalar_kernels;
    const lw_kernels *best = lw_kernels_best();
    return strcmp(name, best->name) == 0 ? best : NULL;
}
