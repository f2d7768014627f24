"""A real `lapwing serve` on a free port of the loopback, with a configuration and a ledger of its own."""

import pathlib
import re
import subprocess
import tempfile


class Lapwing:
    def __init__(self, binary, configuration, files=()):
        """`files` are further files of its folder, name to text."""
        self.binary = binary
        self.folder = tempfile.TemporaryDirectory(prefix="lapwing-providers-")
        self.file = str(pathlib.Path(self.folder.name) / "lapwing.yaml")
        pathlib.Path(self.file).write_text(configuration)
        for name in files:
            path = pathlib.Path(self.folder.name) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[name])
        self.log = open(pathlib.Path(self.folder.name) / "log", "w+")
        self.process = subprocess.Popen(
            [binary, "serve", "--config", self.file, "--port", "0"], stdout=subprocess.PIPE, stderr=self.log, text=True)
        seen = ""
        for line in self.process.stdout:
            seen += line
            if found := re.search(r"listening on (http://[0-9.:]+)", line):
                self.url = found[1]
                return
        self.log.seek(0)
        raise SystemExit(f"FAILED the server did not start: {seen}{self.log.read()}")

    def run(self, *arguments):
        return subprocess.run(
            [self.binary, *arguments, "--config", self.file], capture_output=True, text=True)

    def stop(self):
        """Ends it in order, and gives its status."""
        self.process.terminate()
        return self.process.wait(timeout=60)
