import LapwingAPI
import LapwingMetrics
import LapwingServer
import LapwingTestSupport
import Logging
import Testing

@Suite("Metrics over HTTP", .timeLimit(.minutes(1)))
struct MetricsTests {
    /// Answers 30 ms after it was asked, of which 20 ms were a call.
    private func harness(_ registry: PrometheusRegistry, logger: Logger? = nil) -> ServerHarness {
        let clock = ManualClock()
        let provider = ScriptedProvider { _, context in
            clock.advance(by: .milliseconds(30))
            var summary = RequestSummary(status: "completed", route: "support", model: "big")
            (summary.decision, summary.cache, summary.upstream) = (.escalated, .miss, .milliseconds(20))
            (summary.callCount, summary.promptTokens, summary.completionTokens) = (2, 20, 6)
            (summary.cost, summary.firstToken) = (NanoUSD(480_000), .milliseconds(25))
            context.onEnd?(summary)
            return ScriptedProvider.Step.answer(["a"])
        }
        var harness = ServerHarness(provider: provider)
        harness.clock = clock
        harness.metrics = registry
        if let logger { harness.logger = logger }
        return harness
    }

    @Test("/metrics says in Prometheus's format what was asked, by line of the table and status, and what was added")
    func page() async throws {
        let harness = harness(PrometheusRegistry())
        _ = try await harness.chat(chatBody())
        _ = try await harness.chat(chatBody(#""stream":true"#))
        _ = try await harness.send("GET", "/v1/models/s3cret")
        _ = try await harness.send("GET", "/s3cret")
        _ = try await harness.send("GET", "/s3cret2")
        _ = try await harness.chat("{")
        let page = try await harness.send("GET", "/metrics?s3cret")
        #expect(page.status == 200)
        #expect(page.header("content-type") == "text/plain; version=0.0.4; charset=utf-8")
        let lines = Set(page.text.split(separator: "\n").map(String.init))
        for line in [
            #"lapwing_http_requests_total{path="/v1/chat/completions",code="200"} 2"#,
            #"lapwing_http_requests_total{path="/v1/models/*",code="404"} 1"#,
            #"lapwing_http_requests_total{path="(none)",code="404"} 2"#,
            #"lapwing_refusals_total{reason="unknown_url"} 2"#, #"lapwing_refusals_total{reason="model_not_found"} 1"#,
            #"lapwing_refusals_total{reason="invalid_json"} 1"#,
            #"lapwing_added_latency_seconds_sum{route="support"} 0.020000000"#,
            #"lapwing_added_latency_seconds_count{route="support"} 2"#, "lapwing_requests_in_flight 1",
        ] {
            #expect(lines.contains(line), "\(line)")
        }
        #expect(!page.text.contains("s3cret"))
    }

    @Test("A line of the log says what the request came to, and names no path, method or model of the client's own")
    func line() async throws {
        let lines = AccessLogTests.Lines()
        let logger = Logger(label: "test") { _ in AccessLogTests.Handler(lines: lines) }
        let harness = harness(PrometheusRegistry(), logger: logger)
        _ = try await harness.chat(chatBody())
        #expect(
            lines.all == [
                "info Request answered added_ms=10.0 cache=miss calls=2 cost_usd=0.00048 decision=escalated "
                    + "duration_ms=30.0 first_token_ms=25.0 method=POST model=big outcome=completed "
                    + "path=/v1/chat/completions request_id=\(ServerHarness.requestID) route=support status=200 "
                    + "tokens_in=20 tokens_out=6 upstream_ms=20.0"
            ])
        _ = try await harness.send("S3CRET", "/s3cret")
        #expect(lines.all.last?.contains("method=(other) path=(none)") == true)
    }
}
