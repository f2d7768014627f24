import LapwingAPI

extension PagePool {
    /// Keeps the score of the token at an offset of a page, for others that find the token there.
    package mutating func setScore(_ score: TokenScore, of page: PageIndex, at offset: Int) {
        precondition(referenceCounts[Int(page)] > 0, "page \(page) is nobody's")
        if scores[Int(page)].isEmpty { scores[Int(page)] = Array(repeating: nil, count: pageSize) }
        scores[Int(page)][offset] = score
    }

    /// nil where the row before the token was not read.
    package func score(of page: PageIndex, at offset: Int) -> TokenScore? {
        scores[Int(page)].isEmpty ? nil : scores[Int(page)][offset]
    }

    /// Scores of a page's first tokens; empty where none has one.
    package func scores(of page: PageIndex, count: Int) -> [TokenScore?] { Array(scores[Int(page)].prefix(count)) }

    /// Gives a page those scores that it lacks, offset by offset from its beginning.
    package mutating func addScores(_ added: [TokenScore?], to page: PageIndex) {
        guard !added.isEmpty else { return }
        if scores[Int(page)].isEmpty { scores[Int(page)] = Array(repeating: nil, count: pageSize) }
        for (offset, score) in added.enumerated() where scores[Int(page)][offset] == nil {
            scores[Int(page)][offset] = score
        }
    }

    /// A page's next content has no scores yet.
    mutating func dropScores(of page: PageIndex) { scores[Int(page)] = [] }
}
