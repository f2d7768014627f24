import Foundation
import LapwingAPI
import LapwingRouter
import LapwingStatistics
import LapwingStore
import Testing

@Suite("`lapwing calibrate gate`")
struct FitGateTests {
    private static let yaml = """
        data: ./data
        models:
          a: { weights: m.gguf }
        """

    private func line(_ index: Int) -> String {
        let isHard = index % 2 == 0
        let prompt = isHard ? "Solve the integral \(index) of it" : "Name the capital \(index) of it"
        return "{\"prompt\": \"\(prompt)\", \"weak\": \(isHard && index % 5 > 0 ? 0 : 1), \"strong\": true}"
    }

    @Test("It writes the next version each time, and says what held-out prompts gain")
    func fits() throws {
        let program = try Program(yaml: Self.yaml)
        try program.write((0..<200).map(line).joined(separator: "\n"), to: "answered.jsonl")
        let first = try program.run(["calibrate", "gate", "support", "--data", "answered.jsonl", "--share", "0.4"])
        #expect(first.status == 0, "\(first.error)")
        #expect(first.output.contains("support-v1.json: 200 prompts"))
        #expect(first.output.contains("it sends 40.0% of such prompts to the closed model"))
        let second = try program.run([
            "calibrate", "gate", "support", "--data", "answered.jsonl", "--keep", "0.9", "--json",
        ])
        #expect(second.status == 0, "\(second.error)")
        let figures = try #require(
            JSONSerialization.jsonObject(with: Data(second.output.utf8)) as? [String: Any])
        #expect(try #require(figures["apgr"] as? Double) > 0.7)
        let file: GateFile = try GateFile.folder(program.path + "/data").newest("support")
        #expect(file.version == 2 && file.prompts == 200 && file.fingerprint.count == 64)
        #expect(
            file.model.score(prompt: "Solve the integral 3 of it")
                > file.model.score(prompt: "Name the capital 3 of it"))
    }

    @Test("A route's traffic teaches it, as far as both models' outcomes are known and prompts were kept")
    func fromTraffic() throws {
        let program = try Program(
            yaml: Self.yaml + "\n  b: { weights: n.gguf }\nroutes: { support: { open: a, closed: b } }")
        let arguments = ["calibrate", "gate", "support", "--route", "support", "--json"]
        let nothing = try program.run(arguments)
        #expect(nothing.status == 1 && nothing.error.contains("there is no evidence at"))
        try FileManager.default.createDirectory(atPath: program.path + "/data", withIntermediateDirectories: true)
        let store = try EvidenceStore(path: program.path + "/data/" + EvidenceStore.fileName)
        func add(_ index: Int, _ source: AnswerOutcome.Source, model: String = "a", prompts: [Prompt]? = nil) {
            let isHard = index % 2 == 0
            let text = isHard ? "Solve the integral \(index) of it" : "Name the capital \(index) of it"
            var answer = JudgedAnswer(
                requestID: "\(source) \(model) \(index)", route: "support", model: model, startedAt: 1, decision: .open)
            answer.prompt =
                prompts ?? [
                    .messages([
                        ChatMessage(role: "system", content: "Be brief."), ChatMessage(role: "user", content: text),
                    ])
                ]
            store.record(answer)
            var outcome = AnswerOutcome(
                requestID: answer.requestID, source: source, right: !isHard || index % 5 == 0, at: 2)
            outcome.side = .open
            store.addOutcome(outcome)
        }
        for index in 0..<200 { add(index, index % 4 == 0 ? .judge : .shadow) }
        // None of these tells both outcomes of a prompt that was kept of this model.
        for index in 200..<230 { add(index, .feedback) }
        // Of an open answer that differed its client said that it was right: the closed one was not.
        add(302, .shadow)
        var liked = AnswerOutcome(requestID: "shadow a 302", source: .feedback, right: true, at: 3)
        liked.side = .open
        store.addOutcome(liked)
        for index in 200..<230 { add(index, .shadow, model: "b") }
        add(300, .shadow, prompts: [.tokens([1, 2])])
        // A closed answer that its client calls wrong, where the open one agreed: both are.
        add(301, .shadow)
        var said = AnswerOutcome(requestID: "shadow a 301", source: .feedback, right: false, at: 3)
        said.side = .closed
        store.addOutcome(said)
        try store.flush()
        let fitted = try program.run(arguments)
        #expect(fitted.status == 0, "\(fitted.error)")
        let figures = try #require(
            JSONSerialization.jsonObject(with: Data(fitted.output.utf8)) as? [String: Any])
        #expect(figures["prompts"] as? Int == 202)
        #expect(abs(try #require(figures["weakQuality"] as? Double) - 121.0 / 202) < 1e-9)
        #expect(abs(try #require(figures["strongQuality"] as? Double) - 200.0 / 202) < 1e-9)
        #expect(try #require(figures["apgr"] as? Double) > 0.7)
        let file: GateFile = try GateFile.folder(program.path + "/data").newest("support")
        #expect(
            file.model.score(prompt: "Solve the integral 3 of it")
                > file.model.score(prompt: "Name the capital 3 of it"))
        let both = try program.run(arguments + ["--data", "answered.jsonl"])
        #expect(both.status == 2 && both.error.contains("either --data FILE or --route NAME"))
    }

    @Test("A text that stands there several times is held out as one, so that nothing is known by heart")
    func repeated() throws {
        let program = try Program(yaml: Self.yaml)
        var random = SplitMix64(seed: 3)
        let rows = (0..<80).map {
            #"{"prompt": "p\#($0) q\#($0 * 7)", "weak": \#(Bool.random(using: &random)), "strong": true}"#
        }
        try program.write((rows + rows + rows).joined(separator: "\n"), to: "thrice.jsonl")
        let arguments = ["calibrate", "gate", "s", "--data", "thrice.jsonl", "--dry-run"]
        let fitted = try program.run(arguments + ["--json"])
        let figures = try #require(
            JSONSerialization.jsonObject(with: Data(fitted.output.utf8)) as? [String: Any], "\(fitted.error)")
        #expect(try #require(figures["apgr"] as? Double) < 0.7)
        #expect(figures["prompts"] as? Int == 240 && figures["distinctPrompts"] as? Int == 80)
        #expect(try program.run(arguments).output.contains("240 prompts, 80 different ones; alone"))
    }

    @Test("A closed model that is no better is told of")
    func nothingToGain() throws {
        let program = try Program(yaml: Self.yaml)
        let rows = (0..<60).map { #"{"prompt": "p \#($0)", "weak": \#($0 % 2), "strong": \#(($0 + 1) % 2)}"# }
        try program.write(rows.joined(separator: "\n"), to: "even.jsonl")
        let even = try program.run(["calibrate", "gate", "s", "--data", "even.jsonl", "--dry-run"])
        #expect(even.status == 0 && even.error.contains("no more often than the open one"))
        try program.write((0..<60).map(line).joined(separator: "\n"), to: "better.jsonl")
        let better = try program.run(["calibrate", "gate", "s", "--data", "better.jsonl", "--dry-run"])
        #expect(better.status == 0 && !better.error.contains("no more often"))
    }

    @Test("What it cannot read or learn from is refused with the line")
    func refuses() throws {
        let program = try Program(yaml: Self.yaml)
        let lines = (0..<60).map(line)
        try program.write(
            (lines + ["{\"prompt\": \"a\", \"weak\": 2, \"strong\": 1}"]).joined(separator: "\n"), to: "bad.jsonl")
        let bad = try program.run(["calibrate", "gate", "s", "--data", "bad.jsonl"])
        #expect(bad.status == 1 && bad.error.contains("bad.jsonl, line 61: expected an object"))
        try program.write(lines.prefix(9).joined(separator: "\n"), to: "few.jsonl")
        let few = try program.run(["calibrate", "gate", "s", "--data", "few.jsonl"])
        #expect(
            few.status == 1
                && few.error.contains("found 9 different prompts with both models' outcomes, expected 50 or more"))
        #expect(!program.exists("data/gates"))
    }
}
