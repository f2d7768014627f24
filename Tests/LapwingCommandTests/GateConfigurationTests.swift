import Foundation
import Testing
import lapwing

@Suite("A route's gate in the configuration")
struct GateConfigurationTests {
    private func read(_ gate: String, escalate: String = "escalate: { below: 0.5 }") throws -> Configuration {
        try Configuration(
            yaml: """
                models:
                  a: { weights: m.gguf }
                  b: { provider: openai-compatible, endpoints: ["http://h/v1"] }
                routes: { r: { open: a, closed: b, \(escalate), gate: \(gate) } }
                """, file: "/srv/lapwing.yaml", day: "2026-01-02", environment: [:])
    }

    @Test("A name alone sends as it was fitted, a share or a gain otherwise")
    func gates() throws {
        #expect(try read("support").routes[0].gate == .init(name: "support"))
        #expect(try read("{ name: support, share: 0.2 }").routes[0].gate == .init(name: "support", rule: .share(0.2)))
        #expect(try read("{ name: support, above: 0.1 }").routes[0].gate == .init(name: "support", rule: .above(0.1)))
    }

    @Test(
        "What is no gate is refused by name",
        arguments: [
            ("{}", "no 'name'"), ("{ name: s, share: 0.2, above: 0.1 }", "expected one of them"),
            ("{ name: s, share: 2 }", "expected a number from 0 to 1"), ("../s", "expected a name of letters"),
            ("[s]", "expected a name of letters"),
        ])
    func refused(yaml: String, words: String) {
        #expect { try read(yaml) } throws: { "\($0)".contains("routes.r.gate") && "\($0)".contains(words) }
    }

    @Test("A gate without 'escalate' is refused, as nothing would say whose requests it may send on")
    func withoutEscalation() {
        #expect { try read("s", escalate: "max_tokens: 8") } throws: {
            "\($0)".contains("a gate without 'escalate'")
        }
    }
}
