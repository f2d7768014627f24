/// SentencePiece's byte-pair encoding: merges of characters, and of the bytes of those that are no token.
struct SentencePieceBPE: TextScheme {
    private let tokens: TokenTable
    private let merges: MergeTable
    /// The token of each byte; the unknown token, else -1, where the vocabulary has none.
    private let byteTokens: [Int32]
    private let unknown: Int32?
    /// Whether no token has a space after something else, so that no merge crosses a word's beginning.
    private let cutsBeforeSpaces: Bool

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
        cutsBeforeSpaces = !tokens.hasSpaceInside(types)
    }

    func encode(_ text: UnsafeBufferPointer<UInt8>, into result: inout [Int32]) {
        var encoder = WordEncoder(merges: merges)
        var start = 0
        while start < text.count {
            let end = cutsBeforeSpaces ? text.wordEnd(from: start) : text.count
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
            let length = min(UTF8Length.of(lead: lead), word.count - offset)
            let character = UnsafeBufferPointer(rebasing: word[offset..<(offset + length)])
            offset += length
            if length > 1, let token = tokens.token(character) {
                encoder.append(token)
                continue
            }
            for byte in character {
                let token = byteTokens[Int(byte)]
                if token >= 0 {
                    encoder.append(token)
                } else if let unknown, encoder.last != unknown {
                    // What is unknown in a row is unknown once.
                    encoder.append(unknown)
                }
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

extension UnsafeBufferPointer<UInt8> {
    /// Up to the next space that follows something else.
    func wordEnd(from start: Int) -> Int {
        var end = start
        while end < count, self[end] == UInt8(ascii: " ") { end += 1 }
        while end < count, self[end] != UInt8(ascii: " ") { end += 1 }
        return end
    }
}
