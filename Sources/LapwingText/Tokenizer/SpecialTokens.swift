/// Finds control and user-defined tokens in a text, which are cut out before any pre-tokenizer sees it.
///
/// As llama.cpp does, the longest token claims its places first, wherever it stands. Hugging Face's tokenizers go from
/// left to right instead; the two differ only where two special tokens overlap.
struct SpecialTokens: Sendable {
    enum Piece: Equatable {
        case text(Range<Int>)
        case token(Int32)
    }

    private struct Match {
        var range: Range<Int>
        var token: Int32
    }

    private let tree: PrefixTree
    /// Tokens that take the white space before them, and after them.
    private let leftStripping: Set<Int32>
    private let rightStripping: Set<Int32>

    init(_ types: [TokenType], of table: TokenTable, _ vocabulary: Vocabulary) throws(TextError) {
        let special = types.indices.filter { [.control, .userDefined, .unknown].contains(types[$0]) }
        tree = try PrefixTree(special.map { Int32(truncatingIfNeeded: $0) }, of: table)
        leftStripping = vocabulary.leftStripping
        rightStripping = vocabulary.rightStripping
    }

    /// Cuts `text` into special tokens and the stretches between them; no stretch is empty.
    func split(_ text: UnsafeBufferPointer<UInt8>) -> [Piece] {
        var pieces: [Piece] = []
        var end = 0
        for match in claims(in: text) {
            var start = match.range.lowerBound
            // The token before may have taken white space that this one is made of.
            if start > end, leftStripping.contains(match.token) { start = text.trimmingSpaceAtEnd(of: end..<start) }
            if start > end { pieces.append(.text(end..<start)) }
            pieces.append(.token(match.token))
            end = max(end, match.range.upperBound)
            if rightStripping.contains(match.token) { end = text.skippingSpace(from: end) }
        }
        if end < text.count { pieces.append(.text(end..<text.count)) }
        return pieces
    }

    /// The tokens that get their places, from left to right.
    private func claims(in text: UnsafeBufferPointer<UInt8>) -> [Match] {
        // Most texts have none, and are looked at without a single allocation.
        var first = 0
        while first < text.count, longest(in: text, from: first, before: text.count) == nil { first += 1 }
        if first == text.count { return [] }
        // By length, where a token of that length may stand. Of all that begin at a place only the longest that still
        // fits waits here, so a run of blanks and tokens of one to many blanks cost an entry a place.
        var starts = [[Int]](repeating: [], count: PrefixTree.byteLimit + 1)
        for start in first..<text.count {
            if let match = longest(in: text, from: start, before: text.count) {
                starts[match.range.count].append(start)
            }
        }
        var isTaken = [Bool](repeating: false, count: text.count)
        var claims: [Match] = []
        for length in starts.indices.reversed() {
            // Those that found their first choice taken have come after the others.
            for start in starts[length].sorted() {
                // What is taken was taken by a token at least as long, so it covers one of this one's ends.
                if isTaken[start] { continue }
                var end = start + length
                if isTaken[end - 1] {
                    while isTaken[end - 1] { end -= 1 }
                    if let match = longest(in: text, from: start, before: end) {
                        starts[match.range.count].append(start)
                    }
                } else if let match = longest(in: text, from: start, before: end) {
                    for place in match.range { isTaken[place] = true }
                    claims.append(match)
                }
            }
            starts[length] = []
        }
        return claims.sorted { $0.range.lowerBound < $1.range.lowerBound }
    }

    /// The longest token that begins at `start` and ends at `end` or before.
    private func longest(in text: UnsafeBufferPointer<UInt8>, from start: Int, before end: Int) -> Match? {
        var longest: Match?
        var node = PrefixTree.root
        var offset = start
        while offset < end, let next = tree.child(of: node, text[offset]) {
            node = next
            offset += 1
            if let token = tree.token(at: node) { longest = Match(range: start..<offset, token: token) }
        }
        return longest
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// The end of the range, valid UTF-8, without the white space at its end.
    func trimmingSpaceAtEnd(of range: Range<Int>) -> Int {
        let text = ScalarView(self), table = ScalarTable.shared
        var end = range.lowerBound
        var offset = range.lowerBound
        while offset < range.upperBound {
            let scalar = text.scalar(at: offset)
            offset = scalar.end
            if !table.set(of: scalar.value).meets(.space) { end = offset }
        }
        return end
    }

    /// The end of the white space that begins at `start`.
    func skippingSpace(from start: Int) -> Int {
        let text = ScalarView(self), table = ScalarTable.shared
        var offset = start
        while offset < count {
            let scalar = text.scalar(at: offset)
            guard table.set(of: scalar.value).meets(.space) else { break }
            offset = scalar.end
        }
        return offset
    }
}
