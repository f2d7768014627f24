import LapwingAPI

/// Guesses what comes next from what came before: answers often repeat parts of their prompts, and of themselves.
///
/// The idea is prompt lookup decoding (Saxena 2023): no second model is asked.
package enum PromptLookup {
    /// The tokens that followed the latest earlier place which reads as the end does, three tokens long or else two.
    ///
    /// A guess that reaches the end goes on with itself, as a loop would. Empty where there is no such place. One pass
    /// backwards: thousands of tokens take microseconds, a step takes milliseconds.
    package static func guess(after tokens: [TokenID], limit: Int) -> [TokenID] {
        guard limit > 0, let next = nextPlace(tokens) else { return [] }
        var guess: [TokenID] = []
        for index in next..<next + limit {
            guess.append(index < tokens.count ? tokens[index] : guess[index - tokens.count])
        }
        return guess
    }

    private static func nextPlace(_ tokens: [TokenID]) -> Int? {
        guard tokens.count >= 3 else { return nil }
        let end = tokens.count - 1
        let (first, second, third) = (tokens[end - 2], tokens[end - 1], tokens[end])
        var afterTwo: Int?
        for index in stride(from: end - 1, through: 1, by: -1)
        where tokens[index] == third && tokens[index - 1] == second {
            if index >= 2 && tokens[index - 2] == first { return index + 1 }
            afterTwo = afterTwo ?? index + 1
        }
        return afterTwo
    }
}
