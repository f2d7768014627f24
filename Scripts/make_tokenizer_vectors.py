#!/usr/bin/env python3
"""Makes the tokenizer's test vectors from a seed: texts, and what the reference implementations make of them.

    pip install llama-cpp-python regex
    Scripts/make_tokenizer_vectors.py [MODEL.gguf]

Writes two files of JSON lines into Tests/LapwingTextTests/Fixtures, the first only with a model:

  token-ids.jsonl    [text, [id, ...]]            llama.cpp, without a beginning-of-sequence token
  word-splits.jsonl  [text, {"3 1 4": "gpt-2 ..."}]   words' lengths in scalars, by the published patterns

The texts are made here; no model's data is in them. --lines N and --out FOLDER make more, elsewhere, for a soak test.
"""

import argparse
import json
import pathlib
import random
import unicodedata

FIXTURES = pathlib.Path(__file__).parent.parent / "Tests/LapwingTextTests/Fixtures"

WORDS = """the a of and refund card account payment was charged twice why is my transfer pending please help order arrived
broken delivery late invoice password reset email address cancel subscription Monday tomorrow I'm you're they've he'll
she'd it's DON'T WE'RE Y'all rock'n'roll o'clock naïve café résumé coöperate Zürich Ångström façade jalapeño HTTP/1.1
user@example.com https://example.org/path?q=1&r=2#top C++ C# .NET iPhone macOS x86_64 GPT-4 e.g. i.e. U.S.A. Mr. Dr.
under_score camelCase SCREAMING_CASE kebab-case antidisestablishmentarianism aaaaaaaaaaaaaaaaaaaaaaaa""".split()
SENTENCES = [
    "Übergrößenträger fürchten Äpfel", "Où est la bibliothèque, s'il vous plaît ?", "¿Dónde está mi tarjeta? ¡Ayuda!",
    "Não consigo acessar a minha conta.", "Моя карта не работает, что делать?", "Η κάρτα μου δεν λειτουργεί.",
    "我的银行卡丢了,怎么办?", "カードを紛失しました。どうすればいいですか?", "카드를 잃어버렸어요. 어떻게 해야 하나요?",
    "मेरा कार्ड खो गया है।", "আমার কার্ড হারিয়ে গেছে", "எனது அட்டை தொலைந்துவிட்டது", "బ్యాంకు ఖాతా", "ฉันทำบัตรหาย ต้องทำอย่างไร",
    "بطاقتي لا تعمل، ماذا أفعل؟", "הכרטיס שלי לא עובד", "کارت من کار نمی‌کند", "Թարգմանություն", "ბარათი დავკარგე",
    "Thẻ của tôi không hoạt động", "Kartım çalışmıyor, İstanbul'da ne yapmalıyım?", "Moja karta nie działa – źdźbło",
    "ខ្ញុំបាត់កាត", "ကတ်ပျောက်သွားတယ်", "ບັດຂອງຂ້ອຍເສຍ", "የእኔ ካርድ ጠፍቷል", "ᠮᠣᠩᠭᠣᠯ ᠪᠢᠴᠢᠭ", "བོད་ཡིག",
]
CODE = [
    "def f(x):\n    return x ** 2\n", "for (int i = 0; i < n; ++i) {\n\tsum += a[i];\n}\n", "let x: [String: Int] = [:]",
    "SELECT id, SUM(cost) FROM calls WHERE day >= '2024-01-01' GROUP BY 1;", "if (a && b || !c) { return -1; }",
    '{"key": [1, 2.5e-3, null, true], "s": "a\\nb"}', "<div class=\"x\">&nbsp;</div>", "#include <stdio.h>\r\n",
    "x = y if z else w  # comment", "$ git commit -m 'fix' && git push", "\\begin{equation} e^{i\\pi} + 1 = 0 \\end{equation}",
    "%s %d %05.2f\\t", "/* a */ // b", "lambda *args, **kw: None", "@decorator\nasync def g(): ...", "0xDEADBEEF 0b1010 1_000",
]
EMOJI = ["😀", "👍🏽", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪🇫🇷", "❤️‍🔥", "🧑🏿‍🚀", "1️⃣", "☃", "☃️", "🫠", "©", "™", "🀄", "\U0001FAE8"]
SPECIAL = ["<|im_start|>", "<|im_end|>", "<|endoftext|>", "<repo_name>", "<file_sep>", "<|im_start|", "<|im_start", "<|",
           "|>", "<|im_end|><|im_end|>", "<<|im_end|>>", "<reponame>", "<filename>", "<gh_stars>", "<jupyter_start>",
           "<|fim_prefix|>", "</s>", "<s>", "<empty_output>"]
SPACES = [" ", "  ", "   ", "\t", "\t\t", "\n", "\n\n", "\n\n\n", "\r\n", "\r\n\r\n", "\r", " \n", "\n ", " \t \n ", "\v", "\f",
          "\u0085", "\u00A0", "\u1680", "\u2003", "\u2028", "\u2029", "\u202F", "\u205F", "\u3000", "\u200B", "\u200D",
          "\ufeff", " " * 7, " " * 16, "\t" * 5, "\n" * 9]
DIGITS = ["0", "7", "42", "123", "1234", "1234567", "3.14159", "1,000,000.00", "2024-05-17", "-5", "+49 30 1234", "½", "²", "Ⅷ",
          "٣٤٥", "१२३", "９９", "12:30:00", "1e10", "𝟘𝟙", "㊿", "①"]
MARKS = ["e\u0301", "a\u0300\u0316", "n\u0303", "\u0301", "Z\u0351\u036B\u0343\u036Aa\u0302l\u0334g\u0315o", "\u0E33", "क्षि",
         "ｶﾞ", "が", "\u1100\u1161\u11A8", "각", "İ", "ß", "ﬁ", "Ǆ", "ſ", "K", "'ſ", "\u0345", "\u20DD", "a\u20E3"]
CONTROL = ["\x00", "\x01", "\x07", "\x1b[31m", "\x1c", "\x1f", "\x7f", "\x80", "\x9f", "\u00AD", "\u061C", "\u2066", "\ufffe",
           "\uffff", "\ufffd", "\U000E0001"]
QUOTES = ["'s", "'S", "'t", "'re", "'RE", "'Re", "'ve", "'m", "'M", "'ll", "'lL", "'d", "'D", "'x", "''", "'", "’s", "'l",
          "'r", "'v", " 's", " 'll", "'\n", "\"'s"]
PUNCTUATION = [".", ",", "!", "?", "...", "?!", "--", "—", "–", "(", ")", "[", "]", "{", "}", "***", "===", "###", "/", "\\", "|",
               "~", "^", "`", "``", "@", "&&", "$", "€", "£", "¥", "%", "°", "«", "»", "„", "“", "…", "·", "、", "。", "؟"]
GROUPS = [WORDS, SENTENCES, CODE, EMOJI, SPECIAL, SPACES, DIGITS, MARKS, CONTROL, QUOTES, PUNCTUATION]
PLANES = [(0xA1, 0x250), (0x250, 0x600), (0x600, 0xE00), (0xE00, 0x2000), (0x2000, 0x3000), (0x3000, 0xA000),
          (0xA000, 0xD800), (0xF900, 0xFFFE), (0x10000, 0x11000), (0x11000, 0x14000), (0x16000, 0x19000),
          (0x1B000, 0x1F000), (0x1F000, 0x20000), (0x20000, 0x2FA20), (0x30000, 0x31350), (0xE0100, 0xE01F0)]


def scalar(rng):
    """A scalar that every Unicode version in use agrees on: assigned in this Python's tables (14.0 or newer)."""
    while True:
        first, last = rng.choice(PLANES)
        value = rng.randrange(first, last)
        if unicodedata.category(chr(value)) not in ("Cn", "Cs", "Co"):
            return chr(value)


def piece(rng):
    group = rng.choice(GROUPS)
    kind = rng.random()
    if kind < 0.80:
        return rng.choice(group)
    if kind < 0.88:
        return scalar(rng)
    if kind < 0.92:
        return rng.choice(" \n\t.'a1") * rng.randrange(1, 24)
    if kind < 0.96:
        return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randrange(1, 14)))
    return str(rng.randrange(10 ** rng.randrange(1, 12)))


def text(rng, index):
    singles = [item for group in GROUPS for item in group]
    if index == 0:
        return ""
    if index <= len(singles):
        return singles[index - 1]
    kind = rng.random()
    if kind < 0.35:  # words as in a question, now and then something else
        parts = [rng.choice(WORDS) if rng.random() < 0.9 else piece(rng) for _ in range(rng.randrange(2, 14))]
        return " ".join(parts)
    if kind < 0.5:  # every kind side by side, nothing between
        return "".join(piece(rng) for _ in range(rng.randrange(1, 8)))
    if kind < 0.6:  # runs of white space between short pieces
        return "".join(rng.choice(SPACES) * rng.randrange(1, 3) + rng.choice(WORDS + PUNCTUATION + DIGITS)
                       for _ in range(rng.randrange(1, 6))) + rng.choice(SPACES + [""])
    if kind < 0.7:  # rare scalars
        return "".join(scalar(rng) + (" " if rng.random() < 0.2 else "") for _ in range(rng.randrange(1, 10)))
    if kind < 0.8:  # a conversation with special tokens
        return "".join(f"<|im_start|>{rng.choice(['user', 'assistant', 'system'])}\n{rng.choice(SENTENCES + WORDS)}"
                       f"{rng.choice(['<|im_end|>', '<|im_end|>' + chr(10), ''])}" for _ in range(rng.randrange(1, 4)))
    if kind < 0.9:  # contractions and digits against everything
        return "".join(rng.choice([rng.choice(WORDS), rng.choice(QUOTES), rng.choice(DIGITS), rng.choice(SPACES[:4])])
                       for _ in range(rng.randrange(2, 9)))
    return "".join(rng.choice(CODE) + rng.choice(["", "\n", "\r\n", "  "]) for _ in range(rng.randrange(1, 3)))


CONTRACTIONS = r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN2 = CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}" + REST
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
CAPITAL, SMALL = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
CASED = r"[^\r\n\p{L}\p{N}]?" + CAPITAL + "*" + SMALL + r"+%s|[^\r\n\p{L}\p{N}]?" + CAPITAL + "+" + SMALL + "*%s|"
# In hexadecimal, because an editor may take the Kelvin sign for a K.
LISTED = r"\s?[" + "".join("-".join(chr(int(end, 16)) for end in part.split("-")) for part in """
    41-5A 61-7A B5 C0-D6 D8-F6 F8-1BA 1BC-1BF 1C4-293 295-2AF 370-373 376 377 37B-37D 37F 386 388-38A 38C 38E-3A1
    3A3-3F5 3F7-481 48A-52F 531-556 10A0-10C5 13A0-13F5 13F8-13FD 1C90-1CBA 1CBD-1CBF 1D00-1D2B 1D6B-1D77 1D79-1D9A
    1E00-1F15 1F18-1F1D 1F20-1F45 1F48-1F4D 1F50-1F57 1F59 1F5B 1F5D 1F5F-1F7D 1F80-1FB4 1FB6-1FBC 1FBE 1FC2-1FC4
    1FC6-1FCC 1FD0-1FD3 1FD6-1FDB 1FE0-1FEC 1FF2-1FF4 1FF6-1FFC 2102 2107 210A-2113 2115 2119-211D 2124 2126 2128
    212A-212D 212F-2134 2139 213C-213F 2145-2149 214E 2183 2184 2C00-2C7B 2C7E-2CE4 2CEB-2CEE 2CF2 2CF3 A640-A66D
    A680-A69B A722-A76F A771-A787 A78B-A78E AB70-ABBF FB00-FB06 FB13-FB17 FF21-FF3A FF41-FF5A 10400-1044F
    104B0-104D3 104D8-104FB 10C80-10CB2 10CC0-10CF2 118A0-118DF 1E900-1E943""".split()) + "]+"
EASTERN, BLOOM = "[一-龥ࠀ-一가-\ud7ff]+", r" ?[^(\s|.,!?…。，、।۔،)]+"
# A pattern works on the pieces that the one before makes: what it matches, and what lies between.
PATTERNS = {
    "gpt-2": [GPT2],
    "smollm": [r"\p{N}", GPT2],
    "llama-bpe": [QWEN2.replace(r"|\p{N}|", r"|\p{N}{1,3}|")],
    "minicpm5": [r"\p{N}{1,3}", QWEN2.replace(r"|\p{N}|", r"|\p{N}+|")],
    "qwen2": [QWEN2],
    "qwen35": [QWEN2.replace(r"?\p{L}+", r"?[\p{L}\p{M}]+").replace(r"[^\s\p{L}\p{N}]", r"[^\s\p{L}\p{M}\p{N}]")],
    "seed-coder": [QWEN2.replace(r"[^\s\p{L}\p{N}]+[\r\n]*", r"[^\s\p{L}\p{N}\r\n]+")],
    "ufakzeka": [QWEN2.replace(CONTRACTIONS + "|", "")],
    "tekken": [CASED % ("", "") + r"\p{N}" + REST.replace(r"[\r\n]*", r"[\r\n/]*")],
    "gpt-4o": [CASED % (CONTRACTIONS + "?", CONTRACTIONS + "?") + r"\p{N}{1,3}" + REST.replace(r"[\r\n]*", r"[\r\n/]*")],
    "bloom": [BLOOM],
    "viking": [BLOOM, r"\p{N}"],
    "falcon": [r"[\p{P}\$\+<=>\^~\|`]+", GPT2, "[0-9][0-9][0-9]"],
    "default": [r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", "[0-9][0-9][0-9]"],
    "deepseek-llm": [r"[\r\n]", LISTED, r"\s?[!-/:-~！-／：-～‘-‟　-。]+", r"\s+\Z", EASTERN, r"\p{N}+"],
    "deepseek-coder": [r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", EASTERN, r"\p{N}"],
    "deepseek-v3": [
        r"\p{N}{1,3}", "[一-龥぀-ゟ゠-ヿ]+",
        r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"
        r"|\s*[\r\n]+|\s+(?!\S)|\s+"],
}


def pieces(regex, patterns, text):
    found = [text]
    for pattern in patterns:
        # With a group around the pattern, `split` gives the matches too.
        found = [part for piece in found for part in regex.split(f"({pattern})", piece) if part]
    return found


def splits(regex, text):
    found = {}
    for name, patterns in PATTERNS.items():
        words = pieces(regex, patterns, text)
        assert "".join(words) == text, (name, text)
        found.setdefault(" ".join(str(len(word)) for word in words), []).append(name)
    return {cut: " ".join(names) for cut, names in found.items()}


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("model", nargs="?")
    arguments.add_argument("--lines", type=int, default=2400)
    arguments.add_argument("--split-lines", type=int, default=600)
    arguments.add_argument("--seed", type=int, default=20)
    arguments.add_argument("--out", type=pathlib.Path, default=FIXTURES)
    options = arguments.parse_args()
    import regex

    rng = random.Random(options.seed)
    texts = list(dict.fromkeys(text(rng, index) for index in range(options.lines * 2)))[: options.lines]
    if options.model:
        import llama_cpp

        model = llama_cpp.Llama(options.model, vocab_only=True, verbose=False)
        with open(options.out / "token-ids.jsonl", "w") as out:
            for line in texts:
                ids = model.tokenize(line.encode(), add_bos=False, special=True)
                out.write(json.dumps([line, ids], separators=(",", ":")) + "\n")
    # From the end of the list, where the mixed texts are, and some of the single pieces.
    with open(options.out / "word-splits.jsonl", "w") as out:
        for line in texts[:150] + texts[len(texts) - options.split_lines + 150:]:
            out.write(json.dumps([line, splits(regex, line)], separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
