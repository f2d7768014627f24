import LapwingAPI

/// What one forward pass computes: which sequences, and how many tokens of each.
package struct StepPlan: Sendable {
    /// To be made before the pass, in this order.
    package var copies: [PageCopy] = []
    /// What the cache knows of the tokens of those that start with this step.
    package var keptScores: [KeptScores] = []
    package var rows: [SequencePlan] = []

    package var tokenCount: Int { rows.reduce(0) { $0 + $1.tokens.count } }
}

/// One page's positions are to be written over another's.
package struct PageCopy: Sendable, Equatable {
    package var source: PageIndex
    package var destination: PageIndex

    package init(source: PageIndex, destination: PageIndex) {
        self.source = source
        self.destination = destination
    }
}

/// Scores of a sequence's known tokens, from one position on.
package struct KeptScores: Sendable, Equatable {
    package var id: SequenceID
    package var firstPosition: Int
    package var scores: [TokenScore]

    package init(id: SequenceID, firstPosition: Int, scores: [TokenScore]) {
        self.id = id
        self.firstPosition = firstPosition
        self.scores = scores
    }
}

/// A sequence's part of a step: `tokens` at the positions from `start` on.
package struct SequencePlan: Sendable {
    /// Whose logits are read.
    package enum Reading: Sendable, Equatable {
        case nothing
        /// The last row's, to draw the next token.
        case last
        /// Every row's, to score known tokens and to draw.
        case all
    }

    package var id: SequenceID
    package var request: RequestID
    package var start: Int
    package var tokens: [TokenID]
    package var pages: [PageIndex]
    package var reading: Reading
    /// Known tokens that these rows are to score: each row the token after its own.
    package var scored: KnownTokens
    /// Whether a token is drawn from the row of the last known token.
    package var draws: Bool
    /// How many of `tokens`, the last ones, are guesses of what will be drawn before them.
    package var draftCount = 0

    /// Whether a token is drawn from a position's row: after a guess only if the draws so far were as guessed.
    package func draws(at position: Int, after drawn: [Draw]) -> Bool {
        let firstDrawn = start + tokens.count - 1 - draftCount
        guard draws, position - firstDrawn == drawn.count else { return false }
        return drawn.last.map { $0 == .token(tokens[position - start]) } ?? true
    }
}

/// Tokens of a sequence from one position on.
package struct KnownTokens: Sendable, Equatable {
    package var firstPosition: Int
    package var tokens: [TokenID]

    /// nil outside.
    func token(at position: Int) -> TokenID? {
        tokens.indices.contains(position - firstPosition) ? tokens[position - firstPosition] : nil
    }
}

/// What a step brought besides keys and values.
package struct StepOutcome: Sendable {
    /// One or more for each sequence that was to draw, the later ones from rows of its draft.
    package var draws: [SequenceID: [Draw]] = [:]
    /// One for each token that was to be scored.
    package var scores: [SequenceID: [TokenScore]] = [:]

    package init(draws: [SequenceID: [Draw]] = [:], scores: [SequenceID: [TokenScore]] = [:]) {
        self.draws = draws
        self.scores = scores
    }
}

/// What the sampler made of a row.
package enum Draw: Sendable, Equatable {
    /// Generation goes on after this token.
    case token(TokenID)
    /// This token ends the answer.
    case last(TokenID)

    var token: TokenID {
        switch self {
        case .token(let token), .last(let token): token
        }
    }

    var isLast: Bool { if case .last = self { true } else { false } }
}
