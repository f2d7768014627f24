#!/usr/bin/env python3
"""Writes a GGUF file of a real model's shapes with random weights: for measuring speed and memory, not for reading.

    python3 -m venv .cache/synthetic && .cache/synthetic/bin/pip install gguf numpy
    .cache/synthetic/bin/python Scripts/make_synthetic_model.py SHAPE MIX [OUT] [--seed N]

SHAPE   llama-3.2-1b   Llama-3.2-1B, whole: 16 layers, tied embedding
        mixtral-2l     Mixtral-8x7B, cut to two layers: eight experts, two a token
MIX     q4_0, q4_k_m or q8_0: each tensor has the type that llama.cpp's quantiser gives it in such a file
OUT     default models/synthetic-SHAPE.MIX.gguf

Quantised blocks are drawn as bytes, with scales such that a matrix keeps the size of its input, so a gigabyte takes
seconds and activations stay finite. The vocabulary is a byte-level BPE of the right size: the bytes, some merges of
English, and filler that no text gives. The same arguments write the same bytes.
"""

import argparse
import dataclasses
import pathlib

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type


@dataclasses.dataclass
class Shape:
    name: str
    layers: int
    width: int
    feed_forward: int
    heads: int
    kv_heads: int
    vocabulary: int
    context: int
    rope_base: float
    tied: bool
    experts: int = 0
    experts_used: int = 0

    @property
    def head_length(self):
        return self.width // self.heads


SHAPES = {
    "llama-3.2-1b": Shape("Llama-3.2-1B", 16, 2048, 8192, 32, 8, 128_256, 131_072, 500_000.0, tied=True),
    "mixtral-2l": Shape("Mixtral-8x7B, two layers", 2, 4096, 14_336, 32, 8, 32_000, 32_768, 1_000_000.0, tied=False,
                        experts=8, experts_used=2),
}
MIXES = {"q4_0": Type.Q4_0, "q4_k_m": Type.Q4_K, "q8_0": Type.Q8_0}
FILE_TYPES = {"q4_0": gguf.LlamaFileType.MOSTLY_Q4_0, "q4_k_m": gguf.LlamaFileType.MOSTLY_Q4_K_M,
              "q8_0": gguf.LlamaFileType.MOSTLY_Q8_0}


# The mix: which type llama.cpp's quantiser gives a tensor (src/llama-quant.cpp there).


def uses_more_bits(layer, layers):
    return layer < layers // 8 or layer >= 7 * layers // 8 or (layer - layers // 8) % 3 == 2


def head_type(mix):
    """The output matrix, or the embedding where it is that too."""
    return Type.Q8_0 if mix == "q8_0" else Type.Q6_K


def layer_type(mix, part, layer, shape):
    if part in ("attn_k", "attn_v") and shape.experts == 8:
        return Type.Q8_0  # a small share of such a model
    if mix == "q4_k_m":
        if part == "attn_output" and shape.experts == 8:
            return Type.Q5_K
        if part in ("attn_v", "ffn_down", "ffn_down_exps") and uses_more_bits(layer, shape.layers):
            return Type.Q6_K
    return MIXES[mix]


def tensors(shape, mix):
    """Name, lengths (slowest first), type and standard deviation of every tensor, in the file's order; norms have none."""
    width, keys = shape.width, shape.kv_heads * shape.head_length
    # A tied head makes logits of this size from a normed row; as an input it is normed away.
    head_deviation = 3 / width**0.5
    embedding = head_type(mix) if shape.tied else MIXES[mix]
    yield "token_embd.weight", (shape.vocabulary, width), embedding, head_deviation
    for layer in range(shape.layers):
        parts = [("attn_q", (width, width)), ("attn_k", (keys, width)), ("attn_v", (keys, width)),
                 ("attn_output", (width, width))]
        gate, down, suffix = (shape.feed_forward, width), (width, shape.feed_forward), ""
        if shape.experts:
            gate, down, suffix = (shape.experts, *gate), (shape.experts, *down), "_exps"
        parts += [("ffn_gate" + suffix, gate), ("ffn_up" + suffix, gate), ("ffn_down" + suffix, down)]
        yield f"blk.{layer}.attn_norm.weight", (width,), Type.F32, None
        yield f"blk.{layer}.ffn_norm.weight", (width,), Type.F32, None
        if shape.experts:
            yield f"blk.{layer}.ffn_gate_inp.weight", (shape.experts, width), Type.F32, width**-0.5
        for part, lengths in parts:
            kind = layer_type(mix, part, layer, shape)
            yield f"blk.{layer}.{part}.weight", lengths, kind, lengths[-1] ** -0.5
    yield "output_norm.weight", (width,), Type.F32, None
    if not shape.tied:
        yield "output.weight", (shape.vocabulary, width), head_type(mix), head_deviation


# Blocks, as bytes: the layouts are those of https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.


def half(values):
    """[block, 2] bytes of halves."""
    return values.astype("<f2").view(np.uint8).reshape(len(values), 2)


def six_bit_scales(draw):
    """Twelve bytes a block: eight scales of 32 to 63 and minima equal to them, packed as K types have them."""
    scales = 32 + (draw[:, :8] & 31)
    whole = scales[:, :4] | (scales[:, 4:] >> 4) << 6
    rest = (scales[:, 4:] & 15) | (scales[:, 4:] & 15) << 4
    return np.concatenate([whole, whole, rest], axis=1)


def quantised(kind, count, deviation, random):
    """Bytes of `count` weights of that standard deviation about zero, [block, bytes of a block]."""
    elements, size = gguf.GGML_QUANT_SIZES[kind]
    blocks = random.integers(0, 1 << 64, size=(count // elements * size + 7) // 8, dtype=np.uint64)
    blocks = blocks.view(np.uint8)[: count // elements * size].reshape(-1, size)
    # Scales vary from block to block as trained ones do: evenly from 0.6 to 1.4 of the mean.
    scale = deviation * (0.6 + 0.8 / 255 * blocks[:, 0].astype(np.float32))
    match kind:
        case Type.Q4_0:  # nibbles of standard deviation 4.6 and mean -0.5, so scales of both signs, as files have them
            blocks[:, :2] = half(np.where(blocks[:, 1] & 1, scale, -scale) / 4.6)
        case Type.Q8_0:
            blocks[:, :2] = half(scale / 73.9)
        case Type.Q4_K | Type.Q5_K:  # the minimum, half the range below zero, centres the quants
            top = 15 if kind == Type.Q4_K else 31
            blocks[:, :2] = half(scale / (48 * top / 12**0.5))
            blocks[:, 2:4] = half(scale / (48 * top / 12**0.5) * top / 2)
            blocks[:, 4:16] = six_bit_scales(blocks[:, 16:24])
        case Type.Q6_K:  # quants of standard deviation 18.5 with group scales of 73.9
            blocks[:, -2:] = half(scale / (18.5 * 73.9))
        case _:
            raise ValueError(f"no random blocks for {kind}")
    return blocks


def data(lengths, kind, deviation, random):
    if kind == Type.F32:
        values = random.standard_normal(lengths, dtype=np.float32)
        return 1 + values / 8 if deviation is None else values * np.float32(deviation)
    blocks = quantised(kind, int(np.prod(lengths)), deviation, random)
    return blocks.reshape(*lengths[:-1], -1)


# The vocabulary.

TEXT = """the of and to in is that it for was on are with as his they be at one have this from or had by hot but some
what there we can out other were all your when up use word how said an each she which do their time if will way about
many then them would write like so these her long make thing see him two has look more day could go come did my sound
no most number who over know water than call first people may down side been now find any new work part take get place
made live where after back little only round man year came show every good me give our under name"""
CONTROL = ["<|begin_of_text|>", "<|end_of_text|>", "<|im_start|>", "<|im_end|>"]
CHAT_TEMPLATE = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def byte_alphabet():
    """GPT-2's printable character for each byte."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = iter(range(0x100, 0x200))
    return [chr(byte if byte in printable else next(others)) for byte in range(256)]


def vocabulary(size):
    """Tokens with their types, and merges: each word of the text grows from its first letter on."""
    alphabet = byte_alphabet()
    tokens, merges = list(alphabet), []
    known = set(tokens)
    for word in TEXT.split():
        for text in (word, alphabet[0x20] + word):
            for end in range(2, len(text) + 1):
                if text[:end] not in known:
                    known.add(text[:end])
                    tokens.append(text[:end])
                    merges.append(f"{text[:end - 1]} {text[end - 1]}")
    filler = size - len(tokens) - len(CONTROL)
    tokens += [f"{alphabet[0x20]}filler{index}" for index in range(filler)] + CONTROL
    types = [gguf.TokenType.NORMAL] * (size - len(CONTROL)) + [gguf.TokenType.CONTROL] * len(CONTROL)
    return tokens, types, merges


def metadata(writer, shape, mix):
    writer.add_name(f"{shape.name}, random weights")
    writer.add_file_type(FILE_TYPES[mix])
    writer.add_vocab_size(shape.vocabulary)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_rope_dimension_count(shape.head_length)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_layer_norm_rms_eps(1e-5)
    if shape.experts:
        writer.add_expert_count(shape.experts)
        writer.add_expert_used_count(shape.experts_used)
    tokens, types, merges = vocabulary(shape.vocabulary)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(tokens.index("<|begin_of_text|>"))
    writer.add_eos_token_id(tokens.index("<|end_of_text|>"))
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("mix", choices=MIXES)
    parser.add_argument("out", nargs="?", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    shape, mix = SHAPES[arguments.shape], arguments.mix
    out = arguments.out or pathlib.Path("models", f"synthetic-{arguments.shape}.{mix}.gguf")
    out.parent.mkdir(parents=True, exist_ok=True)

    writer = gguf.GGUFWriter(out, "llama")
    metadata(writer, shape, mix)
    listed = list(tensors(shape, mix))
    for name, lengths, kind, _ in listed:
        elements, size = gguf.GGML_QUANT_SIZES[kind]
        byte_count = int(np.prod(lengths)) // elements * size
        if kind == Type.F32:
            writer.add_tensor_info(name, lengths, np.dtype(np.float32), byte_count)
        else:
            rows = (*lengths[:-1], lengths[-1] // elements * size)
            writer.add_tensor_info(name, rows, np.dtype(np.uint8), byte_count, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    random = np.random.Generator(np.random.SFC64(arguments.seed))
    for _, lengths, kind, deviation in listed:
        writer.write_tensor_data(data(lengths, kind, deviation, random))
    writer.close()
    print(f"{out}: {out.stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
