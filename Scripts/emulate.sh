#!/usr/bin/env bash
# Builds the kernels for 64-bit Arm and compares them with the scalar ones under emulation, where this machine is not Arm.
set -euo pipefail
cd "$(dirname "$0")/.."
kernels=Sources/CLapwingKernels
out=.build/emulate
sysroot=/usr/aarch64-linux-gnu

if [ "$(uname -s)" != Linux ] || [ "$(uname -m)" = aarch64 ] || ! command -v apt-get >/dev/null; then
    echo "emulate: skipped; the tests run the Arm kernels where they are native, and Debian's packages emulate them elsewhere"
    exit 0
fi
missing=()
command -v qemu-aarch64 >/dev/null || missing+=(qemu-user)
[ -e "$sysroot/include/stdlib.h" ] || missing+=(libc6-dev-arm64-cross)
compgen -G '/usr/lib/gcc-cross/aarch64-linux-gnu/*/crtbegin.o' >/dev/null || missing+=(gcc-aarch64-linux-gnu)
[ ${#missing[@]} -eq 0 ] || Scripts/install.sh emulate "${missing[@]}"

mkdir -p "$out"
find "$kernels" -name '*.c' -not -name speed.c -print0 | xargs -0 clang --target=aarch64-linux-gnu -isystem "$sysroot/include" \
    -fuse-ld=lld -static -O2 -ffp-contract=off -Wall -Wextra -Werror -I "$kernels/include" -lm -o "$out/parity"
# Each processor chooses the table of the instructions that it has, and all that it can run agree.
compare() {
    echo "emulate: $1 chooses $2"
    qemu-aarch64 -cpu "$1" "$out/parity" | tee "$out/parity.txt"
    grep -qx "chosen  $2" "$out/parity.txt"
}
compare cortex-a53 neon
compare neoverse-n1 dotprod
compare max i8mm
