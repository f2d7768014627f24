import Foundation

/// What a `tokenizer.json` does to text before its model sees it, in our terms.
struct HuggingFacePipeline {
    let family: TokenizerFamily
    private(set) var steps: [Normalization] = []
    private(set) var spacePrefix = SpacePrefix.never
    private(set) var splitsAtSpaces = false
    /// For byte-level byte-pair encoding.
    private(set) var preTokenizer: PreTokenizer?

    init(family: TokenizerFamily) { self.family = family }

    mutating func takeNormalizer(_ node: JSONTree?) throws(TextError) {
        guard let node, !node.isNull else { return }
        switch node["type"]?.string {
        case "Sequence":
            guard let parts = node["normalizers"]?.array else { throw HuggingFaceTokenizer.missing("normalizers") }
            for part in parts { try takeNormalizer(part) }
        case "NFC": steps.append(.composed)
        case "NFD": steps.append(.decomposed)
        case "NFKC": steps.append(.compatiblyComposed)
        case "NFKD": steps.append(.compatiblyDecomposed)
        case "Lowercase": steps.append(.lowercase)
        case "StripAccents": steps.append(.stripAccents)
        case "Strip":
            let start = node["strip_left"]?.bool ?? true
            steps.append(.trim(start: start, end: node["strip_right"]?.bool ?? true))
        case "BertNormalizer": steps.append(.bert(bert(node)))
        case "Precompiled": try takeMap(node)
        case "Prepend":
            guard node["prepend"]?.string == "\u{2581}", spacePrefix == .never else {
                throw HuggingFaceTokenizer.unsupported(
                    "normalizer", "Prepend of \(node["prepend"]?.string ?? "nothing")")
            }
            spacePrefix = .everyStretch
        case "Replace": try takeReplacement(node)
        case let type: throw HuggingFaceTokenizer.unsupported("normalizer", type)
        }
    }

    private func bert(_ node: JSONTree) -> BertNormalization {
        var bert = BertNormalization()
        bert.cleansText = node["clean_text"]?.bool ?? true
        bert.spacesChinese = node["handle_chinese_chars"]?.bool ?? true
        bert.lowercases = node["lowercase"]?.bool ?? true
        // Where the file does not say, accents go with capitals.
        bert.stripsAccents = node["strip_accents"]?.bool ?? bert.lowercases
        return bert
    }

    private mutating func takeMap(_ node: JSONTree) throws(TextError) {
        guard let text = node["precompiled_charsmap"]?.string, let bytes = Data(base64Encoded: text).map(Array.init)
        else {
            throw HuggingFaceTokenizer.missing("precompiled_charsmap")
        }
        if bytes.isEmpty { return }
        steps.append(.characterMap(try CharacterMap(bytes, matching: .graphemes)))
    }

    private mutating func takeReplacement(_ node: JSONTree) throws(TextError) {
        guard let content = node["content"]?.string else { throw HuggingFaceTokenizer.missing("normalizer.content") }
        let pattern = node["pattern"]
        if let text = pattern?["String"]?.string, !text.isEmpty {
            // A space is its own mark here.
            if !(text == " " && content == "\u{2581}") { steps.append(.replace(text, with: content)) }
        } else if pattern?["Regex"]?.string == " {2,}" {
            steps.append(.replaceSpaces(least: 2, with: content))
        } else {
            throw HuggingFaceTokenizer.unsupported("normalizer", "Replace of \(pattern?["Regex"]?.string ?? "nothing")")
        }
    }

    mutating func takePreTokenizer(_ node: JSONTree?, model: JSONTree) throws(TextError) {
        switch family {
        case .byteLevelBPE:
            guard let node else { throw HuggingFaceTokenizer.unsupported("pre-tokenizer", nil) }
            preTokenizer = try PreTokenizer(node, ignoresMerges: model["ignore_merges"]?.bool ?? false)
            if PreTokenizer.addsSpace(node) { spacePrefix = .everyUnspacedStretch }
        case .wordPiece:
            guard node?["type"]?.string == "BertPreTokenizer" else {
                throw HuggingFaceTokenizer.unsupported("pre-tokenizer", node?["type"]?.string)
            }
        case .sentencePieceBPE, .unigram:
            try takeSpaces(node)
            // A mark in the text cannot be told from a space.
            steps.append(.replace("\u{2581}", with: " "))
        }
    }

    private mutating func takeSpaces(_ node: JSONTree?) throws(TextError) {
        guard let node, !node.isNull else { return }
        switch node["type"]?.string {
        case "Sequence":
            guard let parts = node["pretokenizers"]?.array else { throw HuggingFaceTokenizer.missing("pretokenizers") }
            for part in parts { try takeSpaces(part) }
        case "WhitespaceSplit": steps.append(.joinWhiteSpace)
        case "Metaspace":
            guard node["replacement"]?.string ?? "\u{2581}" == "\u{2581}" else {
                throw HuggingFaceTokenizer.unsupported("pre-tokenizer", "Metaspace with another mark")
            }
            let isAdded = node["add_prefix_space"]?.bool ?? true
            switch node["prepend_scheme"]?.string ?? (isAdded ? "always" : "never") {
            case "always": spacePrefix = .everyUnspacedStretch
            case "first": spacePrefix = .unspacedText
            default: break
            }
            splitsAtSpaces = node["split"]?.bool ?? true
        // Gemma's: the normalizer has left no space to split at.
        case "Split" where node["pattern"]?["String"]?.string == " ": break
        case let type: throw HuggingFaceTokenizer.unsupported("pre-tokenizer", type)
        }
    }
}
