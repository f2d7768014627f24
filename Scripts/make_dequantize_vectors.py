"""Writes Tests/LapwingModelTests/Fixtures/dequantize.txt: random blocks of each type and the floats they stand for.

The floats come from the reference of the file format's own Python package: pip install gguf (0.19 was used).
A line is the type, the blocks' bytes in hexadecimal, and the floats' bits in hexadecimal, all little-endian.
"""

import pathlib

import gguf
import numpy

random = numpy.random.default_rng(20240607)
T = gguf.GGMLQuantizationType

# Type, number of blocks, and where in a block its halves lie: those get finite values, all other bytes are random.
BLOCKS = [
    (T.Q4_0, 3, [0]),
    (T.Q4_1, 3, [0, 2]),
    (T.Q5_0, 3, [0]),
    (T.Q5_1, 3, [0, 2]),
    (T.Q8_0, 3, [0]),
    (T.Q4_K, 2, [0, 2]),
    (T.Q5_K, 2, [0, 2]),
    (T.Q6_K, 2, [208]),
    (T.Q2_K, 2, [80, 82]),
    (T.Q3_K, 2, [108]),
    (T.IQ4_NL, 3, [0]),
    (T.IQ4_XS, 2, [0]),
    (T.MXFP4, 3, []),
]


def random_blocks(type, count, halves):
    byte_count = gguf.GGML_QUANT_SIZES[type][1]
    blocks = random.integers(0, 256, (count, byte_count), dtype=numpy.uint8)
    for offset in halves:
        scales = random.uniform(-0.25, 0.25, count).astype("<f2")
        scales[0] = numpy.float16(2**-24 * 700)  # a subnormal half
        blocks[:, offset : offset + 2] = scales.view(numpy.uint8).reshape(count, 2)
    return blocks


def line(type, blocks, values):
    return f"{type.name} {blocks.tobytes().hex()} {numpy.asarray(values, '<f4').tobytes().hex()}\n"


lines = []
for type, count, halves in BLOCKS:
    blocks = random_blocks(type, count, halves)
    lines.append(line(type, blocks, gguf.quants.dequantize(blocks, type)))

halves = numpy.array([0, 0x8000, 1, 0x83FF, 0x0400, 0x3C00, 0xC000, 0x7BFF, 0x7C00, 0xFC00, 0x3555], "<u2")
lines.append(line(T.F16, halves, halves.view("<f2").astype("<f4")))
brains = numpy.array([[0, 0x8000, 1, 0x3F80, 0xC000, 0x7F7F, 0x7F80, 0xFF80, 0x3EAB]], "<u2")
lines.append(line(T.BF16, brains, gguf.quants.dequantize(brains.view(numpy.uint8), T.BF16)))

target = pathlib.Path(__file__).parent.parent / "Tests/LapwingModelTests/Fixtures/dequantize.txt"
target.parent.mkdir(exist_ok=True)
target.write_text("".join(lines))
