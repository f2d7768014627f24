import LapwingAPI

/// What one forward pass computes: which sequences, and how many tokens of each.
package struct StepPlan: Sendable {
    /// To be made before the pass, in this order.
    package var copies: [PageCopy] = []
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

/// A sequence's part of a step: `tokens` at the positions from `start` on.
package struct SequencePlan: Sendable {
    /// Whose logits are read.
    package enum Reading: Sendable, Equatable {
        case nothing
        /// The last row's, to draw the next token.
        case last
        /// Every row's, to score known tokens, and to draw where the last known token is among them.
        case all
    }

    package var id: SequenceID
    package var request: RequestID
    package var start: Int
    package var tokens: [TokenID]
    package var pages: [PageIndex]
    package var reading: Reading
    /// Whether a token is drawn from the last row.
    package var draws: Bool
}

/// What the sampler made of a sequence's last row.
package enum Draw: Sendable, Equatable {
    /// Generation goes on after this token.
    case token(TokenID)
    /// This token ends the answer.
    case last(TokenID)
}
