import LapwingRouter
import Testing
import lapwing

@Suite struct TrialConfigurationTests {
    private static let models = """
        models: { a: { weights: m }, b: { weights: m }, c: { provider: openai-compatible, endpoints: ["http://h/v1"] } }

        """

    private func read(_ yaml: String) throws -> Configuration {
        try Configuration(yaml: Self.models + yaml, file: "/srv/lapwing.yaml", day: "2026-01-02", environment: [:])
    }

    @Test("Two bounds, a shadow, a canary and what is remembered are read, and said by `check`")
    func read() throws {
        let configuration = try read(
            """
            evidence: { days: 7, prompts: true }
            routes:
              r:
                open: a
                hold: { from: 4, to: 20, commit: 0.9 }
                shadow: { model: c, share: 0.05, judge: b }
                canary: { candidate: b, share: 0.1, margin: 0.03 }
              s: { open: a }
            """)
        let route = configuration.routes[0]
        #expect(route.hold == .between(HoldBounds(from: 4, to: 20, every: 8, commit: 0.9)))
        #expect(route.shadow == ShadowOptions(model: "c", share: 0.05, judge: "b"))
        #expect(route.canary == CanaryOptions(candidate: "b", share: 0.1, margin: 0.03))
        #expect(configuration.routes[1].shadow == nil && configuration.routes[1].canary == nil)
        #expect(configuration.evidence.days == 7 && configuration.evidence.keepsTexts)
        #expect(try read("").evidence.days == 90)
        #expect(try !read("").evidence.keepsTexts)
        let summary = ConfigurationSummary.lines(of: configuration).joined(separator: "\n")
        #expect(summary.contains("c answers 5.0% of r in the shadow, and b compares what no rule can"))
        #expect(summary.contains("b answers 10.0% of r in a's place, on trial within a margin of 3.0%"))
        #expect(summary.contains("4 to 20 tokens, until it is 0.9"))
    }

    @Test(
        "What is no shadow or canary is refused by name",
        arguments: [
            ("shadow: { share: 0.1 }", "routes.r.shadow: found no 'model'"),
            ("shadow: { model: d, share: 0.1 }", "routes.r.shadow.model: found 'd', which is not under 'models'"),
            ("shadow: { model: c, share: 0 }", "routes.r.shadow.share: found 0"),
            ("canary: { candidate: b, share: 0.1 }", "routes.r.canary: found no 'margin'"),
            ("canary: { candidate: a, share: 0.1, margin: 0.1 }", "routes.r: found 'a' as both open and candidate"),
            ("canary: { candidate: b, share: 1, margin: 0.1 }", "routes.r.canary: found all of it"),
        ])
    func refused(yaml: String, words: String) {
        #expect {
            try read("routes: { r: { open: a, \(yaml) } }")
        } throws: { error in
            "\(error)".contains(words)
        }
    }

    @Test("What is tried is told by what is remembered, so that something must be")
    func needsEvidence() {
        #expect {
            try read("evidence: { days: 0 }\nroutes: { r: { open: a, shadow: { model: c, share: 1 } } }")
        } throws: { error in
            "\(error)".contains("evidence.days: found 0, expected at least 1")
        }
    }
}
