/// Which sequences go into the next pass: one of each waiting request in turn, until the pass is full.
///
/// So a query does not wait for the end of a corpus, and small requests that came while a pass ran share the next one.
package struct EncodingQueue {
    package struct Limits: Sendable {
        /// Of all waiting requests together; more are refused.
        package var sequences = 8192
        package var tokens = 600_000
        /// Tokens of one pass: enough to use the cores well, few enough to be soon done. A longer sequence goes alone.
        package var passTokens = 1024

        package init() {}
    }

    package struct Place: Hashable, Sendable {
        package var request: RequestID
        package var index: Int

        package init(request: RequestID, index: Int) {
            self.request = request
            self.index = index
        }
    }

    private struct Waiting {
        let request: RequestID
        /// Tokens of each sequence.
        let lengths: [Int]
        var next = 0
    }

    private let limits: Limits
    private var waiting: [Waiting] = []
    package private(set) var sequenceCount = 0
    private var tokenCount = 0

    package init(limits: Limits = Limits()) { self.limits = limits }

    /// Takes a request with at least one sequence; false where it does not fit beside what waits.
    package mutating func admit(_ request: RequestID, lengths: [Int]) -> Bool {
        precondition(!lengths.isEmpty, "a request has a sequence")
        let tokens = lengths.reduce(0, +)
        guard sequenceCount + lengths.count <= limits.sequences, tokenCount + tokens <= limits.tokens else {
            return false
        }
        sequenceCount += lengths.count
        tokenCount += tokens
        waiting.append(Waiting(request: request, lengths: lengths))
        return true
    }

    /// Takes the next pass's sequences out of the queue; none where none waits.
    package mutating func nextPass() -> [Place] {
        var places: [Place] = []
        var room = limits.passTokens
        while var turn = waiting.first {
            let length = turn.lengths[turn.next]
            guard places.isEmpty || length <= room else { break }
            places.append(Place(request: turn.request, index: turn.next))
            room -= length
            sequenceCount -= 1
            tokenCount -= length
            turn.next += 1
            waiting.removeFirst()
            if turn.next < turn.lengths.count { waiting.append(turn) }
        }
        return places
    }

    /// Forgets what waits of a request.
    package mutating func withdraw(_ request: RequestID) {
        waiting.removeAll { turn in
            guard turn.request == request else { return false }
            sequenceCount -= turn.lengths.count - turn.next
            tokenCount -= turn.lengths[turn.next...].reduce(0, +)
            return true
        }
    }

    package var isEmpty: Bool { waiting.isEmpty }
}
