import Foundation
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
        let prompt = isHard ? "Solve the integral \(index % 9) of it" : "Name the capital \(index % 7) of it"
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
        #expect(few.status == 1 && few.error.contains("found 9 prompts, expected 50 or more"))
        #expect(!program.exists("data/gates"))
    }
}
