import LapwingAPI

/// How well a sequence's tokens have been guessed lately.
///
/// Guesses that were not worth a row are compared too, with what was drawn without them: so speculation stops where it
/// fails, and comes back by itself where it would have succeeded, without a row spent on trying.
package struct GuessRecord: Sendable {
    /// The share of guessed tokens that were drawn, recent ones first of all.
    package private(set) var acceptance = 0.3

    /// About so many guesses are remembered.
    private static let memory = 8.0

    package init() {}

    /// Compares a guess with the tokens drawn, up to the first that differs: the rest was guessed after another text.
    package mutating func compare(_ guess: some Sequence<TokenID>, with drawn: some Sequence<TokenID>) {
        for (guessed, token) in zip(guess, drawn) {
            acceptance += ((guessed == token ? 1 : 0) - acceptance) / Self.memory
            if guessed != token { return }
        }
    }
}
