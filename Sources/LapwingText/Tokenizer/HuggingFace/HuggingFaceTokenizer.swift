/// A tokenizer as Hugging Face's libraries keep it: `tokenizer.json`, and perhaps `tokenizer_config.json` beside it.
///
/// It is read into the same tables that a GGUF file gives, so that one implementation serves both.
package struct HuggingFaceTokenizer: Sendable {
    package let vocabulary: Vocabulary
    package let chatTemplate: String?

    static let file = "tokenizer.json"
    static let configurationFile = "tokenizer_config.json"

    /// - Parameters:
    ///   - tokenizer: The bytes of `tokenizer.json`.
    ///   - configuration: Those of `tokenizer_config.json`.
    package init(tokenizer: [UInt8], configuration: [UInt8]? = nil) throws(TextError) {
        let root = try JSONTree(tokenizer, file: HuggingFaceTokenizer.file)
        guard let model = root["model"] else { throw HuggingFaceTokenizer.missing("model") }
        let tokens = try HuggingFaceTokens(root, model: model)
        var vocabulary = Vocabulary(model: tokens.model, tokens: tokens.texts, tokenTypes: tokens.types.map(\.rawValue))
        vocabulary.scores = tokens.scores
        vocabulary.leftStripping = tokens.leftStripping
        vocabulary.rightStripping = tokens.rightStripping
        vocabulary.unk = tokens.unknown
        vocabulary.fusesUnknown = model["fuse_unk"]?.bool ?? tokens.family.fusesUnknownByDefault
        if let limit = model["max_input_chars_per_word"]?.int32 { vocabulary.wordLimit = Int(limit) }
        if tokens.family == .byteLevelBPE || tokens.family == .sentencePieceBPE {
            vocabulary.merges = try HuggingFaceTokens.merges(model)
        }

        var pipeline = HuggingFacePipeline(family: tokens.family)
        try pipeline.takeNormalizer(root["normalizer"])
        try pipeline.takePreTokenizer(root["pre_tokenizer"], model: model)
        vocabulary.spelledPreTokenizer = pipeline.preTokenizer
        vocabulary.normalization = pipeline.steps
        vocabulary.spacePrefix = pipeline.spacePrefix
        vocabulary.splitsAtSpaces = pipeline.splitsAtSpaces

        var ends = HuggingFaceEnds()
        try ends.takePostProcessor(root["post_processor"])
        vocabulary.addBOS = ends.first != nil
        vocabulary.addEOS = ends.last != nil
        var settings: JSONTree?
        if let configuration {
            settings = try JSONTree(configuration, file: HuggingFaceTokenizer.configurationFile)
        }
        /// A token of the settings: its text, or an object that holds it.
        func named(_ key: String) -> Int32? {
            let value = settings?[key]
            return (value?.string ?? value?["content"]?.string).flatMap { tokens.id(of: $0) }
        }
        vocabulary.bos = ends.first ?? named("bos_token")
        vocabulary.eos = ends.last ?? named("eos_token")
        vocabulary.cls = ends.first ?? named("cls_token")
        vocabulary.sep = ends.last ?? named("sep_token")
        vocabulary.pad = named("pad_token")
        if ends.isSilent {
            vocabulary.addBOS = settings?["add_bos_token"]?.bool ?? false
            vocabulary.addEOS = settings?["add_eos_token"]?.bool ?? false
        }
        // A model that generates has an end of its own besides what ends its prompts.
        if let end = named("eos_token"), end != vocabulary.eos { vocabulary.eot = end }
        self.vocabulary = vocabulary
        chatTemplate = HuggingFaceTokenizer.template(settings?["chat_template"])
    }

    /// One template, or several by name, of which the default counts.
    private static func template(_ value: JSONTree?) -> String? {
        if let text = value?.string { return text }
        return value?.array?.first { $0["name"]?.string == "default" }?["template"]?.string
    }

    static func missing(_ key: String) -> TextError {
        .malformedTokenizerFile(file: file, reason: "'\(key)' is missing or of another type")
    }

    static func unsupported(_ part: String, _ type: String?) -> TextError {
        .unsupportedTokenizerPart(part: part, type: type ?? "none")
    }
}

/// What is put before and after a text, by the file's post-processor.
private struct HuggingFaceEnds {
    var first: Int32?
    var last: Int32?
    var isSilent: Bool { first == nil && last == nil }

    mutating func takePostProcessor(_ node: JSONTree?) throws(TextError) {
        guard let node, !node.isNull else { return }
        switch node["type"]?.string {
        case "Sequence":
            for part in node["processors"]?.array ?? [] { try takePostProcessor(part) }
        case "ByteLevel": break
        case "BertProcessing", "RobertaProcessing":
            first = node["cls"]?.array?.last?.int32
            last = node["sep"]?.array?.last?.int32
        case "TemplateProcessing": try takeTemplate(node)
        case let type: throw HuggingFaceTokenizer.unsupported("post-processor", type)
        }
    }

    /// One token before the sequence at most, and one after it.
    private mutating func takeTemplate(_ node: JSONTree) throws(TextError) {
        guard let pieces = node["single"]?.array else { throw HuggingFaceTokenizer.missing("post_processor.single") }
        var isBefore = true
        for piece in pieces {
            if piece["Sequence"] != nil {
                isBefore = false
                continue
            }
            guard let name = piece["SpecialToken"]?["id"]?.string,
                let ids = node["special_tokens"]?[name]?["ids"]?.array, ids.count == 1, let id = ids[0].int32
            else { throw HuggingFaceTokenizer.missing("post_processor.special_tokens") }
            guard (isBefore ? first : last) == nil else {
                throw .unsupportedTokenizerPart(part: "post-processor", type: "TemplateProcessing with several tokens")
            }
            if isBefore { first = id } else { last = id }
        }
    }
}
