"""Times our tokenizers and those of the Python package `tokenizers` in turns; called by tokenizers.sh."""

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from tokenizers import Tokenizer

SCHEMES = ["gpt2", "gpt-neox", "bloom", "smollm", "qwen2", "llama3", "tekken", "deepseek-v3", "llama", "gemma", "t5", "bert", "llama-spm", "nomic-bert-moe", "bert-bge"]
ROUNDS = 7


class Ours:
    """Our program, which makes one pass over the texts for each line that it is sent."""

    def __init__(self, binary, vocabulary, texts):
        self.process = subprocess.Popen([binary, vocabulary, texts], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.load = float(self.process.stdout.readline())

    def run(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        seconds, count = self.process.stdout.readline().split()
        return float(seconds), int(count)

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def peer(tokenizer, lines):
    start = time.perf_counter()
    # One call for all texts, which costs Python the least; with one thread it is a loop in the package.
    encodings = tokenizer.encode_batch_fast(lines, add_special_tokens=False)
    return time.perf_counter() - start, sum(len(encoding) for encoding in encodings)


def lines_of(path):
    return [line for line in path.read_text(errors="replace").splitlines() if line]


def main():
    binary, folder = sys.argv[1], pathlib.Path(sys.argv[2]) / "trained"
    files = [pathlib.Path(name) for name in sys.argv[3:]]
    figures = {}
    for name in SCHEMES:
        if files:
            lines = [line for file in files for line in lines_of(file)]
        else:
            lines = [json.loads(line)[0] for line in (folder / f"{name}.jsonl").read_text().splitlines()]
        megabytes = sum(len(line.encode()) for line in lines) / 1e6
        vocabulary = folder / f"{name}.json"
        tokenizer = Tokenizer.from_file(str(vocabulary))
        with tempfile.NamedTemporaryFile("w", suffix=".json") as texts:
            json.dump(lines, texts)
            texts.flush()
            ours = Ours(binary, str(vocabulary), texts.name)
            mine, theirs = [], []
            for _ in range(ROUNDS):
                seconds, count = ours.run()
                mine.append(seconds)
                seconds, peer_count = peer(tokenizer, lines)
                theirs.append(seconds)
                if count != peer_count:
                    print(f"{name}: {count} tokens, the package has {peer_count}", file=sys.stderr)
            ours.end()
        ours_rate = megabytes / statistics.median(mine)
        peer_rate = megabytes / statistics.median(theirs)
        figures[name] = {"lapwing_mb_s": round(ours_rate, 1), "tokenizers_mb_s": round(peer_rate, 1),
                         "ratio": round(ours_rate / peer_rate, 2), "load_s": round(ours.load, 3)}
        print(f"{name:16} lapwing {ours_rate:6.1f} MB/s   tokenizers {peer_rate:6.1f} MB/s   {ours_rate / peer_rate:.2f}x"
              f"   loaded in {ours.load:.2f} s", file=sys.stderr)
    print(json.dumps({"benchmark": "tokenizers", "rounds": ROUNDS, "figures": figures}))


if __name__ == "__main__":
    main()
