import LapwingStatistics
import LapwingTestSupport
import LapwingText
import Testing

@Suite(.timeLimit(.minutes(1))) struct TemplateFuzzTests {
    private static let pieces = [
        "{{", "}}", "{%", "%}", "{#", "#}", "{%-", "-%}", "{{-", "-}}", "{%+", "if", "else", "elif", "endif", "for",
        "in", "endfor", "set",
        "endset", "macro", "endmacro", "call", "endcall", "filter", "endfilter", "with", "endwith", "raw", "endraw",
        "break", "continue",
        "generation", "endgeneration", "not", "and", "or", "is", "defined", "none", "true", "x", "messages", "loop",
        "ns", "namespace", "range",
        "dict", "raise_exception", "strftime_now", "caller", "(", ")", "[", "]", "{", "}", "(", ")", "[", "]", ",", ":",
        ".", "|", "=", "==", "!=",
        "<", ">", "+", "-", "*", "/", "//", "%", "**", "~", "'a'", "\"b\"", "'", "\"", "\\", "0", "1", "-1", "2.5",
        "1e9", "99999999999999999999", "::",
        " ", " ", " ", "\n", "é", "😀", "\u{0}", "join", "map", "select", "tojson", "length", "split", "items", "first",
        "role", "content", "index",
        "replace", "indent", "sort", "sum", "trim", "int", "attribute", "__class__", "'%d'", "_", "f",
    ]

    private var limits: TemplateLimits {
        var limits = TemplateLimits()
        limits.steps = 20_000
        limits.outputByteCount = 1 << 16
        return limits
    }

    private func run(_ source: String) {
        // Only an error is a failure that may come; a trap ends the test run.
        let template = try? ChatTemplate(source: source, limits: limits, clock: { 0 })
        _ = try? template?.render(
            messages: [TemplateMessage(role: "user", content: "Hi"), TemplateMessage(role: "assistant", content: "")],
            addGenerationPrompt: true, bosToken: "<s>", eosToken: "</s>")
    }

    @Test("Random pieces of templates are rendered or refused")
    func garbage() {
        var random = SplitMix64(seed: 11)
        for _ in 0..<4000 {
            let count = Int.random(in: 1...40, using: &random)
            let body = (0..<count).map { _ in TemplateFuzzTests.pieces.randomElement(using: &random) ?? "" }
            run(body.joined(separator: Bool.random(using: &random) ? " " : ""))
            run("{{ " + body.joined(separator: " ") + " }}")
        }
    }

    @Test("Templates with pieces taken out, put in or swapped are rendered or refused")
    func mutations() throws {
        var random = SplitMix64(seed: 12)
        let templates = try Fixture.lines(of: "template-golden.jsonl", as: TemplateGoldenTests.Line.self).compactMap(
            \.template)
        for _ in 0..<4000 {
            var scalars = Array((templates.randomElement(using: &random) ?? "").unicodeScalars)
            for _ in 0..<Int.random(in: 1...4, using: &random) where !scalars.isEmpty {
                let place = Int.random(in: 0..<scalars.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0:
                    scalars.removeSubrange(place..<min(scalars.count, place + Int.random(in: 1...8, using: &random)))
                case 1:
                    let piece = TemplateFuzzTests.pieces.randomElement(using: &random) ?? ""
                    scalars.insert(contentsOf: piece.unicodeScalars, at: place)
                default: scalars.swapAt(place, Int.random(in: 0..<scalars.count, using: &random))
                }
            }
            var source = String.UnicodeScalarView()
            source.append(contentsOf: scalars)
            run(String(source))
        }
    }
}
