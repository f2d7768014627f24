/// One forward pass: rows of several sequences, prompts and single tokens mixed.
package struct ModelStep: Sendable {
    /// The rows' tokens, sequence after sequence.
    package var tokens: [Int32]
    package var sequences: [SequenceRows]

    package init(tokens: [Int32], sequences: [SequenceRows]) {
        self.tokens = tokens
        self.sequences = sequences
    }
}

/// Consecutive rows of one sequence in a step.
package struct SequenceRows: Sendable {
    package var rowCount: Int
    /// The position of the first row; all positions before it are in the cache already.
    package var startPosition: Int
    /// Pages that hold positions 0 ..< startPosition + rowCount, in order.
    package var pages: [Int32]
    package var logits: LogitRows

    package init(rowCount: Int, startPosition: Int, pages: [Int32], logits: LogitRows) {
        self.rowCount = rowCount
        self.startPosition = startPosition
        self.pages = pages
        self.logits = logits
    }
}

/// Which rows of a sequence the caller wants logits of.
package enum LogitRows: Sendable, Equatable {
    case none
    case last
    case all
}
