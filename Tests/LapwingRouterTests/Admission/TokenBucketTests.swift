import LapwingAPI
import LapwingRouter
import LapwingStatistics
import LapwingTestSupport
import Testing

@Suite("A limit a minute")
struct TokenBucketTests {
    @Test("All may be taken at once, and then one for each share of a minute")
    func fills() {
        var bucket = TokenBucket(limit: 3, at: .zero)
        for _ in 0..<3 { #expect(bucket.take(1, at: .zero) == .taken) }
        #expect(bucket.take(1, at: .zero) == .wait(.seconds(20)))
        #expect(bucket.take(1, at: .seconds(20) - .nanoseconds(1)) == .wait(.nanoseconds(1)))
        #expect(bucket.take(1, at: .seconds(20)) == .taken)
        #expect(bucket.take(3, at: .seconds(20)) == .wait(.seconds(60)))
        #expect(bucket.take(4, at: .seconds(900)) == .never)
        #expect(bucket.take(3, at: .seconds(900)) == .taken)
        #expect(bucket.take(1, at: .seconds(900)) == .wait(.seconds(20)))
    }

    @Test("What was taken too much comes back, and never more than the limit; what was too little is owed")
    func corrects() {
        var bucket = TokenBucket(limit: 60, at: .zero)
        #expect(bucket.take(60, at: .zero) == .taken)
        bucket.correct(by: 50, at: .zero)
        #expect(bucket.standing(at: .zero) == .init(limit: 60, remaining: 50, reset: .seconds(10)))
        bucket.correct(by: 50, at: .zero)
        #expect(bucket.standing(at: .zero) == .init(limit: 60, remaining: 60, reset: .zero))
        bucket.correct(by: -90, at: .zero)
        #expect(bucket.standing(at: .zero) == .init(limit: 60, remaining: 0, reset: .seconds(90)))
        #expect(bucket.take(1, at: .zero) == .wait(.seconds(31)))
    }

    @Test("A clock that is read out of order neither adds nor takes")
    func disorder() {
        var bucket = TokenBucket(limit: 1, at: .seconds(10))
        #expect(bucket.take(1, at: .seconds(5)) == .taken)
        #expect(bucket.take(1, at: .seconds(69)) == .wait(.seconds(1)))
        #expect(bucket.take(1, at: .seconds(5)) == .wait(.seconds(1)))
    }

    @Test("In no span is more taken than the limit and what comes in the span, and whoever waits as told gets it")
    func bound() {
        var random = SplitMix64(seed: 7)
        for _ in 0..<40 {
            let limit = Int.random(in: 1...500, using: &random)
            var bucket = TokenBucket(limit: limit, at: .zero)
            var now = Duration.zero
            var taken: [(at: Duration, count: Int)] = []
            for _ in 0..<300 {
                now += .milliseconds(Int.random(in: 0...700, using: &random))
                let count = Int.random(in: 0...limit, using: &random)
                switch bucket.take(count, at: now) {
                case .taken: taken.append((now, count))
                case .wait(let duration):
                    var patient = bucket
                    #expect(patient.take(count, at: now + duration) == .taken)
                    #expect(bucket.take(count, at: now + duration - .nanoseconds(1)) != .taken || duration == .zero)
                    bucket = patient
                    now += duration
                    taken.append((now, count))
                case .never: Issue.record("\(count) of \(limit)")
                }
            }
            for first in taken.indices where first.isMultiple(of: 7) {
                var sum = 0
                for last in first..<taken.count {
                    sum += taken[last].count
                    let seconds = (taken[last].at - taken[first].at) / .seconds(1)
                    #expect(Double(sum) <= Double(limit) * (1 + seconds / 60) + 1e-6)
                }
            }
        }
    }
}
