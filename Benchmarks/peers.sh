# The peers that figures are measured beside, each built for this machine into .cache/peers; read by the other scripts.
# The version is fixed: a figure beside another peer would be another figure.
llama_package=llama-cpp-python==0.3.36
llama_python=.cache/peers/llama/bin/python
llama_server=.cache/peers/llama-server/llama-server

# llama.cpp in process, for Python.
make_llama_python() {
    if [ -x "$llama_python" ] && "$llama_python" -c 'import llama_cpp' 2>/dev/null; then return; fi
    echo "building llama.cpp for this machine (about five minutes)" >&2
    python3 -m venv .cache/peers/llama
    CMAKE_BUILD_PARALLEL_LEVEL=2 CMAKE_ARGS="-DGGML_NATIVE=ON -DMTMD_BUILD=OFF" \
        .cache/peers/llama/bin/pip install --quiet --no-binary llama-cpp-python "$llama_package" >&2
}

# llama.cpp's own server, from the sources that the same package brings along.
make_llama_server() {
    if [ -x "$llama_server" ]; then return; fi
    echo "building llama-server for this machine (about eight minutes)" >&2
    local work=.cache/peers/llama-server
    rm -rf "$work"
    python3 -m venv "$work/tools"
    "$work/tools/bin/pip" install --quiet cmake ninja >&2
    "$work/tools/bin/pip" download --quiet --no-deps --no-binary llama-cpp-python -d "$work" "$llama_package" >&2
    tar -xzf "$work"/llama_cpp_python-*.tar.gz -C "$work"
    (
        export PATH="$PWD/$work/tools/bin:$PATH"
        cmake -S "$work"/llama_cpp_python-*/vendor/llama.cpp -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
            -DGGML_NATIVE=ON -DBUILD_SHARED_LIBS=OFF -DLLAMA_CURL=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_USE_PREBUILT_UI=OFF \
            -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF
        nice -n 19 ninja -C "$work/build" -j "${JOBS:-2}" llama-server
    ) >"$work/build.log" 2>&1 || { tail -20 "$work/build.log" >&2; return 1; }
    mv "$work/build/bin/llama-server" "$llama_server"
    rm -rf "$work"/llama_cpp_python-* "$work/build" "$work/tools"
}
