import LapwingAPI

/// A field of the OpenAI API, or of a compatible server, that we know and cannot honour.
///
/// Values that ask for nothing are let through, because clients send them: `null`, and those listed as neutral.
struct UnsupportedField: Sendable {
    let name: String
    let neutral: [JSONValue]
    let reason: String

    init(_ name: String, neutral: [JSONValue] = [], _ reason: String) {
        self.name = name
        self.neutral = neutral
        self.reason = reason
    }

    /// Refuses the first field that asks for what we do not do.
    static func refuse(_ fields: [UnsupportedField], in reader: inout FieldReader) throws(RequestError) {
        for field in fields {
            guard let value = reader.value(field.name), !field.neutral.contains(where: { $0.means(value) }) else {
                continue
            }
            throw .unsupported(field: reader.pathOf(field.name), reason: field.reason)
        }
    }

    private static let noFunctions = "use 'tools' and 'tool_choice'"
    private static let noConstraint = "constrained output is not available"
    private static let noSampler = "this sampler is not available"
    private static let templateIsFixed = "the chat template is chosen by the server's configuration"

    static let common: [UnsupportedField] = [
        UnsupportedField("service_tier", neutral: ["auto", "default"], "there is one service tier, 'default'"),
        UnsupportedField("n_predict", "use 'max_tokens'"),
        UnsupportedField(
            "min_tokens", neutral: [0], "use 'ignore_eos' with 'max_tokens' for answers of a fixed length"),
        UnsupportedField("stop_token_ids", neutral: [[]], "use 'stop'"),
        UnsupportedField("include_stop_str_in_output", neutral: [false], "the stop string is never part of the answer"),
        UnsupportedField("truncate_prompt_tokens", neutral: [-1], "a prompt is never truncated"),
        UnsupportedField("prompt_logprobs", neutral: [false], "use '/v1/completions' with 'echo' and 'logprobs'"),
        UnsupportedField("return_tokens_as_token_ids", neutral: [false], "tokens are reported as text"),
        UnsupportedField("use_beam_search", neutral: [false], noSampler),
        UnsupportedField("typical_p", neutral: [1], noSampler),
        UnsupportedField("tfs_z", neutral: [1], noSampler),
        UnsupportedField("top_a", neutral: [0], noSampler),
        UnsupportedField("mirostat", neutral: [0], noSampler),
        UnsupportedField("dry_multiplier", neutral: [0], noSampler),
        UnsupportedField("xtc_probability", neutral: [0], noSampler),
        UnsupportedField("dynatemp_range", neutral: [0], noSampler),
        UnsupportedField("logits_processors", neutral: [[]], noSampler),
        UnsupportedField("grammar", neutral: [""], noConstraint),
        UnsupportedField("json_schema", neutral: [[:]], noConstraint),
        UnsupportedField("guided_json", noConstraint),
        UnsupportedField("guided_regex", noConstraint),
        UnsupportedField("guided_grammar", noConstraint),
    ]

    static let structuredOutputs = ["json", "regex", "grammar", "json_object", "structural_tag"].map {
        UnsupportedField($0, noConstraint + " but for 'choice'")
    }

    static let chat: [UnsupportedField] =
        common + [
            UnsupportedField("functions", neutral: [[]], noFunctions),
            UnsupportedField("function_call", neutral: ["none"], noFunctions),
            UnsupportedField("modalities", neutral: [["text"], []], "only text is available"),
            UnsupportedField("audio", "only text is available"),
            UnsupportedField("web_search_options", "there is no web search"),
            UnsupportedField("prediction", "predicted outputs are not available"),
            UnsupportedField("verbosity", neutral: ["medium"], "the verbosity cannot be set"),
            UnsupportedField("store", neutral: [false], "answers are not stored"),
            UnsupportedField("chat_template", templateIsFixed),
            UnsupportedField("chat_template_kwargs", neutral: [[:]], templateIsFixed),
            UnsupportedField("documents", neutral: [[]], templateIsFixed),
            UnsupportedField("add_generation_prompt", neutral: [true], templateIsFixed),
            UnsupportedField("continue_final_message", neutral: [false], templateIsFixed),
        ]

    static let completion: [UnsupportedField] =
        common + [
            UnsupportedField("suffix", neutral: [""], "text cannot be inserted before a suffix"),
            UnsupportedField("prompt_embeds", "a prompt is text or token ids"),
            UnsupportedField("tools", neutral: [[]], isForChats),
            UnsupportedField("tool_choice", neutral: ["none"], isForChats),
            UnsupportedField("reasoning_effort", neutral: ["none"], isForChats),
            UnsupportedField("response_format", neutral: [["type": "text"]], isForChats),
        ]

    private static let isForChats = "use '/v1/chat/completions'"

    private static let isNeverCut = "a text is never truncated in silence"

    static let embedding: [UnsupportedField] = [
        UnsupportedField("messages", "use 'input'"),
        UnsupportedField("truncate_prompt_tokens", neutral: [-1], isNeverCut),
        UnsupportedField("truncate", neutral: [false, "NONE"], isNeverCut),
        UnsupportedField("add_special_tokens", neutral: [true], "texts get the model's own, and token ids none"),
        UnsupportedField("normalize", neutral: [true], "vectors are as long as 1"),
        UnsupportedField("late_chunking", neutral: [false], "each input is read alone"),
    ]

    static let rerank: [UnsupportedField] = [
        UnsupportedField("rank_fields", neutral: [["text"], []], "a document is ranked by its text"),
        UnsupportedField(
            "max_chunks_per_doc", neutral: [1], "a document is read whole, or as 'max_tokens_per_doc' says"),
        UnsupportedField("truncate_prompt_tokens", neutral: [-1], "use 'max_tokens_per_doc'"),
        UnsupportedField("truncation", neutral: [false], "use 'max_tokens_per_doc'"),
        UnsupportedField("return_embeddings", neutral: [false], "use '/v1/embeddings'"),
    ]

    static let message: [UnsupportedField] = [
        UnsupportedField("function_call", "use 'tool_calls'"),
        UnsupportedField("audio", "only text is available"),
    ]
}

extension JSONValue {
    /// Equality by value: 1 and 1.0 mean the same.
    fileprivate func means(_ other: JSONValue) -> Bool {
        if let double, let other = other.double { double == other } else { self == other }
    }
}
