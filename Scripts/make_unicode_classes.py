#!/usr/bin/env python3
"""Writes Sources/LapwingText/Tokenizer/ScalarClassRanges.swift.

The letters and numbers of Unicode 15.1, the version that llama.cpp's tables hold (checked: no difference over all
scalars). Fixed here, because the standard library's tables follow the operating system and would change token ids.

    pip install unicodedata2==15.1.0
    Scripts/make_unicode_classes.py
"""

import pathlib

import unicodedata2

OUT = pathlib.Path(__file__).parent.parent / "Sources/LapwingText/Tokenizer/ScalarClassRanges.swift"


def ranges(major):
    found = []
    for scalar in range(0x110000):
        if 0xD800 <= scalar < 0xE000 or unicodedata2.category(chr(scalar))[0] != major:
            continue
        if found and found[-1][1] == scalar - 1:
            found[-1][1] = scalar
        else:
            found.append([scalar, scalar])
    return found


def literal(name, comment, major):
    cells = [f"0x{first:X}, 0x{last:X}," for first, last in ranges(major)]
    lines, line = [], "       "
    for cell in cells:
        if len(line) + 1 + len(cell) > 118:
            lines.append(line)
            line = "       "
        line += " " + cell
    lines.append(line)
    return f"    /// {comment}\n    static let {name}: [UInt32] = [\n" + "\n".join(lines) + "\n    ]\n"


assert unicodedata2.unidata_version.startswith("15.1"), unicodedata2.unidata_version
OUT.write_text(
    "// Made by Scripts/make_unicode_classes.py from Unicode 15.1.\n\n"
    "/// First and last scalar of each range, in ascending order.\n"
    "enum ScalarClassRanges {\n"
    + literal("letters", "General category L.", "L")
    + "\n"
    + literal("numbers", "General category N.", "N")
    + "}\n"
)
