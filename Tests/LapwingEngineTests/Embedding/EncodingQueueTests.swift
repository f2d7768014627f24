import LapwingEngine
import LapwingStatistics
import LapwingTestSupport
import Testing

/// A queue that an expectation may change.
private final class Queue {
    private var queue: EncodingQueue

    init(_ limits: EncodingQueue.Limits) { queue = EncodingQueue(limits: limits) }

    var isEmpty: Bool { queue.isEmpty }
    func admit(_ request: UInt64, _ lengths: [Int]) -> Bool { queue.admit(RequestID(request), lengths: lengths) }
    func withdraw(_ request: UInt64) { queue.withdraw(RequestID(request)) }
    func nextPass() -> [EncodingQueue.Place] { queue.nextPass() }
}

@Suite struct EncodingQueueTests {
    private typealias Place = EncodingQueue.Place

    private func queue(
        sequences: Int = 100, tokens: Int = 1000, passTokens: Int = 10
    ) -> Queue {
        var limits = EncodingQueue.Limits()
        (limits.sequences, limits.tokens, limits.passTokens) = (sequences, tokens, passTokens)
        return Queue(limits)
    }

    private func words(_ places: [Place]) -> [String] { places.map { "\($0.request.rawValue).\($0.index)" } }

    @Test("Requests take turns, so that a short one is in the next pass however long the one before it is")
    func turns() {
        let queue = queue()
        #expect(queue.admit(1, [4, 4, 4, 4]))
        #expect(words(queue.nextPass()) == ["1.0", "1.1"])
        #expect(queue.admit(2, [3]))
        #expect(words(queue.nextPass()) == ["1.2", "2.0"])
        #expect(words(queue.nextPass()) == ["1.3"])
        #expect(queue.nextPass().isEmpty && queue.isEmpty)
    }

    @Test("Requests that wait share a pass; a sequence longer than a pass goes alone")
    func sharing() {
        let queue = queue()
        for id in 1...3 { #expect(queue.admit(UInt64(id), [3])) }
        #expect(queue.admit(4, [50]))
        #expect(queue.admit(5, [1]))
        #expect(words(queue.nextPass()) == ["1.0", "2.0", "3.0"])
        #expect(words(queue.nextPass()) == ["4.0"])
        #expect(words(queue.nextPass()) == ["5.0"])
    }

    @Test("What is more than the limits is refused, and is taken once there is room")
    func limits() {
        let queue = queue(sequences: 3, tokens: 20)
        #expect(queue.admit(1, [9, 9]))
        #expect(!queue.admit(2, [1, 1]))
        #expect(!queue.admit(2, [3]))
        #expect(queue.admit(2, [2]))
        #expect(queue.nextPass().count == 1)
        #expect(queue.admit(3, [9]))
        queue.withdraw(3)
        queue.withdraw(1)
        #expect(queue.admit(4, [9, 9]))
        #expect(words(queue.nextPass()) == ["2.0"])
    }

    @Test("Whatever comes and goes, each sequence is passed once, in order, and the counts come back to nothing")
    func property() {
        var random = SplitMix64(seed: 7)
        for _ in 0..<200 {
            let queue = queue(sequences: 40, tokens: 200, passTokens: 16)
            var open: [UInt64: (passed: Int, count: Int)] = [:]
            for id in 1...60 as ClosedRange<UInt64> {
                let lengths = (0..<Int.random(in: 1...6, using: &random)).map { _ in
                    Int.random(in: 1...20, using: &random)
                }
                if queue.admit(id, lengths) { open[id] = (0, lengths.count) }
                if Int.random(in: 0..<5, using: &random) == 0, let gone = open.keys.min() {
                    queue.withdraw(gone)
                    open[gone] = nil
                }
                for place in Bool.random(using: &random) ? queue.nextPass() : [] {
                    #expect(open[place.request.rawValue]?.passed == place.index)
                    open[place.request.rawValue]?.passed += 1
                }
            }
            while !queue.isEmpty {
                for place in queue.nextPass() { open[place.request.rawValue]?.passed += 1 }
            }
            #expect(open.values.allSatisfy { $0.passed == $0.count })
            #expect(queue.admit(99, Array(repeating: 5, count: 40)), "nothing is left behind")
        }
    }
}
