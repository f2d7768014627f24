/// Looks for stop strings in text that comes in pieces, and holds back what may be the beginning of one.
///
/// The stop string that is complete first ends the text, the longest of those that end together; so the result does not
/// depend on how the text is cut into pieces. Costs a step for each stop string and byte.
package struct StopMatcher: Sendable {
    package enum Result: Hashable, Sendable {
        /// Text that cannot be part of a stop string any more; perhaps empty.
        case text(String)
        /// The text before the stop string. Nothing that follows is text.
        case stopped(String)
    }

    private var stops: [BytePattern]
    private var held: [UInt8] = []
    private var hasStopped = false

    /// Empty stop strings are passed over.
    package init(_ stops: [String]) {
        self.stops = stops.filter { !$0.utf8.isEmpty }.map { BytePattern(Array($0.utf8)) }
    }

    package mutating func append(_ text: String) -> Result {
        if hasStopped { return .stopped("") }
        if stops.isEmpty { return .text(text) }
        for byte in text.utf8 {
            held.append(byte)
            var longest = 0
            for index in stops.indices {
                stops[index].advance(byte)
                if stops[index].isComplete { longest = max(longest, stops[index].matched) }
            }
            if longest > 0 {
                hasStopped = true
                defer { held = [] }
                return .stopped(String(decoding: held.dropLast(longest), as: UTF8.self))
            }
        }
        let mayBeStop = stops.lazy.map(\.matched).max() ?? 0
        defer { held.removeFirst(held.count - mayBeStop) }
        return .text(String(decoding: held.dropLast(mayBeStop), as: UTF8.self))
    }

    /// What was held back and turned out not to be a stop string.
    package mutating func finish() -> String {
        defer {
            held = []
            hasStopped = true
        }
        return String(decoding: held, as: UTF8.self)
    }
}
