/// Finds control and user-defined tokens in a text, which are cut out before any pre-tokenizer sees it.
///
/// As llama.cpp does, the longest token claims its places first, wherever it stands. Hugging Face's tokenizers go from
/// left to right instead; the two differ only where two special tokens overlap.
struct SpecialTokens: Sendable {
    enum Piece: Equatable {
        case text(Range<Int>)
        case token(Int32)
    }

    private struct Entry {
        var bytes: ArraySlice<UInt8>
        var token: Int32
    }

    private struct Match {
        var range: Range<Int>
        var token: Int32
    }

    /// Bytes of the longest special token that is taken; those of known models stay under a hundred.
    static let byteLimit = 512

    /// In the order of their bytes, so that those with a common beginning lie together, the shortest first.
    private let entries: [Entry]
    /// By first byte, the entries that begin with it.
    private let beginnings: [Range<Int>]

    /// Tokens that take the white space before them, and after them.
    private let leftStripping: Set<Int32>
    private let rightStripping: Set<Int32>

    /// Of tokens with the same bytes the first counts.
    init(_ types: [TokenType], of table: TokenTable, _ vocabulary: Vocabulary) throws(TextError) {
        leftStripping = vocabulary.leftStripping
        rightStripping = vocabulary.rightStripping
        var entries: [Entry] = []
        for (index, type) in types.enumerated() where type == .control || type == .userDefined || type == .unknown {
            let token = Int32(truncatingIfNeeded: index)
            let bytes = table.bytes(of: token)
            guard bytes.count <= SpecialTokens.byteLimit else {
                throw .specialTokenTooLong(id: token, byteCount: bytes.count, limit: SpecialTokens.byteLimit)
            }
            if !bytes.isEmpty { entries.append(Entry(bytes: bytes, token: token)) }
        }
        entries.sort { left, right in
            left.bytes.elementsEqual(right.bytes)
                ? left.token < right.token : left.bytes.lexicographicallyPrecedes(right.bytes)
        }
        var beginnings = [Range<Int>](repeating: 0..<0, count: 256)
        for (place, entry) in entries.enumerated() {
            let byte = Int(entry.bytes[entry.bytes.startIndex])
            let start = beginnings[byte].isEmpty ? place : beginnings[byte].lowerBound
            beginnings[byte] = start..<(place + 1)
        }
        self.entries = entries
        self.beginnings = beginnings
    }

    /// Cuts `text` into special tokens and the stretches between them; no stretch is empty.
    func split(_ text: UnsafeBufferPointer<UInt8>) -> [Piece] {
        var pieces: [Piece] = []
        var end = 0
        for match in claims(in: text) {
            var start = match.range.lowerBound
            if leftStripping.contains(match.token) { start = text.trimmingSpaceAtEnd(of: end..<start) }
            if start > end { pieces.append(.text(end..<start)) }
            pieces.append(.token(match.token))
            end = match.range.upperBound
            if rightStripping.contains(match.token) { end = text.skippingSpace(from: end) }
        }
        if end < text.count { pieces.append(.text(end..<text.count)) }
        return pieces
    }

    /// The tokens that get their places, from left to right.
    private func claims(in text: UnsafeBufferPointer<UInt8>) -> [Match] {
        // By length, where a token of that length may stand. Of all that begin at a place only the longest that still
        // fits waits here, so a run of blanks and tokens of one to many blanks cost an entry a place.
        var starts = [[Int]](repeating: [], count: SpecialTokens.byteLimit + 1)
        for start in text.indices {
            if let match = longest(in: text, from: start, before: text.count) {
                starts[match.range.count].append(start)
            }
        }
        guard starts.contains(where: { !$0.isEmpty }) else { return [] }
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
        var candidates = beginnings[Int(text[start])]
        var longest: Match?
        var length = 1
        while let first = candidates.first {
            if entries[first].bytes.count == length {
                longest = Match(range: start..<(start + length), token: entries[first].token)
                candidates = place(in: candidates) { $0.bytes.count > length }..<candidates.upperBound
            }
            guard start + length < end else { break }
            let byte = text[start + length]
            func next(_ entry: Entry) -> UInt8 { entry.bytes[entry.bytes.startIndex + length] }
            let lower = place(in: candidates) { next($0) >= byte }
            candidates = lower..<place(in: lower..<candidates.upperBound) { next($0) > byte }
            length += 1
        }
        return longest
    }

    /// The first place for which `holds` is true, as it is for all after it.
    private func place(in range: Range<Int>, where holds: (Entry) -> Bool) -> Int {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if holds(entries[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// The end of the range, valid UTF-8, without the white space at its end.
    fileprivate func trimmingSpaceAtEnd(of range: Range<Int>) -> Int {
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
    fileprivate func skippingSpace(from start: Int) -> Int {
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
