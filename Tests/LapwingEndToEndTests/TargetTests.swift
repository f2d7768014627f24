import Foundation
import LapwingTestSupport
import Testing

/// A promise from its labels to the wire: found by the fit, kept by the server, and taken back where it does not hold any more.
@Suite(.serialized, .timeLimit(.minutes(3))) struct TargetTests {
    private let folder: TestFolder
    private let model: WrittenModel
    private let labels = ["ab", "cd", "ef"]

    init() throws {
        folder = try TestFolder()
        model = try TinyModel().write()
    }

    private func write(_ upstream: GatedUpstream, _ route: String) throws {
        try folder.write(
            models: [
                "tiny: { weights: \"\(model.path)\", context: 512 }",
                "big: { provider: openai-compatible, endpoints: [\"\(upstream.url)\"], price: { input: 1, output: 2 } }",
            ], routes: "routes: { intents: { open: tiny, closed: big, labels: [ab, cd, ef]\(route) } }")
    }

    private func prompt(_ index: Int) -> String { String(repeating: "hello ", count: index % 17 + 1) + "\(index % 23)" }

    private func calibrate(_ rows: [(prompt: String, answer: String)], _ options: String...) throws -> Binary.Outcome {
        let text = "prompt,answer\n" + rows.map { "\($0.prompt),\($0.answer)\n" }.joined()
        try text.write(toFile: folder.path + "/rows.csv", atomically: true, encoding: .utf8)
        return try Command.run(
            [
                try Binary.path(), "calibrate", "intents", "--name", "own", "--data", folder.path + "/rows.csv",
                "--config", folder.configuration,
            ] + options)
    }

    /// What the model answers to each of the prompts.
    private func answers(_ count: Int) throws -> [String] {
        let file = folder.path + "/answers.jsonl"
        let fit = try calibrate((0..<count).map { (prompt($0), labels[$0 % 3]) }, "--answers", file, "--dry-run")
        #expect(fit.status == 0, "\(fit.standardError)")
        return try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            return try #require(object?["answer"] as? String)
        }
    }

    private func ask(_ server: ServerProcess, _ index: Int) async throws -> (decision: String?, id: String?) {
        let body = """
            {"model":"intents","messages":[{"role":"user","content":"\(prompt(index))"}]}
            """
        let reply = try await Ask.post(server.baseURL + "/v1/chat/completions", body)
        #expect(reply.status == 200, "\(reply.text)")
        return (reply.header("x-lapwing-decision"), reply.header("x-lapwing-request-id"))
    }

    @Test("An accuracy that labels prove is kept at its threshold; wrong outcomes send the route to its safe side")
    func promise() async throws {
        let gate = Gate()
        gate.open()
        let upstream = try await GatedUpstream(first: "a", second: "b", gate: gate)
        try write(upstream, "")
        let given = try answers(300)
        // 97 of a hundred are right.
        let rows = given.indices.map { index -> (prompt: String, answer: String) in
            let other = labels[((labels.firstIndex(of: given[index]) ?? 0) + 1) % 3]
            return (prompt(index), index % 33 == 5 ? other : given[index])
        }
        // What is kept of the closed model's quality takes its answers.
        try write(upstream, ", calibrator: own, escalate: { keep: 0.5 }")
        #expect(try calibrate(rows).status == 0)
        let unknown = try Binary.run("check", "--config", folder.configuration)
        #expect(
            unknown.standardOutput.contains("none of its 300 labelled answers says whether the closed model is right"))
        let asked = try calibrate(rows, "--ask-closed")
        #expect(asked.status == 0, "\(asked.standardError)")
        let known = try Binary.run("check", "--config", folder.configuration)
        #expect(known.standardOutput.contains("for 50% of the closed model's quality at 95% confidence"), "\(known)")
        try write(upstream, ", calibrator: own, escalate: { accuracy: 0.9 }, drift: { window: 100 }")
        let check = try Binary.run("check", "--config", folder.configuration)
        #expect(
            check.standardOutput.contains("for an accuracy of 90% at 95% confidence; of 300 labelled answers"),
            "\(check)")

        let server = try ServerProcess.start(in: folder, options: ["--log-level", "notice"])
        var kept: [String] = []
        for index in 0..<80 {
            let (decision, id) = try await ask(server, index)
            if decision == "open" { kept.append(try #require(id)) }
        }
        #expect(kept.count >= 70)
        var told = 0
        for id in kept {
            let body = #"{"request_id":"\#(id)","outcome":"wrong"}"#
            #expect(try await Ask.post(server.baseURL + "/v1/feedback", body).status == 200)
            told += 1
            if try await ask(server, told).decision == "escalated" { break }
        }
        // Answers that are said to be right 97 times in a hundred and never are do not take many.
        #expect((2...40).contains(told), "\(told)")
        let log = try String(contentsOfFile: folder.log, encoding: .utf8)
        #expect(log.contains("the calibration has drifted"))
        for index in 0..<5 { #expect(try await ask(server, index).decision == "escalated") }
        #expect(server.stop() == 0)
        let report = try Binary.run("report", "--config", folder.configuration)
        #expect(report.standardOutput.contains("intents: the calibration has drifted"), "\(report)")

        // It is still so after a start, until there is a calibrator for what the answers are worth now.
        let again = try ServerProcess.start(in: folder)
        #expect(try await ask(again, 3).decision == "escalated")
        #expect(again.stop() == 0)
    }
}
