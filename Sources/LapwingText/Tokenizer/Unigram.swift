/// SentencePiece's unigram model: of all ways to cut the text into tokens the likeliest (Viterbi).
struct Unigram: TextScheme {
    private let tree: PrefixTree
    private let scores: [Double]
    private let unknown: Int32
    private let unknownScore: Double
    /// The token of each byte, where the vocabulary has all 256.
    private let byteTokens: [Int32]?
    private let cut: WordCut

    /// What a character that is no token costs more than the least likely token; SentencePiece's choice.
    private static let unknownPenalty = 10.0

    init(_ vocabulary: Vocabulary, types: [TokenType], tokens: TokenTable, unknown: Int32?) throws(TextError) {
        guard let unknown else { throw .missingUnknownToken(model: vocabulary.model) }
        scores = try vocabulary.checkedScores()
        self.unknown = unknown
        let ordinary = types.indices.filter { types[$0] == .normal }
        tree = try PrefixTree(ordinary.map { Int32(truncatingIfNeeded: $0) }, of: tokens)
        let least = ordinary.lazy.map { [scores] in scores[$0] }.min() ?? 0
        unknownScore = least - Unigram.unknownPenalty
        byteTokens = Unigram.byteTokens(types, tokens)
        cut = WordCut(vocabulary, types: types, tokens: tokens)
    }

    private static func byteTokens(_ types: [TokenType], _ tokens: TokenTable) -> [Int32]? {
        var found = [Int32](repeating: -1, count: 256)
        for (index, type) in types.enumerated() where type == .byte {
            let token = Int32(truncatingIfNeeded: index)
            let bytes = tokens.bytes(of: token)
            if bytes.count == 1, let byte = bytes.first { found[Int(byte)] = token }
        }
        return found.contains(-1) ? nil : found
    }

    /// The best way to reach a place: the token that ends there, where it begins, and the sum of scores.
    private struct Step {
        var token: Int32
        var start: Int32
        var score: Double
    }

    func encode(_ text: UnsafeBufferPointer<UInt8>, into tokens: inout [Int32]) {
        var steps: [Step] = []
        var start = 0
        while start < text.count {
            let end = cut.wordEnd(in: text, from: start)
            encodeWord(UnsafeBufferPointer(rebasing: text[start..<end]), &steps, into: &tokens)
            start = end
        }
    }

    private func encodeWord(
        _ word: UnsafeBufferPointer<UInt8>, _ steps: inout [Step], into tokens: inout [Int32]
    ) {
        steps.removeAll(keepingCapacity: true)
        steps.append(Step(token: unknown, start: 0, score: 0))
        for _ in word { steps.append(Step(token: -1, start: 0, score: 0)) }
        var start = 0
        while start < word.count {
            let characterEnd = min(start + UTF8Length.of(lead: word[start]), word.count)
            extend(&steps, from: start, characterEnd: characterEnd, in: word)
            start = characterEnd
        }
        append(steps, of: word, to: &tokens)
    }

    /// Takes every token that begins at `start`; for a character that is none, the unknown token.
    private func extend(
        _ steps: inout [Step], from start: Int, characterEnd: Int, in word: UnsafeBufferPointer<UInt8>
    ) {
        let score = steps[start].score
        func offer(_ token: Int32, _ sum: Double, end: Int) {
            if steps[end].token < 0 || sum > steps[end].score {
                steps[end] = Step(token: token, start: Int32(truncatingIfNeeded: start), score: sum)
            }
        }
        var node = PrefixTree.root
        var offset = start
        var isKnown = false
        while offset < word.count, let next = tree.child(of: node, word[offset]) {
            node = next
            offset += 1
            if let token = tree.token(at: node) {
                offer(token, score + scores[Int(token)], end: offset)
                if offset == characterEnd { isKnown = true }
            }
        }
        if !isKnown { offer(unknown, score + unknownScore, end: characterEnd) }
    }

    private func append(_ steps: [Step], of word: UnsafeBufferPointer<UInt8>, to tokens: inout [Int32]) {
        let first = tokens.count
        var end = word.count
        while end > 0 {
            let step = steps[end]
            let start = Int(step.start)
            if step.token != unknown {
                tokens.append(step.token)
            } else if let byteTokens {
                for byte in word[start..<end].reversed() { tokens.append(byteTokens[Int(byte)]) }
            } else if tokens.count == first || tokens.last != unknown {
                // What is unknown in a row is unknown once.
                tokens.append(unknown)
            }
            end = start
        }
        tokens[first...].reverse()
    }
}
