"""The tiny models: each a config.json as published models of its kind have it, with sizes of a toy.

Windows of 16 positions, and original lengths of 32, are passed by the second prompt of 96 tokens. Soft caps are near the
scores that the values give. `unlike` says why llama.cpp's logits are no judge of a model: what it does otherwise by design.
`untold` is the config's key without which the model cannot be computed and that llama.cpp's converter writes nothing for.
"""

from dataclasses import dataclass, field

VOCABULARY = 256

# How many tokens a prompt has, and the positions whose logits are kept: the ends, the middle, both sides of a window.
SHORT = (48, [0, 8, 15, 16, 31, 47])
LONG = (96, [1, 17, 33, 63, 80, 95])
BRIEF = (21, [0, 7, 15, 16, 20])
# For models of many layers, whose lists of tensors are long.
FEW = [SHORT, (96, [17, 33, 80, 95]), (21, [7, 16, 20])]
# Phi-3's second set of factors begins where llama.cpp can be told to use it: its contexts are multiples of 256.
LONGER = (272, [1, 17, 63, 255, 256, 271])


@dataclass
class Tiny:
    config: dict
    prompts: list = field(default_factory=lambda: [SHORT, LONG, BRIEF])
    unlike: str | None = None
    untold: str | None = None
    # Files beside the config that a loader reads.
    files: dict = field(default_factory=dict)
    # For encoders: mean or cls, or score for a cross-encoder.
    pooling: str | None = None
    # How names begin that published files give without it.
    unwritten: str = ""

    def contents(self):
        """The files of the folder by name."""
        return {"config.json": self.config} | self.files


def sizes(architecture, model_type, **changes):
    """What nearly all decoders' files say, in the names that most of them use."""
    config = {
        "architectures": [architecture],
        "model_type": model_type,
        "vocab_size": VOCABULARY,
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "max_position_embeddings": 512,
        "tie_word_embeddings": False,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "torch_dtype": "float32",
    }
    config.update(changes)
    return {key: value for key, value in config.items() if value is not ...}


def llama(**changes):
    return sizes("LlamaForCausalLM", "llama", **changes)


def qwen3_moe(**changes):
    return sizes(
        "Qwen3MoeForCausalLM", "qwen3_moe", head_dim=32, attention_bias=False, rms_norm_eps=1e-6, rope_theta=1000000.0,
        num_experts=4, num_experts_per_tok=2, moe_intermediate_size=96, intermediate_size=128, decoder_sparse_step=1,
        mlp_only_layers=[], **changes)


def gemma2(**changes):
    return sizes(
        "Gemma2ForCausalLM", "gemma2", head_dim=32, num_hidden_layers=4, hidden_act="gelu_pytorch_tanh",
        hidden_activation="gelu_pytorch_tanh", rms_norm_eps=1e-6, sliding_window=16, attn_logit_softcapping=5.0,
        final_logit_softcapping=8.0, tie_word_embeddings=..., **changes)


def gemma3(**changes):
    return sizes(
        "Gemma3ForCausalLM", "gemma3_text", head_dim=32, num_hidden_layers=7, hidden_act=...,
        hidden_activation="gelu_pytorch_tanh", rms_norm_eps=1e-6, sliding_window=16, rope_theta=1000000.0,
        rope_local_base_freq=10000.0, tie_word_embeddings=..., **changes)


def phi3(**changes):
    return sizes("Phi3ForCausalLM", "phi3", **dict(original_max_position_embeddings=512, pad_token_id=0) | changes)


def neox(**changes):
    return sizes(
        "GPTNeoXForCausalLM", "gpt_neox", num_attention_heads=2, num_key_value_heads=..., rms_norm_eps=..., rope_theta=...,
        hidden_act="gelu", intermediate_size=128, layer_norm_eps=1e-5, rotary_pct=0.25, rotary_emb_base=10000, **changes)


def bert(architecture, **changes):
    return sizes(
        architecture, "bert", num_hidden_layers=3, num_key_value_heads=..., rms_norm_eps=..., rope_theta=...,
        hidden_act="gelu", intermediate_size=128, max_position_embeddings=128, layer_norm_eps=1e-12, type_vocab_size=2,
        position_embedding_type="absolute", pad_token_id=0, bos_token_id=..., eos_token_id=...,
        tie_word_embeddings=..., **changes)


def sentence_transformer(**modes):
    """The files by which sentence-transformers knows how to pool."""
    kinds = [("0", "", "Transformer"), ("1", "1_Pooling", "Pooling"), ("2", "2_Normalize", "Normalize")]
    modules = [
        {"idx": int(name), "name": name, "path": path, "type": f"sentence_transformers.models.{kind}"}
        for name, path, kind in kinds
    ]
    pooling = {"word_embedding_dimension": 64, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": False}
    return {"modules.json": modules, "1_Pooling/config.json": pooling | modes}


# Sixteen divisors for heads of 32, growing as published ones do.
SHORT_FACTORS = [1.0, 1.0, 1.02, 1.05, 1.08, 1.1, 1.15, 1.2, 1.3, 1.4, 1.5, 1.7, 1.9, 2.1, 2.3, 2.5]
LONG_FACTORS = [1.0, 1.1, 1.3, 1.6, 2.0, 2.5, 3.2, 4.0, 5.0, 6.5, 8.0, 10.0, 13.0, 17.0, 22.0, 28.0]

MODELS = {
    "llama2": Tiny(llama(num_key_value_heads=4)),
    "llama2_gqa": Tiny(llama(num_hidden_layers=3, intermediate_size=128)),
    "llama3": Tiny(
        llama(
            head_dim=32, tie_word_embeddings=True, max_position_embeddings=256,
            rope_scaling={
                "factor": 8.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
                "original_max_position_embeddings": 32, "rope_type": "llama3"
            })),
    "llama_linear": Tiny(llama(rope_scaling={"factor": 4.0, "type": "linear"})),
    "mistral": Tiny(
        sizes("MistralForCausalLM", "mistral", sliding_window=16, head_dim=32),
        untold="sliding_window", unlike="llama.cpp attends over all positions"),
    "smollm3": Tiny(
        sizes(
            "SmolLM3ForCausalLM", "smollm3", num_hidden_layers=5, no_rope_layer_interval=4, no_rope_layers=[1, 1, 1, 0, 1],
            tie_word_embeddings=True, rms_norm_eps=1e-6, use_sliding_window=False, pad_token_id=2)),
    "mixtral": Tiny(
        sizes(
            "MixtralForCausalLM", "mixtral", num_local_experts=4, num_experts_per_tok=2, sliding_window=None,
            rope_theta=1000000.0)),
    "qwen2": Tiny(
        sizes(
            "Qwen2ForCausalLM", "qwen2", tie_word_embeddings=True, rms_norm_eps=1e-6, rope_theta=1000000.0,
            use_sliding_window=False, sliding_window=16, max_window_layers=2)),
    "qwen2_yarn": Tiny(
        sizes(
            "Qwen2ForCausalLM", "qwen2", rms_norm_eps=1e-6, use_sliding_window=False, max_position_embeddings=128,
            rope_scaling={"factor": 4.0, "original_max_position_embeddings": 32, "type": "yarn"})),
    "qwen3": Tiny(
        sizes(
            "Qwen3ForCausalLM", "qwen3", head_dim=32, attention_bias=False, tie_word_embeddings=True, rms_norm_eps=1e-6,
            rope_theta=1000000.0, use_sliding_window=False, sliding_window=None)),
    "qwen2_moe": Tiny(
        sizes(
            "Qwen2MoeForCausalLM", "qwen2_moe", rms_norm_eps=1e-6, rope_theta=1000000.0, num_experts=4,
            num_experts_per_tok=2, moe_intermediate_size=96, shared_expert_intermediate_size=128, intermediate_size=128,
            decoder_sparse_step=1, mlp_only_layers=[], norm_topk_prob=False, use_sliding_window=False)),
    "qwen3_moe": Tiny(qwen3_moe(norm_topk_prob=True)),
    "qwen3_moe_unnormed": Tiny(
        qwen3_moe(norm_topk_prob=False),
        untold="norm_topk_prob", unlike="llama.cpp always divides the chosen experts' weights by their sum"),
    "gemma": Tiny(
        sizes(
            "GemmaForCausalLM", "gemma", head_dim=32, hidden_act="gelu_pytorch_tanh", hidden_activation="gelu_pytorch_tanh",
            rms_norm_eps=1e-6, num_key_value_heads=1, tie_word_embeddings=...)),
    "gemma2": Tiny(gemma2(query_pre_attn_scalar=32)),
    "gemma2_scalar": Tiny(
        gemma2(query_pre_attn_scalar=16),
        untold="query_pre_attn_scalar", unlike="llama.cpp scales scores by the head's length, but for the 27B models"),
    "gemma3": Tiny(gemma3(query_pre_attn_scalar=32, sliding_window_pattern=6, num_key_value_heads=1), prompts=FEW),
    "gemma3_linear": Tiny(
        gemma3(
            query_pre_attn_scalar=32, rope_scaling={"factor": 8.0, "rope_type": "linear"},
            layer_types=["sliding_attention"] * 5 + ["full_attention", "sliding_attention"]),
        prompts=FEW),
    "gemma3_scalar": Tiny(
        gemma3(query_pre_attn_scalar=16, sliding_window_pattern=6), prompts=FEW,
        untold="query_pre_attn_scalar", unlike="llama.cpp scales scores by the head's length, but for the 27B model"),
    "phi2": Tiny(
        sizes(
            "PhiForCausalLM", "phi", num_key_value_heads=4, hidden_act="gelu_new", intermediate_size=256, rms_norm_eps=...,
            layer_norm_eps=1e-5, partial_rotary_factor=0.5, qk_layernorm=False)),
    "phi3": Tiny(phi3(num_key_value_heads=4, sliding_window=None)),
    "phi3_window": Tiny(phi3(sliding_window=16), unlike="llama.cpp reads the window and attends over all positions"),
    "phi3_longrope": Tiny(
        phi3(
            num_attention_heads=2, num_key_value_heads=2, sliding_window=None, max_position_embeddings=2048,
            original_max_position_embeddings=256,
            rope_scaling={"long_factor": LONG_FACTORS, "short_factor": SHORT_FACTORS, "type": "longrope"}),
        prompts=[SHORT, LONGER, BRIEF]),
    "phi4_mini": Tiny(
        phi3(
            num_attention_heads=2, num_key_value_heads=1, sliding_window=None, max_position_embeddings=2048,
            original_max_position_embeddings=256, partial_rotary_factor=0.75, tie_word_embeddings=True,
            rope_scaling={"long_factor": LONG_FACTORS[:12], "short_factor": SHORT_FACTORS[:12], "type": "longrope"}),
        prompts=[SHORT, LONGER, BRIEF]),
    "gptneox": Tiny(neox(use_parallel_residual=True)),
    "gptneox_serial": Tiny(neox(use_parallel_residual=False)),
    # Six heads: slopes of a number that is no power of two, as BLOOM 176B has with 112.
    "bloom": Tiny({
        "architectures": ["BloomForCausalLM"], "model_type": "bloom", "vocab_size": VOCABULARY, "hidden_size": 96,
        "n_layer": 2, "n_head": 6, "seq_length": 512, "layer_norm_epsilon": 1e-5, "bos_token_id": 1, "eos_token_id": 2,
        "apply_residual_connection_post_layernorm": False, "slow_but_exact": False, "torch_dtype": "float32"
    }, unwritten="transformer."),
    "bert_mean": Tiny(bert("BertModel"), files=sentence_transformer(pooling_mode_mean_tokens=True), pooling="mean"),
    "bert_cls": Tiny(bert("BertModel"), files=sentence_transformer(pooling_mode_cls_token=True), pooling="cls"),
    "bert_score": Tiny(
        bert("BertForSequenceClassification", id2label={"0": "LABEL_0"}, label2id={"LABEL_0": 0}), pooling="score",
        # The converter leaves out the pooler, and llama.cpp computes without it.
        untold="pooler"),
}
