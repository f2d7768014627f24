import LapwingRouter

/// What the open model made of one labelled row.
package struct GatheredAnswer: Hashable, Sendable, Codable {
    /// The row's place in the data.
    package var row: Int
    /// Tells the row from one of other data.
    package var fingerprint: String?
    package var answer: String
    package var right: Bool
    package var evidence: Evidence?
    /// Of a language model's labels, what fits are made from; nil for other answers.
    package var scores: [LabelScore]?

    package init(row: Int, answer: String, right: Bool, evidence: Evidence?, scores: [LabelScore]? = nil) {
        self.row = row
        self.answer = answer
        self.right = right
        self.evidence = evidence
        self.scores = scores
    }
}

/// Whether an answer is the expected one.
package enum AnswerMatch: String, Sendable, CaseIterable {
    /// The same words, whatever their case, the white space between and the punctuation around them.
    case exact
    /// The expected words are somewhere in the answer.
    case contains
    /// The answer's last number is the expected one's last number.
    case number

    package func isRight(_ answer: String, expected: String) -> Bool {
        switch self {
        case .exact: Self.words(answer) == Self.words(expected)
        case .contains: Self.holds(Self.words(answer), Self.words(expected))
        case .number: Self.lastNumber(answer).map { $0 == Self.lastNumber(expected) } ?? false
        }
    }

    private static func words(_ text: String) -> [String] {
        text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
    }

    private static func holds(_ words: [String], _ part: [String]) -> Bool {
        guard !part.isEmpty, part.count <= words.count else { return false }
        return (0...(words.count - part.count)).contains { words[$0..<($0 + part.count)].elementsEqual(part) }
    }

    private static func lastNumber(_ text: String) -> Double? {
        text.replacing(",", with: "").matches(of: /-?\d+(\.\d+)?/).last.flatMap { Double($0.0) }
    }
}
