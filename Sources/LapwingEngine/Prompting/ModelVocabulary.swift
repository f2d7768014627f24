import LapwingModel
import LapwingText

/// What a weight file says about text: its tokenizer's tables and its chat template.
package struct ModelVocabulary {
    package let vocabulary: Vocabulary
    package let chatTemplate: String?

    init(vocabulary: Vocabulary, chatTemplate: String?) {
        (self.vocabulary, self.chatTemplate) = (vocabulary, chatTemplate)
    }

    package init(_ file: ModelFile) throws {
        if let folder = file.folder {
            self = try ModelVocabulary(folder: folder)
            return
        }
        func optional<T>(_ name: String, _ read: (String) throws(WeightsError) -> T) throws(WeightsError) -> T? {
            try file.ifPresent("tokenizer.ggml.\(name)", read)
        }
        func id(_ role: String) throws(WeightsError) -> Int32? {
            // An id past Int32 is past every vocabulary too; the tokenizer says so.
            try optional("\(role)_token_id", file.uint32).map { Int32(clamping: $0) }
        }
        let architecture = try file.ifPresent("general.architecture", file.string)
        var vocabulary = Vocabulary(
            model: try file.string("tokenizer.ggml.model"),
            // GPT-NeoX's files are older than the key, and its models cut text as GPT-2 does.
            preTokenizer: try optional("pre", file.string) ?? (architecture == "gptneox" ? "gpt-neox" : "default"),
            tokens: try file.strings("tokenizer.ggml.tokens"),
            tokenTypes: try optional("token_type", file.int32s) ?? [],
            merges: try optional("merges", file.strings) ?? [],
            bos: try id("bos"), eos: try id("eos"), eot: try id("eot"), eom: try id("eom"), unk: try id("unknown"),
            pad: try id("padding"), addBOS: try optional("add_bos_token", file.bool),
            addEOS: try optional("add_eos_token", file.bool))
        vocabulary.scores = try optional("scores", file.floats)?.map(Double.init) ?? []
        vocabulary.cls = try id("cls")
        // The format's own spelling.
        vocabulary.sep = try id("seperator")
        vocabulary.setSpacePrefix(try optional("add_space_prefix", file.bool))
        if vocabulary.model == "t5" {
            let joinsSpaces = try optional("remove_extra_whitespaces", file.bool) ?? false
            try vocabulary.setUnigramNormalization(
                characterMap: optional("precompiled_charsmap", file.bytes), joinsSpaces: joinsSpaces)
        } else if vocabulary.model == "bert" {
            vocabulary.setBertNormalization(
                lowercases: try optional("normalizer.lowercase", file.bool),
                stripsAccents: try optional("normalizer.strip_accents", file.bool))
        }
        if vocabulary.model == "llama", architecture == "phi3" {
            vocabulary.rightStripping = Self.phi3Stripping(vocabulary)
        }
        self.vocabulary = vocabulary
        chatTemplate = try file.ifPresent("tokenizer.chat_template", file.string)
    }

    /// Phi-3's special tokens, all but these, take the white space after them, which its files do not say.
    static func phi3Stripping(_ vocabulary: Vocabulary) -> Set<Int32> {
        let others: Set = ["<unk>", "<s>", "<|endoftext|>"]
        let special = zip(vocabulary.tokens, vocabulary.tokenTypes).enumerated().filter { _, token in
            let type = TokenType(rawValue: token.1)
            let isSpecial = type == .control || type == .userDefined || type == .unknown || token.0 == "</s>"
            return isSpecial && !others.contains(token.0)
        }
        return Set(special.map { Int32(truncatingIfNeeded: $0.offset) })
    }
}
