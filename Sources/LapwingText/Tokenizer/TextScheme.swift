/// How a stretch of text becomes tokens: what differs among the families of tokenizers.
protocol TextScheme: Sendable {
    /// Appends the tokens of a stretch without special tokens, whose normalisation is done.
    func encode(_ text: UnsafeBufferPointer<UInt8>, into tokens: inout [Int32])
}

/// The families of tokenizers.
package enum TokenizerFamily: CaseIterable, Sendable {
    /// Byte-pair encoding of words written in GPT-2's byte alphabet.
    case byteLevelBPE
    /// Byte-pair encoding of characters, with bytes for those that are no token; a space is written `▁`.
    case sentencePieceBPE
    /// The likeliest of all ways to cut the text into tokens.
    case unigram
    /// The longest tokens from left to right, of words that are normalised as BERT does.
    case wordPiece

    /// By the name in a weight file's `tokenizer.ggml.model`.
    init(name: String) throws(TextError) {
        switch name {
        case "gpt2": self = .byteLevelBPE
        // Gemma 4's files list their merges, the others derive them from scores.
        case "llama", "gemma4": self = .sentencePieceBPE
        case "t5": self = .unigram
        case "bert": self = .wordPiece
        default: throw .unsupportedTokenizer(model: name, supported: ["gpt2", "llama", "gemma4", "t5", "bert"])
        }
    }

    /// Appends what a token's text in the vocabulary stands for.
    func appendBytes(of text: some Collection<UInt8>, to bytes: inout [UInt8]) {
        switch self {
        case .byteLevelBPE: ByteAlphabet.appendBytes(of: text, to: &bytes)
        case .sentencePieceBPE, .unigram: SpaceMark.appendBytes(of: text, to: &bytes)
        case .wordPiece:
            // The mark of a word's beginning; any other is itself.
            let begins = text.starts(with: SpaceMark.bytes)
            if begins { bytes.append(UInt8(ascii: " ")) }
            bytes.append(contentsOf: text.dropFirst(begins ? SpaceMark.bytes.count : 0))
        }
    }

    /// Where the file does not say, whether `encode` adds a beginning and an end.
    func addsBOSByDefault(_ preTokenizer: PreTokenizer?) -> Bool {
        switch self {
        case .byteLevelBPE: preTokenizer?.addsBOSByDefault ?? false
        case .sentencePieceBPE, .wordPiece: true
        case .unigram: false
        }
    }

    var defaultSpacePrefix: SpacePrefix {
        switch self {
        case .byteLevelBPE, .wordPiece: .never
        case .sentencePieceBPE, .unigram: .everyStretch
        }
    }

    var defaultNormalization: [Normalization] {
        switch self {
        case .byteLevelBPE: []
        case .wordPiece: [.bert(BertNormalization())]
        // A mark in the text cannot be told from a space.
        case .sentencePieceBPE, .unigram: [.replace("\u{2581}", with: " ")]
        }
    }

    /// Where a `tokenizer.json` does not say.
    var fusesUnknownByDefault: Bool { self == .unigram }

    var addsEOSByDefault: Bool { self == .unigram || self == .wordPiece }
}

/// SentencePiece's sign for a space, `▁`: U+2581, three bytes.
enum SpaceMark {
    static let bytes: [UInt8] = [0xE2, 0x96, 0x81]

    /// Appends `text` with spaces in place of marks.
    static func appendBytes(of text: some Collection<UInt8>, to out: inout [UInt8]) {
        var matched = 0
        for byte in text {
            // No byte of the mark begins it but the first, so a broken match can only restart there.
            if byte == bytes[matched] {
                matched += 1
                if matched == 3 {
                    out.append(UInt8(ascii: " "))
                    matched = 0
                }
                continue
            }
            out.append(contentsOf: bytes[..<matched])
            matched = byte == bytes[0] ? 1 : 0
            if matched == 0 { out.append(byte) }
        }
        out.append(contentsOf: bytes[..<matched])
    }
}
