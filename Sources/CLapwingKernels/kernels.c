// Which table this machine runs.

#include <string.h>

#include "scalar/scalar.h"
#if defined(__x86_64__)
#include "avx2/avx2.h"
#include "avx512/avx512.h"
#elif defined(__aarch64__)
#include "neon/neon.h"
#if defined(__linux__)
#include <sys/auxv.h>
#endif
#endif

/// Tables in order of speed, each with whether this machine can run it.
typedef struct choice {
    const lw_kernels *table;
    bool runs;
} choice;

static size_t choices(choice found[4]) {
    size_t count = 0;
#if defined(__x86_64__)
    // The compiler's runtime asks both the processor and, for the wide registers, the operating system.
    __builtin_cpu_init();
    const bool avx2 =
        __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
    const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
                        __builtin_cpu_supports("avx512vnni");
    found[count++] = (choice){&lw_avx512_kernels, avx512};
    found[count++] = (choice){&lw_avx2_kernels, avx2};
#elif defined(__aarch64__)
#if defined(__ARM_FEATURE_DOTPROD)
    const bool dotprod = true;
#elif defined(__linux__)
    const bool dotprod = getauxval(AT_HWCAP) & HWCAP_ASIMDDP;
#else
    const bool dotprod = false;
#endif
#if defined(__ARM_FEATURE_MATMUL_INT8)
    const bool i8mm = dotprod;
#elif defined(__linux__)
    const bool i8mm = dotprod && getauxval(AT_HWCAP2) & HWCAP2_I8MM;
#else
    const bool i8mm = false;
#endif
    found[count++] = (choice){&lw_i8mm_kernels, i8mm};
    found[count++] = (choice){&lw_dotprod_kernels, dotprod};
    found[count++] = (choice){&lw_neon_kernels, true};
#endif
    found[count++] = (choice){&lw_scalar_kernels, true};
    return count;
}

const lw_kernels *lw_kernels_best(void) {
    choice found[4];
    choices(found);
    size_t i = 0;
    while (!found[i].runs) i++;
    return found[i].table;
}

const lw_kernels *lw_kernels_named(const char *name) {
    choice found[4];
    const size_t count = choices(found);
    for (size_t i = 0; i < count; i++)
        if (found[i].runs && strcmp(name, found[i].table->name) == 0) return found[i].table;
    return NULL;
}
