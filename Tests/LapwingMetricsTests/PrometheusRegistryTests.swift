import CoreMetrics
import Foundation
import LapwingMetrics
import Synchronization
import Testing

@Suite("Prometheus's text format")
struct PrometheusRegistryTests {
    private static let requests = MetricDefinition(
        "requests_total", .counter, labels: ["route", "code"], "Requests.\nAll \\ of them.")
    private static let money = MetricDefinition("usd_total", .counter, unit: .billionth, "Money.")
    private static let gauge = MetricDefinition("level", .gauge, "A level.")
    private static let seconds = MetricDefinition(
        "seconds", .histogram(bounds: [0.001, 0.5, 1]), unit: .billionth, labels: ["route"], "Times.")
    private static let sizes = MetricDefinition("sizes", .histogram(bounds: [1, 10]), "Sizes.")

    private func registry() -> PrometheusRegistry {
        PrometheusRegistry([Self.requests, Self.money, Self.gauge, Self.seconds, Self.sizes])
    }

    @Test("Counters and gauges are a line for each set of labels, sorted, under their help and type")
    func lines() {
        let registry = registry()
        Self.requests.counter("b", "200", in: registry).increment(by: 2)
        Self.requests.counter("a", "500", in: registry).increment(by: 1)
        Self.requests.counter("a", "200", in: registry).increment(by: 40)
        Self.requests.counter("a", "200", in: registry).increment(by: -7)
        Self.gauge.gauge(in: registry).set(1.5)
        Self.gauge.gauge(in: registry).increment(by: 2)
        Self.gauge.gauge(in: registry).decrement(by: 0.25)
        #expect(
            registry.text() == """
                # HELP requests_total Requests.\\nAll \\\\ of them.
                # TYPE requests_total counter
                requests_total{route="a",code="200"} 40
                requests_total{route="a",code="500"} 1
                requests_total{route="b",code="200"} 2
                # HELP level A level.
                # TYPE level gauge
                level 3.25

                """)
    }

    @Test("Money is exact to the ninth place")
    func money() {
        let registry = registry()
        let counter = Self.money.counter(in: registry)
        counter.increment(by: 9_007_199_254_740_993)
        #expect(registry.text().contains("usd_total 9007199.254740993\n"))
        counter.increment(by: 8)
        #expect(registry.text().contains("usd_total 9007199.254741001\n"))
    }

    @Test("A histogram's buckets add up to its count, a value at a bound lies in its bucket, and times are seconds")
    func histograms() {
        let registry = registry()
        let timer = Self.seconds.timer("r", in: registry)
        for duration in [Duration.zero, .milliseconds(1), .nanoseconds(1_000_001), .seconds(1), .seconds(2)] {
            timer.record(duration)
        }
        timer.record(.milliseconds(-5))
        Self.sizes.recorder(in: registry).record(Int64(10))
        Self.sizes.recorder(in: registry).record(2.6)
        let text = registry.text()
        for line in [
            #"seconds_bucket{route="r",le="0.001"} 3"#, #"seconds_bucket{route="r",le="0.5"} 4"#,
            #"seconds_bucket{route="r",le="1"} 5"#, #"seconds_bucket{route="r",le="+Inf"} 6"#,
            #"seconds_sum{route="r"} 3.002000001"#, #"seconds_count{route="r"} 6"#, #"sizes_bucket{le="1"} 0"#,
            #"sizes_bucket{le="10"} 2"#, "sizes_sum 13", "sizes_count 2",
        ] {
            #expect(text.split(separator: "\n").contains { $0 == line }, "\(line)")
        }
    }

    @Test("Whatever a label holds stays within its quotes")
    func escaping() {
        let registry = registry()
        Self.requests.counter("a\"} 9\n# TYPE x", "\\n", in: registry).increment(by: 1)
        #expect(registry.text().contains(#"requests_total{route="a\"} 9\n# TYPE x",code="\\n"} 1"#))
    }

    @Test("Gauges are set by who knows them each time before they are told, and counting takes part at once")
    func readers() async {
        let registry = registry()
        let counter = Self.requests.counter("a", "200", in: registry)
        registry.beforeReading { Self.gauge.gauge(in: registry).increment(by: 1) }
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask { for _ in 0..<1000 { counter.increment(by: 1) } }
            }
        }
        #expect(registry.text().contains(#"requests_total{route="a",code="200"} 8000"#))
        #expect(registry.text().contains("level 2\n"))
    }

    @Test("What is gone from the configuration is told no more, and the rest stays")
    func forgotten() {
        let registry = registry()
        Self.requests.counter("a", "200", in: registry).increment(by: 1)
        let isThere = Mutex(true)
        registry.beforeReading {
            registry.forget(Self.gauge)
            if isThere.withLock({ $0 }) { Self.gauge.gauge(in: registry).set(Int64(1)) }
        }
        #expect(registry.text().contains("level 1"))
        isThere.withLock { $0 = false }
        #expect(!registry.text().contains("level") && registry.text().contains("requests_total"))
    }

    @Test("Every metric of ours has a name, labels and bounds that Prometheus takes, and says what it means")
    func catalogue() {
        let all = MetricDefinition.all
        #expect(Set(all.map(\.name)).count == all.count)
        for metric in all {
            #expect(metric.name.wholeMatch(of: /[a-z_]+/) != nil && metric.help.hasSuffix("."), "\(metric.name)")
            #expect(metric.labels.allSatisfy { $0.wholeMatch(of: /[a-z_]+/) != nil && $0 != "le" })
            let words = ["user", "key", "tenant", "request_id", "prompt", "metadata"]
            #expect(metric.labels.filter(words.contains).isEmpty, "\(metric.name)")
            switch metric.kind {
            case .counter: #expect(metric.name.hasSuffix("_total"), "\(metric.name)")
            case .gauge: break
            case .histogram(let bounds): #expect(bounds == bounds.sorted() && Set(bounds).count == bounds.count)
            }
        }
    }

    @Test("The documentation has a line for each metric, with its labels and what it means, and no other")
    func documentation() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "Docs/Observability.md"), encoding: .utf8)
        let lines = text.split(separator: "\n").filter { $0.hasPrefix("| `") }.map(String.init)
        let expected = MetricDefinition.all.map { metric in
            let labels = metric.labels.map { "`\($0)`" }.joined(separator: ", ")
            return
                "| `\(metric.name)` | \(metric.kind.word) | \(labels.isEmpty ? "–" : labels) | \(metric.help.dropLast()) |"
        }
        #expect(lines == expected)
    }

    @Test("What this process takes is told", .enabled(if: onLinux, "reads /proc"))
    func process() throws {
        let registry = PrometheusRegistry()
        ProcessFigures(registry).read()
        for name in ["resident_memory_bytes", "virtual_memory_bytes", "open_fds", "max_fds", "start_time_seconds"] {
            let line = try #require(registry.text().split(separator: "\n").first { $0.hasPrefix("process_\(name) ") })
            #expect(try #require(Double(line.split(separator: " ")[1])) > 0, "\(line)")
        }
    }
}

#if os(Linux)
    private let onLinux = true
#else
    private let onLinux = false
#endif
