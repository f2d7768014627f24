import CoreMetrics
import HTTPTypes
import LapwingAPI
import LapwingMetrics
import Synchronization

/// Counts HTTP requests, and what of their time was ours.
package struct ServerMetrics: Sendable {
    private struct Line: Hashable {
        let path: String
        let status: Int
    }

    fileprivate final class Count: Sendable { let value = Atomic<Int>(0) }

    /// Counts a request as being answered for as long as it lives.
    package final class Presence: Sendable {
        private let count: Count

        fileprivate init(_ count: Count) {
            self.count = count
            count.value.wrappingAdd(1, ordering: .relaxed)
        }

        deinit { count.value.wrappingSubtract(1, ordering: .relaxed) }
    }

    let registry: PrometheusRegistry
    private let requests: MetricFamily<Line, any CounterHandler>
    private let refusals: MetricFamily<String, any CounterHandler>
    private let added: MetricFamily<String, any TimerHandler>
    private let running = Count()

    package init(_ registry: PrometheusRegistry) {
        typealias Metric = MetricDefinition
        self.registry = registry
        requests = MetricFamily { Metric.httpRequests.counter($0.path, "\($0.status)", in: registry) }
        refusals = MetricFamily { Metric.refusals.counter($0, in: registry) }
        added = MetricFamily { Metric.addedLatency.timer($0, in: registry) }
        let (inFlight, process) = (Metric.inFlight.gauge(in: registry), ProcessFigures(registry))
        registry.beforeReading { [running] in
            inFlight.set(Int64(running.value.load(ordering: .relaxed)))
            process.read()
        }
    }

    package func begin() -> Presence { Presence(running) }

    /// `error` is the code of an answer that is one; `summary` is of a request that was admitted.
    package func end(path: String, status: Int, duration: Duration, error: String?, summary: RequestSummary?) {
        requests[Line(path: path, status: status)].increment(by: 1)
        if let summary {
            added[summary.route].record(duration - summary.upstream)
        } else if let error {
            refusals[error].increment(by: 1)
        }
    }
}
