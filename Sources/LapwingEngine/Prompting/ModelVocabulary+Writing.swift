import LapwingModel
import LapwingText

extension ModelVocabulary {
    /// A folder's tokenizer and chat template as metadata of a GGUF file, and what such a file says otherwise, in sentences.
    ///
    /// - Parameter file: The folder's, opened to be written.
    package func entries(for file: ModelFile) throws -> (entries: [GGUFFileWriter.Entry], notes: [String]) {
        let rows = file.tensors["token_embd.weight"]?.shape.last ?? 0
        guard vocabulary.tokens.count <= rows else {
            throw EngineError.vocabularyMismatch(tokenizer: vocabulary.tokens.count, model: rows)
        }
        let told = try WeightFileVocabulary(vocabulary)
        // Without one llama.cpp takes a token by its number for the end.
        guard vocabulary.eos != nil || told.model == "bert" else {
            throw TextError.notForWeightFile(
                part: "end of a text", found: "not named (eos_token of tokenizer_config.json)", expected: "a token")
        }
        // Rows that no token has: embeddings are often longer than vocabularies.
        let spare = vocabulary.tokens.count..<rows
        var types = vocabulary.tokenTypes
        if types.isEmpty { types = vocabulary.tokens.map { _ in TokenType.normal.rawValue } }
        var entries: [GGUFFileWriter.Entry] = []
        func add(_ name: String, _ value: GGUFValue?) {
            if let value { entries.append(.init("tokenizer.ggml.\(name)", value)) }
        }
        func add(_ name: String, id: Int32?) { add("\(name)_token_id", id.map { .uint32(UInt32(clamping: $0)) }) }
        add("model", .string(told.model))
        add("pre", .string(told.preTokenizer))
        let texts = vocabulary.tokens + spare.map { "[PAD\($0)]" }
        entries.append(.init("tokenizer.ggml.tokens", strings: texts))
        add("token_type", .array((types + spare.map { _ in TokenType.unused.rawValue }).map(GGUFValue.int32)))
        if let least = told.scores.min() {
            add("scores", .array((told.scores + spare.map { _ in least }).map(GGUFValue.float32)))
        }
        if told.model == "gpt2" {
            entries.append(.init("tokenizer.ggml.merges", strings: told.merges))
        }
        let isBert = told.model == "bert"
        add("bos", id: isBert ? vocabulary.cls : vocabulary.bos)
        add("eos", id: isBert ? vocabulary.sep : vocabulary.eos)
        add("eot", id: isBert ? nil : vocabulary.eot)
        add("unknown", id: vocabulary.unk)
        add("padding", id: vocabulary.pad)
        if isBert {
            add("cls", id: vocabulary.cls)
            // The format's own spelling.
            add("seperator", id: vocabulary.sep)
        }
        add("add_bos_token", vocabulary.addBOS.map(GGUFValue.bool))
        add("add_eos_token", vocabulary.addEOS.map(GGUFValue.bool))
        add("add_space_prefix", told.addsSpacePrefix.map(GGUFValue.bool))
        add("normalizer.lowercase", (told.bert?.lowercases).map(GGUFValue.bool))
        add("normalizer.strip_accents", (told.bert?.stripsAccents).map(GGUFValue.bool))
        if let chatTemplate { entries.append(.init("tokenizer.chat_template", .string(chatTemplate))) }
        return (entries, told.notes + strippingNotes(file))
    }

    /// Special tokens that take the white space beside them, but for those that readers know by the architecture.
    private func strippingNotes(_ file: ModelFile) -> [String] {
        let known = (try? file.string("general.architecture")) == "phi3" ? Self.phi3Stripping(vocabulary) : []
        let others = vocabulary.leftStripping.union(vocabulary.rightStripping.subtracting(known)).sorted()
        guard let first = others.first else { return [] }
        let name = vocabulary.tokens[Int(first)]
        return ["white space beside \(name)\(others.count > 1 ? " and \(others.count - 1) others" : "") is kept"]
    }
}
