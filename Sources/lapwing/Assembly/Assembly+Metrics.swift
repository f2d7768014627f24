import CoreMetrics
import LapwingEngine
import LapwingMetrics
import LapwingRouter
import LapwingStatistics
import LapwingStore

extension Assembly {
    /// Sets the gauges of what is going on now; called before `/metrics` is told.
    package func readGauges() {
        typealias Metric = MetricDefinition
        // A reload may have taken endpoints and routes away.
        metrics.forget(Metric.endpointState, Metric.endpointCalls, Metric.cacheEntries, Metric.cacheBytes)
        Metric.ledgerQueue.gauge(in: metrics).set(Int64(ledger.waitingCount))
        if let evidence { Metric.evidenceLost.gauge(in: metrics).set(Int64(evidence.lostCount)) }
        for (name, engine) in engines.map({ ($0.name, $0.statistics) }) {
            Metric.engineQueue.gauge(name, in: metrics).set(Int64(engine.queuedSequences))
            Metric.engineRunning.gauge(name, in: metrics).set(Int64(engine.runningSequences))
        }
        for (model, endpoint) in router.endpoints {
            Metric.endpointState.gauge(model, endpoint.name, in: metrics).set(Self.number(of: endpoint))
            Metric.endpointCalls.gauge(model, endpoint.name, in: metrics).set(Int64(endpoint.callsInFlight))
        }
        metrics.forget(Metric.drifted, Metric.driftLabels)
        for standing in router.drift.standings {
            Metric.drifted.gauge(standing.route, in: metrics).set(Int64(standing.detector.alarm == nil ? 0 : 1))
            Metric.driftLabels.gauge(standing.route, in: metrics).set(Int64(standing.detector.labels))
        }
        for (route, cache) in router.caches {
            let size = cache.size
            Metric.cacheEntries.gauge(route, in: metrics).set(Int64(size.count))
            Metric.cacheBytes.gauge(route, in: metrics).set(Int64(size.byteCount))
        }
    }

    private static func number(of endpoint: ModelPool.Standing) -> Int64 {
        if endpoint.isDown { return 2 }
        return switch endpoint.state {
        case .closed: 0
        case .trying: 1
        case .open: 2
        }
    }
}
