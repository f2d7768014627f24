/// SentencePiece's byte-pair encoding: merges of characters, and of the bytes of those that are no token.
struct SentencePieceBPE: TextScheme {
    private let tokens: TokenTable
    private let merges: MergeTable
    /// The token of each byte, -1 where the vocabulary has none.
    private let byteTokens: [Int32]
    private let unknown: Int32?
    private let fusesUnknown: Bool
    private let cut: WordCut

    init(_ vocabulary: Vocabulary, types: [TokenType], tokens: TokenTable, unknown: Int32?) throws(TextError) {
        self.tokens = tokens
        if vocabulary.merges.isEmpty {
            merges = try MergeTable(scores: try vocabulary.checkedScores(), types: types, tokens: tokens)
        } else {
            merges = try MergeTable(vocabulary.merges, family: .sentencePieceBPE, tokens: tokens)
        }
        byteTokens = tokens.byteTokens()
        guard unknown != nil || byteTokens.allSatisfy({ $0 >= 0 }) else {
            throw .missingUnknownToken(model: vocabulary.model)
        }
        self.unknown = unknown
        fusesUnknown = vocabulary.fusesUnknown
        cut = WordCut(vocabulary, types: types, tokens: tokens)
    }

    func encode(_ text: UnsafeBufferPointer<UInt8>, into result: inout [Int32]) {
        var encoder = WordEncoder(merges: merges)
        var start = 0
        while start < text.count {
            let end = cut.wordEnd(in: text, from: start)
            encoder.begin()
            appendSymbols(UnsafeBufferPointer(rebasing: text[start..<end]), to: &encoder)
            encoder.finish(into: &result)
            start = end
        }
    }

    private func appendSymbols(_ word: UnsafeBufferPointer<UInt8>, to encoder: inout WordEncoder) {
        var offset = 0
        while offset < word.count {
            let lead = word[offset]
            if lead < 0x80, byteTokens[Int(lead)] >= 0 {
                encoder.append(byteTokens[Int(lead)])
                offset += 1
                continue
            }
            let length = min(UTF8Length.of(lead: lead), word.count - offset)
            let character = UnsafeBufferPointer(rebasing: word[offset..<(offset + length)])
            offset += length
            if length > 1, let token = tokens.token(character) {
                encoder.append(token)
                continue
            }
            let bytes = character.lazy.map { [byteTokens] in byteTokens[Int($0)] }
            if bytes.allSatisfy({ $0 >= 0 }) {
                for token in bytes { encoder.append(token) }
            } else if let unknown, !(fusesUnknown && encoder.last == unknown) {
                encoder.append(unknown)
            }
        }
    }
}

enum UTF8Length {
    /// The length of the character that `lead` begins; 1 for a byte that begins none.
    @inline(__always)
    static func of(lead: UInt8) -> Int {
        switch lead {
        case 0xC0..<0xE0: 2
        case 0xE0..<0xF0: 3
        case 0xF0...: 4
        default: 1
        }
    }
}
