import LapwingAPI

/// The tokens that penalties look at: those of the prompt, and how often each was drawn since.
package struct TokenHistory: Sendable {
    package private(set) var promptTokens: Set<TokenID>
    package private(set) var drawnCounts: [TokenID: Int] = [:]
    package private(set) var drawnCount = 0

    package init(prompt: some Sequence<TokenID>) { promptTokens = Set(prompt) }

    package mutating func append(_ token: TokenID) {
        drawnCounts[token, default: 0] += 1
        drawnCount += 1
    }
}
