import LapwingAPI

/// A sequence's name, given out in the order of arrival.
package struct SequenceID: Hashable, Comparable, Sendable {
    package var rawValue: UInt64

    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    package static func < (a: SequenceID, b: SequenceID) -> Bool { a.rawValue < b.rawValue }
}

/// The request that a sequence belongs to; requests take turns, however many sequences each has.
package struct RequestID: Hashable, Sendable {
    package var rawValue: UInt64

    package init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// What is wanted of a sequence, and never changes.
package struct SequenceGoal: Sendable {
    package var id: SequenceID
    package var request: RequestID
    /// Whether tokens are drawn after the known ones; else the work ends once all known tokens are scored.
    package var generates: Bool
    /// The most tokens it can come to hold, known and drawn.
    package var tokenLimit: Int
    /// Where its pages are published and looked for.
    package var start: Chain
    /// Whether its pages are worth keeping once it has ended.
    package var keepsPages: Bool
    /// Whether scores that were kept beside pages say all that is asked for; else rows that score tokens are computed.
    package var takesKeptScores: Bool

    package init(
        id: SequenceID, request: RequestID, generates: Bool, tokenLimit: Int, start: Chain = .shared,
        keepsPages: Bool = true, takesKeptScores: Bool = true
    ) {
        self.id = id
        self.request = request
        self.generates = generates
        self.tokenLimit = tokenLimit
        self.start = start
        self.keepsPages = keepsPages
        self.takesKeptScores = takesKeptScores
    }
}

/// A sequence that holds no pages: it has not started, or was put back to make room for an older one.
package struct QueuedSequence: Sendable {
    package let goal: SequenceGoal
    /// The prompt, and what had been drawn before it was put back.
    package let tokens: [TokenID]
    /// The first position whose row is needed to score the known token after it; nil where no known token is scored.
    package let scoredFrom: Int?
    /// What is left of an earlier run: those go first when there is room again.
    let wasPutBack: Bool
    let cachedTokens: Int?

    package init(goal: SequenceGoal, tokens: [TokenID], scoredFrom: Int? = nil) {
        self.init(goal: goal, tokens: tokens, scoredFrom: scoredFrom, wasPutBack: false, cachedTokens: nil)
    }

    init(goal: SequenceGoal, tokens: [TokenID], scoredFrom: Int?, wasPutBack: Bool, cachedTokens: Int?) {
        precondition(
            !tokens.isEmpty && tokens.count <= goal.tokenLimit, "a sequence has a token, and none over its limit")
        self.goal = goal
        self.tokens = tokens
        self.scoredFrom = scoredFrom
        self.wasPutBack = wasPutBack
        self.cachedTokens = cachedTokens
    }

    /// How many tokens may come from the cache at most: something must be left to compute.
    ///
    /// Where tokens are scored, `scoredEnd` says up to where they have been: the row before a token without a score must
    /// be computed.
    func cacheableCount(scoredEnd: Int) -> Int {
        let rowCount = goal.generates ? tokens.count : tokens.count - 1
        guard let scoredFrom else { return rowCount - 1 }
        return min(rowCount - 1, max(scoredFrom, goal.takesKeptScores ? scoredEnd - 1 : 0))
    }

    func started(with cached: CachedTokens, newPages: [PageIndex]) -> RunningSequence {
        RunningSequence(
            goal: goal, scoredFrom: scoredFrom, cachedTokens: cachedTokens ?? cached.count, tokens: tokens,
            computedCount: cached.count, pages: cached.prefix.pages + newPages,
            publishedCount: cached.prefix.pages.count, chain: cached.prefix.chain)
    }
}

/// A sequence that holds pages and has rows in the steps.
package struct RunningSequence: Sendable {
    package let goal: SequenceGoal
    let scoredFrom: Int?
    /// Tokens that the prefix cache spared when it first started.
    package let cachedTokens: Int
    package internal(set) var tokens: [TokenID]
    /// Tokens whose keys and values are in the cache.
    package internal(set) var computedCount: Int
    /// Covers at least the known tokens.
    package internal(set) var pages: [PageIndex]
    /// The leading pages that are published, and the chain at the end of the last of them.
    var publishedCount: Int
    var chain: Chain
    /// What was guessed to be drawn next, worth rows or not, and how good such guesses were.
    var guess: [TokenID] = []
    var guesses = GuessRecord()

    /// Known tokens that have to be computed yet. The last token of a sequence that is only scored predicts nothing.
    var remainingCount: Int { (goal.generates ? tokens.count : tokens.count - 1) - computedCount }

    /// One row is left until a token can be drawn: generating, or as good as.
    var isDecoding: Bool { remainingCount == 1 }

    /// Whether all is drawn that may be, or scored that was to be.
    var isAtEnd: Bool { goal.generates ? tokens.count >= goal.tokenLimit : remainingCount == 0 }

    func putBack() -> QueuedSequence {
        // Scores that are kept come from the cache when it goes on, and where their pages are gone, both are made again
        // for those that share them. Rows that are not kept are not read a second time.
        let from = scoredFrom.map { goal.takesKeptScores ? $0 : max($0, computedCount) }
        let isScored = computedCount >= tokens.count - 1
        return QueuedSequence(
            goal: goal, tokens: tokens, scoredFrom: isScored ? nil : from, wasPutBack: true, cachedTokens: cachedTokens)
    }

    func finished() -> FinishedSequence { FinishedSequence(goal: goal, cachedTokens: cachedTokens, tokens: tokens) }
}

/// A sequence whose work is done and whose pages are given back.
package struct FinishedSequence: Sendable {
    package let goal: SequenceGoal
    package let cachedTokens: Int
    /// All its tokens, known and drawn.
    package let tokens: [TokenID]
}
