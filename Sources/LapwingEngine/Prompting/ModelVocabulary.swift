import LapwingModel
import LapwingText

/// What a weight file says about text: its tokenizer's tables and its chat template.
struct ModelVocabulary {
    let vocabulary: Vocabulary
    let chatTemplate: String?

    init(_ file: GGUFFile) throws(WeightsError) {
        func optional<T>(_ name: String, _ read: (String) throws(WeightsError) -> T) throws(WeightsError) -> T? {
            try file.ifPresent("tokenizer.ggml.\(name)", read)
        }
        func id(_ role: String) throws(WeightsError) -> Int32? {
            // An id past Int32 is past every vocabulary too; the tokenizer says so.
            try optional("\(role)_token_id", file.uint32).map { Int32(clamping: $0) }
        }
        vocabulary = Vocabulary(
            model: try file.string("tokenizer.ggml.model"),
            preTokenizer: try optional("pre", file.string) ?? "default",
            tokens: try file.strings("tokenizer.ggml.tokens"),
            tokenTypes: try optional("token_type", file.int32s) ?? [],
            // Tokenizers without merges are refused by their own name.
            merges: try optional("merges", file.strings) ?? [],
            bos: try id("bos"), eos: try id("eos"), eot: try id("eot"), eom: try id("eom"), unk: try id("unknown"),
            pad: try id("padding"), addBOS: try optional("add_bos_token", file.bool),
            addEOS: try optional("add_eos_token", file.bool) ?? false,
            addSpacePrefix: try optional("add_space_prefix", file.bool) ?? false)
        chatTemplate = try file.ifPresent("tokenizer.chat_template", file.string)
    }
}
