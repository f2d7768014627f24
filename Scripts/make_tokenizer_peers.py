#!/usr/bin/env python3
"""Trains vocabularies of each family from a seed, and says what the reference implementations make of mixed texts.

    pip install tokenizers sentencepiece gguf
    Scripts/make_tokenizer_peers.py OUT [--vocabularies FOLDER] [--lines N] [--texts FILE ...]

Writes into OUT, for each scheme: NAME.json, a tokenizer.json; NAME.jsonl, one [text, [id, ...]] a line, without special
tokens. --texts adds the lines of other files to the mixed texts. --vocabularies names the folder of llama.cpp's
vocabularies: three of them, real ones, are written as a tokenizer.json too.
"""

import argparse
import io
import json
import pathlib
import random

from make_tokenizer_vectors import CODE, CONTROL, EMOJI, MARKS, SENTENCES, SPACES, WORDS, text as mixed_text

LONE = ["\ufffd", "\u0000", "\u200b\u200d", "\u1100\u1161", "\u0041\u030a", "\ufb01\u00bd\u2460", "\u3042\u3099",
        "\uff21\uff22\uff23", "\u00c5\u212b", "\u03a3\u03c2", "\u0130I\u0131", "\ufdfa", "\u2581", "a\u2581b", "\u2581\u2581"]


def texts(seed, count):
    """Mixed texts: those of the other vectors, and what normalisation and white space act on."""
    rng = random.Random(seed)
    groups = [WORDS, SENTENCES, CODE, EMOJI, SPACES, MARKS, CONTROL, LONE]
    found = {}
    words = lexicon(random.Random(seed + 1), 3000)
    index = 0
    while len(found) < count:
        if rng.random() < 0.5:
            line = mixed_text(rng, index)
        elif rng.random() < 0.4:
            line = " ".join(rng.choice(words) for _ in range(rng.randrange(1, 12)))
        else:
            line = "".join(rng.choice(rng.choice(groups)) + rng.choice(["", " ", "  "]) for _ in range(rng.randrange(1, 14)))
        index += 1
        # The package's tables are those of Unicode 12: to it these digits have no compatibility form.
        if not any("\U0001fbf0" <= scalar <= "\U0001fbf9" for scalar in line):
            found.setdefault(line)
    return list(found)


ALPHABETS = [("bcdfghklmnprstvwz", "aeiou"), ("bcdfghklmnprstvz", "aeiouäöüéèßñç"), ("бвгдклмнпрст", "аеиоуыя"),
             ("βγδκλμνπρστ", "αεηιου"), ("कखगचजतदनपमरस", "ािीुे"), ("あかさたなはまや", "いうえおんを"), ("我的银行卡丢了怎么办", "人工智能今天学习")]


def lexicon(rng, count):
    """Words of syllables, so that there is something to learn."""
    words = []
    for _ in range(count):
        outer, inner = ALPHABETS[min(int(rng.expovariate(0.6)), len(ALPHABETS) - 1)]
        word = "".join(rng.choice(outer) + rng.choice(inner) for _ in range(rng.randrange(1, 5)))
        words.append(word.capitalize() if rng.random() < 0.1 else word)
    return words


def corpus(seed, count):
    rng = random.Random(seed)
    words = lexicon(rng, 3000)
    lines = []
    for _ in range(count):
        line = [words[min(int(rng.expovariate(0.004)), len(words) - 1)] if rng.random() < 0.7 else
                rng.choice(WORDS + SENTENCES) for _ in range(rng.randrange(3, 20))]
        lines.append(rng.choice(["", "", rng.choice(CODE)]) + " ".join(line) + rng.choice([".", "!", "  ", "\n"]))
    return lines


def assemble(model, **parts):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer(model)
    for name, part in parts.items():
        setattr(tokenizer, name, part)
    return tokenizer


def sentencepiece_model(kind, lines, size, **options):
    import sentencepiece

    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=out, model_type=kind, vocab_size=size, minloglevel=2,
        character_coverage=0.99, **options)
    processor = sentencepiece.SentencePieceProcessor(model_proto=out.getvalue())
    from sentencepiece import sentencepiece_model_pb2

    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(out.getvalue())
    return processor, proto


def bpe_of(proto):
    """The model of a SentencePiece BPE, with the merges that its scores mean."""
    from tokenizers import models

    pieces = {piece.piece: index for index, piece in enumerate(proto.pieces)}
    merges = []
    for piece in proto.pieces:
        if piece.type != 1:
            continue
        for cut in range(1, len(piece.piece)):
            left, right = piece.piece[:cut], piece.piece[cut:]
            if left in pieces and right in pieces:
                merges.append((piece.score, -pieces[left], -pieces[right], left, right))
    merges.sort(reverse=True)
    return models.BPE(pieces, [(left, right) for *_, left, right in merges], unk_token="<unk>", fuse_unk=True,
                      byte_fallback=True)


def schemes(lines):
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

    made = {}
    space = "\u2581"
    decoder = decoders.Sequence([decoders.Replace(space, " "), decoders.ByteFallback(), decoders.Fuse()])

    # As Gemma: no space before the text, white space kept, bytes for what is unknown.
    _, proto = sentencepiece_model(
        "bpe", lines, 3000, byte_fallback=True, add_dummy_prefix=False, remove_extra_whitespaces=False,
        normalization_rule_name="identity", user_defined_symbols=["<start>"])
    made["gemma"] = assemble(
        bpe_of(proto), normalizer=normalizers.Replace(" ", space), decoder=decoder,
        pre_tokenizer=pre_tokenizers.Split(" ", "merged_with_previous"))
    made["gemma"].add_special_tokens(["<s>", "</s>", "<unk>"])
    # As Llama 2: a space before each stretch.
    _, proto = sentencepiece_model(
        "bpe", lines, 3000, byte_fallback=True, remove_extra_whitespaces=False, normalization_rule_name="identity")
    made["llama"] = assemble(
        bpe_of(proto), normalizer=normalizers.Sequence([normalizers.Prepend(space), normalizers.Replace(" ", space)]),
        decoder=decoders.Sequence([decoders.Replace(space, " "), decoders.ByteFallback(), decoders.Fuse(),
                                   decoders.Strip(" ", 1, 0)]))
    made["llama"].add_special_tokens(["<s>", "</s>", "<unk>"])
    # As Mistral's later ones: a space before the text alone.
    made["mistral"] = assemble(
        bpe_of(proto), pre_tokenizer=pre_tokenizers.Metaspace(space, "first", False),
        decoder=decoders.Sequence([decoders.Replace(space, " "), decoders.ByteFallback(), decoders.Fuse(),
                                   decoders.Strip(" ", 1, 0)]))
    made["mistral"].add_special_tokens(["<s>", "</s>", "<unk>"])
    # As T5 and XLM-RoBERTa: SentencePiece's unigram with its own normalisation.
    _, proto = sentencepiece_model("unigram", lines, 2000, normalization_rule_name="nmt_nfkc")
    scores = [(piece.piece, piece.score) for piece in proto.pieces]
    charsmap = proto.normalizer_spec.precompiled_charsmap
    made["t5"] = assemble(
        models.Unigram(scores, 0, False), normalizer=normalizers.Precompiled(charsmap),
        pre_tokenizer=pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(space, "always")]),
        decoder=decoders.Metaspace(space, "always"))
    made["t5"].add_special_tokens(["<s>", "</s>", "<unk>"])
    # As newer files of the same.
    made["xlmr"] = assemble(
        models.Unigram(scores, 0, False), normalizer=normalizers.Sequence([
            normalizers.Precompiled(charsmap), normalizers.Strip(False, True), normalizers.Replace(Regex(" {2,}"), space)]),
        pre_tokenizer=pre_tokenizers.Metaspace(space, "always"), decoder=decoders.Metaspace(space, "always"))
    made["xlmr"].add_special_tokens(["<s>", "</s>", "<unk>"])
    # Unigram as the package itself trains it, with bytes for what is unknown.
    unigram = Tokenizer(models.Unigram())
    unigram.normalizer = normalizers.NFKC()
    unigram.pre_tokenizer = pre_tokenizers.Metaspace(space, "always")
    unigram.decoder = decoders.Metaspace(space, "always")
    unigram.train_from_iterator(lines, trainers.UnigramTrainer(
        vocab_size=2000, special_tokens=["<unk>", "<s>", "</s>"], unk_token="<unk>", show_progress=False))
    made["unigram"] = unigram
    # GPT-2's.
    bytelevel = Tokenizer(models.BPE())
    bytelevel.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytelevel.decoder = decoders.ByteLevel()
    bytelevel.train_from_iterator(lines, trainers.BpeTrainer(
        vocab_size=3000, special_tokens=["<|endoftext|>"], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    made["gpt2"] = bytelevel
    made |= byte_level_schemes(lines)
    # BERT, folding and not.
    for name, lowercase in [("bert", True), ("bert-cased", False)]:
        bert = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        bert.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
        bert.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        bert.decoder = decoders.WordPiece()
        bert.train_from_iterator(lines, trainers.WordPieceTrainer(
            vocab_size=2500, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False))
        bert.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
        made[name] = bert
    return made


def byte_level_schemes(lines):
    """Each family's pre-tokenizer and normalizer, as its own tokenizer.json has them."""
    from make_tokenizer_vectors import PATTERNS
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    def split(pattern):
        return pre_tokenizers.Split(Regex(pattern), "isolated")

    contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
    ours = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"
    bytes_only = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    words = pre_tokenizers.ByteLevel(add_prefix_space=False)

    def by_patterns(name):
        return [split(pattern.replace(ours, contractions)) for pattern in PATTERNS[name]] + [bytes_only]

    families = {
        "gpt-neox": [words],
        "bloom": [split(r" ?[^(\s|[.,!?…。，、।۔،])]+"), bytes_only],
        "smollm": [pre_tokenizers.Digits(individual_digits=True), words],
        "qwen2": by_patterns("qwen2"),
        "llama3": by_patterns("llama-bpe"),
        "tekken": by_patterns("tekken"),
        "gpt-4o": by_patterns("gpt-4o"),
        "falcon": [pre_tokenizers.Punctuation("contiguous"), words, pre_tokenizers.Digits(individual_digits=False),
                   split("[0-9][0-9][0-9]")],
        "deepseek-llm": [split(pattern.replace(r"\Z", "$")) for pattern in PATTERNS["deepseek-llm"][:-1]]
        + [pre_tokenizers.Digits(individual_digits=True), bytes_only],
        "deepseek-v3": by_patterns("deepseek-v3"),
    }
    made = {}
    for name, parts in families.items():
        tokenizer = Tokenizer(models.BPE(ignore_merges=name in ("llama3", "tekken")))
        if name in ("gpt-neox", "qwen2"):
            tokenizer.normalizer = normalizers.NFC()
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(parts) if len(parts) > 1 else parts[0]
        tokenizer.decoder = decoders.ByteLevel()
        tokenizer.train_from_iterator(lines, trainers.BpeTrainer(
            vocab_size=3000, special_tokens=["<|endoftext|>"], show_progress=False,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
        made[name] = tokenizer
    return made


def real_schemes(folder):
    """Three of llama.cpp's vocabularies as the families' own files have them."""
    from types import SimpleNamespace

    from gguf import GGUFReader
    from tokenizers import decoders, models, normalizers, pre_tokenizers

    def read(name):
        fields = GGUFReader(folder / f"ggml-vocab-{name}.gguf").fields
        return lambda key: fields[f"tokenizer.ggml.{key}"].contents()

    made = {}
    space = "\u2581"
    llama = read("llama-spm")
    pieces = [SimpleNamespace(piece=text, score=score, type=type)
              for text, score, type in zip(llama("tokens"), llama("scores"), llama("token_type"))]
    made["llama-spm"] = assemble(
        bpe_of(SimpleNamespace(pieces=pieces)),
        normalizer=normalizers.Sequence([normalizers.Prepend(space), normalizers.Replace(" ", space)]),
        decoder=decoders.Sequence([decoders.Replace(space, " "), decoders.ByteFallback(), decoders.Fuse(),
                                   decoders.Strip(" ", 1, 0)]))
    made["llama-spm"].add_special_tokens(["<unk>", "<s>", "</s>"])
    nomic = read("nomic-bert-moe")
    made["nomic-bert-moe"] = assemble(
        models.Unigram(list(zip(nomic("tokens"), nomic("scores"))), nomic("unknown_token_id"), False),
        normalizer=normalizers.Precompiled(bytes(value & 0xFF for value in nomic("precompiled_charsmap"))),
        pre_tokenizer=pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(space, "always")]),
        decoder=decoders.Metaspace(space, "always"))
    made["nomic-bert-moe"].add_special_tokens(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    bert = read("bert-bge")
    words = {}
    for index, (text, type) in enumerate(zip(bert("tokens"), bert("token_type"))):
        words[text if type != 1 else text[1:] if text.startswith(space) else "##" + text] = index
    made["bert-bge"] = assemble(
        models.WordPiece(words, unk_token="[UNK]"), normalizer=normalizers.BertNormalizer(lowercase=True),
        pre_tokenizer=pre_tokenizers.BertPreTokenizer(), decoder=decoders.WordPiece())
    made["bert-bge"].add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    return made


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("out", type=pathlib.Path)
    arguments.add_argument("--vocabularies", type=pathlib.Path)
    arguments.add_argument("--lines", type=int, default=10000)
    arguments.add_argument("--seed", type=int, default=31)
    arguments.add_argument("--texts", type=pathlib.Path, nargs="*", default=[])
    options = arguments.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    lines = texts(options.seed, options.lines)
    for path in options.texts:
        lines += path.read_text(errors="replace").splitlines()
    training = corpus(options.seed + 1, 4000) + [line for path in options.texts for line in path.read_text(errors="replace").splitlines()]
    made = schemes(training)
    if options.vocabularies:
        made |= real_schemes(options.vocabularies)
    for name, tokenizer in made.items():
        tokenizer.save(str(options.out / f"{name}.json"))
        with open(options.out / f"{name}.jsonl", "w") as out:
            for line, encoding in zip(lines, tokenizer.encode_batch(lines, add_special_tokens=False)):
                back = tokenizer.decode(encoding.ids, skip_special_tokens=False)
                out.write(json.dumps([line, encoding.ids, back], separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
