import LapwingAPI

/// Holds a later call's text against the text that was shown of an earlier one, so that nothing is shown twice.
///
/// A call that was asked to begin anew must repeat what was shown. One that was asked to go on from it must not; but a
/// server that does not know the field begins anew all the same, and is then taken as if it had been asked to.
package struct RepeatedAnswer: Sendable {
    package enum Finding: Sendable {
        /// What is new, if anything is.
        case new([GenerationEvent])
        /// It is another answer: nothing of it can be shown after what was shown.
        case differs
    }

    /// A shorter text may well be said again.
    private static let shortestRepetition = 32

    /// What of the text is still to be repeated, byte for byte.
    private var rest: ArraySlice<UInt8>
    private let mustRepeat: Bool
    /// Events that agree so far with what was shown, of a call that need not.
    private var held: [GenerationEvent] = []

    /// `shown` is all of the text that the client has.
    package init(of shown: String, mustRepeat: Bool) {
        self.mustRepeat = mustRepeat
        let bytes = Array(shown.utf8)
        rest = mustRepeat || bytes.count >= Self.shortestRepetition ? bytes[...] : []
    }

    package mutating func receive(_ event: GenerationEvent) -> Finding {
        switch event {
        // The client has the thoughts of the call that broke off; those of another one are of no use to it.
        case .reasoning: return .new([])
        // What was shown was text, and a call is no way to go on with it.
        case .toolCall: return .differs
        case _ where rest.isEmpty: return .new([event])
        case .delta(let choice, let text, _):
            let bytes = Array(text.utf8)
            guard bytes.starts(with: rest.prefix(bytes.count)) else { return differ(at: event) }
            guard bytes.count > rest.count else {
                rest = rest.dropFirst(bytes.count)
                held = mustRepeat || rest.isEmpty ? [] : held + [event]
                return .new([])
            }
            // Its tokens begin before what is new, so that none can be named.
            let new = String(decoding: bytes.dropFirst(rest.count), as: UTF8.self)
            (rest, held) = ([], [])
            return .new([.delta(choice: choice, text: new, tokens: [])])
        case .finished, .completed: return differ(at: event)
        case .committed, .prompt, .checked: return .new([])
        }
    }

    private mutating func differ(at event: GenerationEvent) -> Finding {
        if mustRepeat { return .differs }
        defer { (rest, held) = ([], []) }
        return .new(held + [event])
    }
}
