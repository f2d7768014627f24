import Foundation
import LapwingStatistics

/// What the text of a whole answer and of its prompt says, beside the tokens' probabilities.
package struct TextTraits: Hashable, Sendable, Codable {
    /// Natural logarithms of 1 and the prompt's characters, and of 1 and the numbers in it.
    package var promptLength: Double
    package var promptNumbers: Double
    package var promptIsQuestion: Bool
    /// Whether the answer is one JSON object or list.
    package var isJSON: Bool
    /// Sums written out in the answer that come to what it says when they are done again, and that do not.
    package var rightSums: Double
    package var wrongSums: Double
    package var hedges: Bool
    package var refuses: Bool

    /// Longer texts are judged by their beginning, so that nobody can make a judgement dear.
    private static let mostCharacters = 8192

    package init(answer: String, prompt: String) {
        let (answer, prompt) = (String(answer.prefix(Self.mostCharacters)), String(prompt.prefix(Self.mostCharacters)))
        let counts = Dictionary(
            uniqueKeysWithValues: zip(AnswerCounts.names, AnswerCounts.values(answer, prompt: prompt)))
        func count(_ name: String) -> Double { counts[name] ?? 0 }
        promptLength = log1p(Double(prompt.count))
        promptNumbers = log1p(Double(Numbers.all(in: prompt).count))
        promptIsQuestion = prompt.last { !$0.isWhitespace } == "?"
        isJSON = count("isJSON") == 1
        // The first are logarithms of 1 and a number already.
        rightSums = count("rightSums") + count("rightCalls")
        wrongSums = log1p(count("wrongSums") + count("wrongCalls"))
        (hedges, refuses) = (count("hedges") == 1, count("refuses") == 1)
    }
}
