"""llama.cpp's own server, out of the package xllamacpp, as a process: it ends its process's threads its own way.

    python Scripts/clients/llama_process.py MODEL
"""

import subprocess
import sys


class LlamaServer:
    def __init__(self, weights):
        self.process = subprocess.Popen(
            [sys.executable, __file__, weights], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = ""
        for line in self.process.stdout:
            if line.startswith("listening on "):
                self.url = line.split()[-1]
                return
        raise SystemExit("FAILED llama.cpp's server did not start")

    def stop(self):
        self.process.kill()
        self.process.wait()


def serve(weights):
    import time

    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = weights
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_ctx = 4096
    params.n_parallel = 2
    params.use_jinja = True
    params.embedding = False
    params.warmup = False
    params.cpuparams.n_threads = 2
    server = xllamacpp.Server(params)
    print(f"listening on {server.listening_address}", flush=True)
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    serve(sys.argv[1])
