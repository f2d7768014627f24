import CoreMetrics
import Synchronization

/// Keeps what is counted through swift-metrics, and says it in Prometheus's text format.
///
/// Only what `definitions` has can be counted, by the labels that it has there. A series is an atomic or a few, so that
/// counting takes no lock.
package final class PrometheusRegistry: MetricsFactory, Sendable {
    enum Series: Sendable {
        case counter(CounterSeries)
        case gauge(GaugeSeries)
        case histogram(HistogramSeries)
    }

    private struct State {
        /// By the metric's name and then by the values of its labels.
        var families: [String: [[String]: Series]] = [:]
        var readers: [@Sendable () -> Void] = []
    }

    private let definitions: [MetricDefinition]
    private let byName: [String: MetricDefinition]
    private let state = Mutex(State())
    /// One reads at a time, so that none sees what another is about to set.
    private let reading = Mutex(())

    package init(_ definitions: [MetricDefinition] = MetricDefinition.all) {
        self.definitions = definitions
        byName = Dictionary(definitions.map { ($0.name, $0) }) { first, _ in first }
    }

    /// Has gauges set by who knows their values, each time before they are told.
    package func beforeReading(_ read: @escaping @Sendable () -> Void) {
        state.withLock { $0.readers.append(read) }
    }

    /// Tells no more of these until they are set again, as of an endpoint that is gone from the configuration. For gauges that
    /// are made anew each time they are read.
    package func forget(_ definitions: MetricDefinition...) {
        state.withLock { state in for definition in definitions { state.families[definition.name] = nil } }
    }

    /// All series that there are now.
    package func text() -> String { reading.withLock { _ in read() } }

    private func read() -> String {
        for read in state.withLock({ $0.readers }) { read() }
        let families = state.withLock { $0.families }
        var text = PrometheusText()
        for definition in definitions {
            guard let family = families[definition.name] else { continue }
            let series = family.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            text.append(definition, series.map { (labels: $0.key, series: $0.value) })
        }
        return text.text
    }

    private func series(_ name: String, _ dimensions: [(String, String)]) -> Series {
        guard let definition = byName[name], definition.labels == dimensions.map(\.0) else {
            preconditionFailure("\(name) with \(dimensions.map(\.0)) is none of the metrics that are defined")
        }
        let labels = dimensions.map(\.1)
        return state.withLock { state in
            if let found = state.families[name]?[labels] { return found }
            let series = definition.makeSeries()
            state.families[name, default: [:]][labels] = series
            return series
        }
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        guard case .counter(let found) = series(label, dimensions) else { Self.refuse(label, "counter") }
        return found
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        guard case .gauge(let found) = series(label, dimensions) else { Self.refuse(label, "gauge") }
        return found
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard case .histogram(let found) = series(label, dimensions) else { Self.refuse(label, "histogram") }
        return found
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        guard case .histogram(let found) = series(label, dimensions) else { Self.refuse(label, "histogram") }
        return found
    }

    private static func refuse(_ label: String, _ kind: String) -> Never {
        preconditionFailure("\(label) is no \(kind)")
    }

    // A series stays until the process ends, as its readers expect of a counter.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}
}

extension MetricDefinition {
    fileprivate func makeSeries() -> PrometheusRegistry.Series {
        switch kind {
        case .counter: .counter(CounterSeries())
        case .gauge: .gauge(GaugeSeries())
        case .histogram(let bounds):
            .histogram(HistogramSeries(bounds: bounds.map { Int64(($0 * (unit == .billionth ? 1e9 : 1)).rounded()) }))
        }
    }
}
