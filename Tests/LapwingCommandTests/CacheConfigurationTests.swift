import LapwingRouter
import Testing
import lapwing

@Suite struct CacheConfigurationTests {
    private func read(_ yaml: String) throws -> Configuration {
        try Configuration(yaml: yaml, file: "/srv/lapwing.yaml", day: "2026-01-02", environment: [:])
    }

    @Test("Routes and models keep answers where they say for how long")
    func caches() throws {
        let configuration = try read(
            """
            models:
              a: { weights: m.gguf, cache: { ttl: 30m } }
              b: { provider: openai-compatible, endpoints: ["http://h/v1"], cache: { ttl: 1h, bytes: 65536 } }
              c: { weights: m.gguf }
            routes: { r: { open: c, cache: { ttl: 720h } }, s: { open: c } }
            """)
        #expect(configuration.models.map(\.cache?.timeToLive) == [.seconds(1800), .seconds(3600), nil])
        #expect(configuration.models.map(\.cache?.byteLimit) == [64 << 20, 65_536, nil])
        #expect(configuration.routes.map(\.cache?.timeToLive) == [.seconds(720 * 3600), nil])
        let summary = ConfigurationSummary.lines(of: configuration)
        #expect(summary.contains("answers of b are kept for 1h, up to 65536 bytes"))
    }

    @Test(
        "A cache without a time, or with one that is none, is refused by name",
        arguments: [("{}", "no 'ttl'"), ("{ ttl: 0s }", "expected a time"), ("true", "expected a mapping")])
    func refused(yaml: String, words: String) {
        let text = "models: { a: { weights: m } }\nroutes: { r: { open: a, cache: \(yaml) } }"
        #expect {
            try read(text)
        } throws: { error in
            "\(error)".contains("routes.r.cache") && "\(error)".contains(words)
        }
    }
}
