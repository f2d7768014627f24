/// One step of cutting a text into words: what its patterns match, and what lies between the matches.
///
/// Patterns are tried in order at each place, and the first that matches takes it.
struct WordSplit: Sendable, Hashable {
    let patterns: [WordPattern]

    init(_ patterns: WordPattern...) {
        self.patterns = patterns
    }

    /// The end of the piece that begins at `start`: a match, or what lies before the next one.
    func end(from start: Int, limit: Int, with matcher: WordMatcher) -> Int {
        if let end = match(at: start, limit: limit, with: matcher) { return end }
        // A run of white space that does not end the text would be walked once for each of its scalars.
        let skipsSpaces = patterns == [.spacesAtEnd]
        var offset = start
        repeat {
            if skipsSpaces { offset = matcher.skip(.space, from: offset, limit: limit) }
            offset = matcher.scalar(at: offset).end
        } while offset < limit && match(at: offset, limit: limit, with: matcher) == nil
        return offset
    }

    private func match(at start: Int, limit: Int, with matcher: WordMatcher) -> Int? {
        let first = matcher.scalar(at: start)
        for pattern in patterns {
            if let end = matcher.end(of: pattern, from: start, first: first, limit: limit) { return end }
        }
        return nil
    }
}

/// Walks through a text word by word. Words are never empty and cover the text without a gap.
struct WordScanner {
    private let matcher: WordMatcher
    private let splits: [WordSplit]
    private var position: Int
    /// Each split works on the pieces of the one before: the ends of the text and of the pieces at `position`.
    private var ends: [Int]

    init(_ bytes: UnsafeBufferPointer<UInt8>, range: Range<Int>, preTokenizer: PreTokenizer) {
        matcher = WordMatcher(ScalarView(bytes))
        splits = preTokenizer.splits
        position = range.lowerBound
        ends = [range.upperBound] + splits.map { _ in range.lowerBound }
    }

    mutating func next() -> Range<Int>? {
        let start = position
        guard start < ends[0] else { return nil }
        for (index, split) in splits.enumerated() where start >= ends[index + 1] {
            ends[index + 1] = split.end(from: start, limit: ends[index], with: matcher)
        }
        position = ends[splits.count]
        return start..<position
    }
}
