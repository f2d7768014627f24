"""What llama.cpp's converter makes of a folder, and the logits that llama.cpp computes from that.

In the environment, CONVERTER names a folder with llama.cpp's `conversion` and `gguf-py`, LLAMA_PACKAGES one with `llama_cpp`.
"""

import logging
import os
import sys
from pathlib import Path

import numpy as np

sys.path += [os.environ["CONVERTER"], os.path.join(os.environ["CONVERTER"], "gguf-py"), os.environ["LLAMA_PACKAGES"]]
logging.disable(logging.WARNING)

import conversion  # noqa: E402
import gguf  # noqa: E402
import llama_cpp  # noqa: E402


def set_vocabulary(self):
    """In place of the tokenizer that a toy has none of: a token a byte."""
    self.gguf_writer.add_tokenizer_model("llama")
    self.gguf_writer.add_tokenizer_pre("default")
    self.gguf_writer.add_token_list([f"<0x{byte:02X}>".encode() for byte in range(256)])
    self.gguf_writer.add_token_scores([0.0] * 256)
    self.gguf_writer.add_token_types([int(gguf.TokenType.BYTE)] * 256)
    if (types := self.hparams.get("type_vocab_size")) is not None:
        self.gguf_writer.add_token_type_count(types)


def convert(folder, path):
    """Writes the GGUF file of a folder, all in F32."""
    # What Gemma 3's conversion takes the vocabulary's size from.
    with open(os.path.join(folder, "tokenizer.json"), "w") as file:
        file.write('{"model": {"vocab": {%s}}, "added_tokens": []}' % ", ".join(f'"{i}": {i}' for i in range(256)))
    hyperparameters = conversion.ModelBase.load_hparams(Path(folder), False)
    name = conversion.get_model_architecture(hyperparameters, conversion.ModelType.TEXT)
    kind = conversion.get_model_class(name)
    kind.set_vocab = set_vocabulary
    kind(Path(folder), gguf.LlamaFileType.ALL_F32, Path(path), eager=True, model_name="tiny").write()


def describe(path, tensors, config):
    """The file's metadata but for the tokenizer's, and how each tensor follows from the folder's."""
    reader = gguf.GGUFReader(path)
    metadata = {
        key: [gguf.GGUFValueType(field.types[0]).name.lower(), field.contents()]
        for key, field in reader.fields.items() if not key.startswith(("GGUF.", "tokenizer."))
    }
    return {"metadata": metadata, "tensors": [origin(tensor, tensors, config) for tensor in reader.tensors]}


def origin(tensor, tensors, config):
    """A tensor of the file by its name, its shape with the fastest dimension first, its type, and the change to `from`."""
    data = np.array(tensor.data).astype(np.float32)
    described = {"name": tensor.name, "shape": [int(length) for length in tensor.shape], "type": tensor.tensor_type.name}
    heads = {config.get(key) for key in ("num_attention_heads", "num_key_value_heads", "n_head")} - {None}
    for name, value in tensors.items():
        if value.size != data.size:
            continue
        flat = value.reshape(data.shape)
        if np.array_equal(flat, data):
            return described | {"from": [name]}
        if np.array_equal(flat + np.float32(1), data):
            return described | {"from": [name], "change": "add one"}
        for count in sorted(heads):
            if len(value) % (2 * count) == 0:
                pairs = value.reshape(count, 2, len(value) // count // 2, -1).swapaxes(1, 2)
                if np.array_equal(pairs.reshape(data.shape), data):
                    return described | {"from": [name], "change": "interleave halves", "heads": count}
            if len(value) % (3 * count) == 0:
                parts = value.reshape(count, 3, len(value) // count // 3, -1).swapaxes(0, 1)
                if np.array_equal(parts.reshape(data.shape), data):
                    return described | {"from": [name], "change": "part triples", "heads": count}
    stacked = [name for part in data for name, value in tensors.items() if np.array_equal(value, part)]
    if len(stacked) == len(data):
        return described | {"from": stacked, "change": "stack"}
    assert data.size <= 64, f"{tensor.name} follows from no tensor of the folder"
    return described | {"values": data.ravel().tolist()}


def logits(path, tokens, positions):
    """llama.cpp's rows at the positions, all computed in one batch with an F32 cache."""
    context = (len(tokens) + 255) // 256 * 256
    model = llama_cpp.Llama(
        path, n_ctx=context, n_batch=context, n_ubatch=context, n_threads=2, logits_all=True, flash_attn=False,
        type_k=llama_cpp.GGML_TYPE_F32, type_v=llama_cpp.GGML_TYPE_F32, verbose=False)
    model.eval(tokens)
    found = np.array(model.scores[positions])
    model.close()
    return found


def divergence(reference, found):
    """The largest KL divergence, in nats, among rows of logits."""
    def log_softmax(rows):
        rows = rows.astype(np.float64)
        rows = rows - rows.max(axis=-1, keepdims=True)
        return rows - np.log(np.exp(rows).sum(axis=-1, keepdims=True))

    expected, other = log_softmax(reference), log_softmax(found)
    return float((np.exp(expected) * (expected - other)).sum(axis=-1).max())
