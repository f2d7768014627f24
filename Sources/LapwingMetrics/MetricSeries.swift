import CoreMetrics
import Synchronization

/// One line of a counter: an integer that only rises.
final class CounterSeries: CounterHandler {
    private let count = Atomic<Int64>(0)

    var value: Int64 { count.load(ordering: .relaxed) }

    func increment(by amount: Int64) { count.wrappingAdd(max(0, amount), ordering: .relaxed) }
    func reset() { count.store(0, ordering: .relaxed) }
}

/// One line of a gauge.
final class GaugeSeries: MeterHandler {
    private let bits = Atomic<UInt64>(0)

    var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }
    func increment(by amount: Double) { add(amount) }
    func decrement(by amount: Double) { add(-amount) }

    private func add(_ amount: Double) {
        var old = bits.load(ordering: .relaxed)
        while true {
            let (done, found) = bits.compareExchange(
                expected: old, desired: (Double(bitPattern: old) + amount).bitPattern, ordering: .relaxed)
            if done { return }
            old = found
        }
    }
}

/// One histogram: how many values lie at or under each bound, and their sum, in whole units of its definition.
final class HistogramSeries: RecorderHandler, TimerHandler {
    /// In rising order.
    private let bounds: [Int64]
    /// One for each bound, and one for what is over the last.
    private let counts: [CounterSeries]
    private let total = Atomic<Int64>(0)

    init(bounds: [Int64]) {
        self.bounds = bounds
        counts = (0...bounds.count).map { _ in CounterSeries() }
    }

    /// Of each bucket by itself.
    var bucketCounts: [Int64] { counts.map(\.value) }
    var sum: Int64 { total.load(ordering: .relaxed) }

    func record(_ value: Int64) {
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        counts[bucket].increment(by: 1)
        total.wrappingAdd(value, ordering: .relaxed)
    }

    func record(_ value: Double) { record(Int64(exactly: value.rounded()) ?? 0) }
    func recordNanoseconds(_ duration: Int64) { record(duration) }
}
