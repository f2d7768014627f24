#!/usr/bin/env python3
"""Writes Sources/LapwingText/Tokenizer/ScalarClassRuns.swift.

The general categories of Unicode 15.1, the version that llama.cpp's tables hold (checked: no difference over all
scalars). Fixed here, because the standard library's tables follow the operating system and would change token ids.

    pip install unicodedata2==15.1.0
    Scripts/make_unicode_classes.py
"""

import itertools
import pathlib
import textwrap

import unicodedata2

OUT = pathlib.Path(__file__).parent.parent / "Sources/LapwingText/Tokenizer/ScalarClassRuns.swift"
LETTERS = {"Lu": "U", "Lt": "U", "Ll": "L", "Lm": "O", "Lo": "O", "M": "M", "N": "N", "P": "P", "S": "S"}


def letter(scalar):
    category = unicodedata2.category(chr(scalar))
    return LETTERS.get(category) or LETTERS.get(category[0]) or "-"


assert unicodedata2.unidata_version.startswith("15.1"), unicodedata2.unidata_version
runs = [(kind, len(list(run))) for kind, run in itertools.groupby(map(letter, range(0x110000)))]
while runs[-1][0] == "-":
    runs.pop()
text = "".join((str(count) if count > 1 else "") + kind for kind, count in runs)
OUT.write_text(
    "// Made by Scripts/make_unicode_classes.py from Unicode 15.1.\n\n"
    "/// The classes of all scalars in ascending order, as runs: a length, where it is not 1, and a letter.\n"
    "///\n"
    "/// U: Lu and Lt, L: Ll, O: Lm and Lo, M, N, P, S: those categories, -: the rest, as is what comes after the last run.\n"
    'let scalarClassRuns: StaticString = """\n'
    + "\n".join("    " + line + "\\" for line in textwrap.wrap(text, 115, break_on_hyphens=False))[:-1]
    + '\n    """\n'
)
