import CoreMetrics
import Synchronization

/// Series by their labels, each made when its labels first occur and found by them from then on, under a lock that is held
/// for no longer than that.
package final class MetricFamily<Labels: Hashable & Sendable, Series: Sendable>: Sendable {
    private let made = Mutex<[Labels: Series]>([:])
    private let make: @Sendable (Labels) -> Series

    package init(_ make: @escaping @Sendable (Labels) -> Series) { self.make = make }

    package subscript(labels: Labels) -> Series {
        made.withLock { made in
            if let found = made[labels] { return found }
            let series = make(labels)
            made[labels] = series
            return series
        }
    }
}

extension MetricDefinition {
    private func dimensions(_ values: [String]) -> [(String, String)] {
        precondition(values.count == labels.count, "\(name) has the labels \(labels)")
        return Array(zip(labels, values))
    }

    package func counter(_ values: String..., in factory: any MetricsFactory) -> any CounterHandler {
        factory.makeCounter(label: name, dimensions: dimensions(values))
    }

    package func gauge(_ values: String..., in factory: any MetricsFactory) -> any MeterHandler {
        factory.makeMeter(label: name, dimensions: dimensions(values))
    }

    package func timer(_ values: String..., in factory: any MetricsFactory) -> any TimerHandler {
        factory.makeTimer(label: name, dimensions: dimensions(values))
    }

    package func recorder(_ values: String..., in factory: any MetricsFactory) -> any RecorderHandler {
        factory.makeRecorder(label: name, dimensions: dimensions(values), aggregate: true)
    }
}

extension TimerHandler {
    package func record(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        recordNanoseconds(max(0, seconds * 1_000_000_000 + attoseconds / 1_000_000_000))
    }
}
