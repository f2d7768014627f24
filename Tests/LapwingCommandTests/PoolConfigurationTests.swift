import LapwingRouter
import Testing
import lapwing

@Suite struct PoolConfigurationTests {
    private func read(_ yaml: String) throws(ConfigurationError) -> Configuration {
        try Configuration(yaml: yaml, file: "/c/lapwing.yaml", day: "2026-01-02", environment: [:])
    }

    private static let whole = """
        models:
          main:
            provider: openai-compatible
            endpoints: ["http://10.0.0.5:8000/v1", "http://10.0.0.6:8000/v1"]
            context: 8192
            balance: weighted
            affinity_bytes: 1024
            timeouts: { connect: 500ms, first_token: 10s, between_tokens: 5s, total: 2m }
            retries: { attempts: 2, share: 0.1 }
            breaker: { failures: 3, open: 30s }
            slow_start: 1m
            probe: 10s
            hedge: 800ms
            fallback: [spare]
          spare: { provider: openai-compatible, endpoints: ["http://h/v1"] }
        routes:
          a: { open: main, fallback: [], continue: spare }
          b: { open: main, continue: true }
          c: { open: main, continue: false }
        """

    @Test("Every key of a pool is read")
    func readsAll() throws {
        let configuration = try read(Self.whole)
        let main = try #require(configuration.models[0].remote)
        #expect(main.context == 8192)
        #expect(main.timeouts.connect == .milliseconds(500) && main.timeouts.firstToken == .seconds(10))
        #expect(main.timeouts.betweenTokens == .seconds(5) && main.timeouts.total == .seconds(120))
        #expect(main.pool.timeLimit == .seconds(120))
        #expect(main.pool.endpoints.balance == .weighted && main.pool.affinityBytes == 1024)
        #expect(main.pool.attempts == 2 && main.pool.retryShare == 0.1)
        #expect(main.pool.endpoints.breaker.failures == 3)
        #expect(
            main.pool.endpoints.breaker.open == .seconds(30) && main.pool.endpoints.breaker.longestOpen == .seconds(30))
        #expect(main.pool.endpoints.slowStart == .seconds(60))
        #expect(main.pool.probeEvery == .seconds(10) && main.pool.hedge == .milliseconds(800))
        #expect(main.fallback == ["spare"])
        let spare = try #require(configuration.models[1].remote)
        #expect(spare.pool == PoolOptions() && spare.timeouts == UpstreamTimeouts() && spare.fallback.isEmpty)
        #expect(configuration.routes.map(\.fallback) == [[], nil, nil])
        #expect(configuration.routes.map(\.continuation) == [.model("spare"), .sameModels, nil])
    }

    @Test("The summary says how calls are shared and what follows a failure")
    func summary() throws {
        let lines = ConfigurationSummary.lines(of: try read(Self.whole)).map {
            $0.split(separator: " ").joined(separator: " ")
        }
        #expect(
            lines.suffix(8) == [
                "pool endpoints calls go to attempts times then",
                "main 2 each in turn, by the first 1024 bytes 2 first token 10s, total 2m, hedged after 800ms, "
                    + "probed every 10s spare",
                "spare 1 the least loaded 3 first token 1m, total 10m –", "",
                "route open closed escalates holds falls back to continues with", "a main – never 48 tokens – spare",
                "b main – never 48 tokens as the model the same models", "c main – never 48 tokens as the model –",
            ])
    }

    private static let remote = "provider: openai-compatible, endpoints: [\"http://h/v1\"]"

    @Test(
        "What a pool cannot be is refused with what was found and what was expected",
        arguments: [
            ("hedge: soon", "hedge: found 'soon', expected a time such as 800ms, 10s or 2m, from 10ms to 10m"),
            ("hedge: 5", "hedge: found the number 5, expected a time such as 800ms, 10s or 2m, from 10ms to 10m"),
            ("probe: 100ms", "probe: found '100ms', expected a time such as 800ms, 10s or 2m, from 1s to 1h"),
            (
                "timeouts: { first: 1s }",
                "timeouts.first: found an unknown key, expected one of connect, first_token, between_tokens, total"
            ),
            (
                "timeouts: { total: [] }",
                "timeouts.total: found a list, expected a time such as 800ms, 10s or 2m, from 10ms to 1h"
            ),
            ("retries: { attempts: 7 }", "retries.attempts: found 7, expected a number of attempts from 1 to 6"),
            ("retries: { share: 2 }", "retries.share: found 2, expected a number from 0 to 1"),
            ("breaker: { failures: 0 }", "breaker.failures: found 0, expected a number of failures from 1 to 20"),
            ("balance: random", "balance: found 'random', expected one of least-loaded, weighted"),
            ("affinity_bytes: 4", "affinity_bytes: found 4, expected a number of bytes from 16 to 1048576"),
            ("fallback: []", "fallback: found an empty list, expected a list of models such as [gpt-4]"),
            ("fallback: n", "fallback: found 'n', expected a list of models such as [gpt-4]"),
            ("fallback: [m]", "fallback[0]: found 'm' itself, expected another model"),
            ("fallback: [elsewhere]", "fallback[0]: found 'elsewhere', which is not under 'models', expected one of m"),
        ])
    func refusals(key: String, expected: String) {
        do {
            _ = try read("models: { m: { \(Self.remote), \(key) } }")
            Issue.record("not refused: \(key)")
        } catch .invalid(_, let findings) {
            #expect(findings.map { "\($0.key): \($0.message)" } == ["models.m." + expected])
        } catch {
            Issue.record(error)
        }
    }

    @Test("A model that runs here has no pool, and says so")
    func local() {
        #expect(throws: ConfigurationError.self) { try read("models: { m: { weights: m.gguf, hedge: 1s } }") }
        #expect(throws: ConfigurationError.self) {
            try read("models: { m: { weights: m.gguf } }\nroutes: { r: { open: m, continue: x } }")
        }
    }
}
