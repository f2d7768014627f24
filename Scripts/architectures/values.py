"""Seeded values that Swift gives too: base + scale * SplitMix64(FNV-1a(name) ^ seed).symmetric(), computed in F32."""

import numpy as np


def fnv1a(text):
    """The 64-bit hash of Fowler, Noll and Vo, over the bytes of a name."""
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


def split_mix(seed, count):
    """The first `count` numbers of SplitMix64."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def values(name, shape, base, scale, seed):
    numbers = (split_mix(fnv1a(name) ^ seed, int(np.prod(shape))) >> np.uint64(40)).astype(np.int64) - (1 << 23)
    symmetric = numbers.astype(np.float32) / np.float32(1 << 23)
    return (np.float32(base) + np.float32(scale) * symmetric).reshape(shape)


def prompt(length, vocabulary, seed):
    return [int(number % vocabulary) for number in split_mix(seed, length).tolist()]


def spread(name, shape, config):
    """The base and scale of a tensor, both multiples of 1/1024.

    Norms are near one, biases small. A matrix gives outputs of `gain` times its inputs' size: queries and keys more, so
    that attention is peaked, and the head more, so that logits spread over several nats.
    """
    kind = config["model_type"]
    if name.endswith("bias"):
        return 0.0, 0.125
    if "norm" in name.lower() or "ln_f" in name:
        # Heads of queries and keys that are normed are peaked by their norms' weights alone.
        base = 1.5 if "q_norm" in name or "k_norm" in name else 1.0
        return base - (1.0 if kind.startswith("gemma") else 0.0), 0.25
    gains = [
        (("q_proj", "k_proj", "query", "key", "qkv"), 1.75), (("lm_head", "embed_out"), 3.0),
        (("block_sparse_moe.gate", "mlp.gate.", "shared_expert_gate", "classifier"), 2.0)
    ]
    gain = next((gain for parts, gain in gains if any(part in name for part in parts)), None)
    if gain is None and "embed" in name:
        is_head = config.get("tie_word_embeddings", True) and kind != "bert"
        return 0.0, 0.625 if is_head else 1.0
    return 0.0, round((gain or 1.25) * (3 / shape[-1])**0.5 * 1024) / 1024
