import Foundation
import LapwingTestSupport
import Testing

/// Labels from the model to the wire, and a calibrator from its fit to the answers that it judges.
@Suite(.serialized, .timeLimit(.minutes(2))) struct LabelTests {
    private let folder: TestFolder
    private let model: WrittenModel

    init() throws {
        folder = try TestFolder()
        model = try TinyModel().write()
    }

    private func write(_ route: String) throws {
        let weights = "{ weights: \"\(model.path)\", context: 512"
        try folder.write(
            models: ["tiny: \(weights) }", "vectors: \(weights), pooling: mean }"],
            routes: "routes: { intents: { \(route) } }")
    }

    @Test("A request's own choices are answered with one of them, as the head weighs them that was fitted to such rows")
    func choices() async throws {
        try write("open: tiny, labels: request")
        let rows = (0..<40).map { row in
            #"{"prompt":"\#(String(repeating: "hello ", count: row % 7 + 1))","choices":["ab","cd","e\#(row % 3)"],"answer":"cd"}"#
        }
        let data = folder.path + "/rows.jsonl"
        try rows.joined(separator: "\n").write(toFile: data, atomically: true, encoding: .utf8)
        let fit = try Binary.run(
            "calibrate", "head", "intents", "--data", data, "--config", folder.configuration)
        #expect(fit.status == 0 && fit.standardOutput.contains("40 rows, choices of their own"), "\(fit.standardError)")
        try write("open: tiny, labels: { head: intents }")
        let server = try ServerProcess.start(in: folder)
        func ask(_ fields: String) async throws -> Ask.Reply {
            try await Ask.post(
                server.baseURL + "/v1/chat/completions",
                #"{"model":"intents","messages":[{"role":"user","content":"hello there"}]\#(fields)}"#)
        }
        let reply = try await ask(
            #","structured_outputs":{"choice":["ab","cd","ef"]},"logprobs":true,"top_logprobs":3"#)
        #expect(reply.status == 200, "\(reply.text)")
        let choice = try #require((try reply.json["choices"] as? [[String: Any]])?.first)
        #expect((choice["message"] as? [String: Any])?["content"] as? String == "cd")
        let content = ((choice["logprobs"] as? [String: Any])?["content"] as? [[String: Any]])?.first
        let top = try #require(content?["top_logprobs"] as? [[String: Any]])
        #expect(Set(top.compactMap { $0["token"] as? String }) == ["ab", "cd", "ef"])
        let none = try await ask("")
        #expect(none.status == 400 && none.text.contains("structured_outputs"), "\(none.text)")
        server.stop()
    }

    @Test("An embedder's opinion is fitted, judged by and refused where head and calibrator knew none")
    func embedder() async throws {
        let labels = ["ab", "cd", "ef"]
        let rows = (0..<60).map { "\(String(repeating: labels[$0 % 3] + " ", count: $0 % 7 + 1)),\(labels[$0 % 3])" }
        let data = folder.path + "/rows.csv"
        try ("prompt,answer\n" + rows.joined(separator: "\n") + "\n").write(
            toFile: data, atomically: true, encoding: .utf8)
        func fit(_ kind: String) throws {
            let run = try Binary.run(
                "calibrate", kind, "intents", "--data", data, "--config", folder.configuration)
            #expect(run.status == 0, "\(run.standardError)")
        }
        try write("open: tiny, labels: [ab, cd, ef], embedder: vectors")
        try fit("head")
        let fitted = "open: tiny, labels: { head: intents }, embedder: vectors"
        try write(fitted)
        try fit("fit")
        try write(fitted + ", calibrator: intents")
        let server = try ServerProcess.start(in: folder)
        let answer = try await Ask.post(server.baseURL + "/v1/chat/completions", Self.request)
        let told = lapwing(try answer.json)
        #expect(answer.status == 200 && told["calibrated"] as? Bool == true, "\(answer.text)")
        server.stop()
        try write("open: tiny, labels: { head: intents }, calibrator: intents")
        let refused = try Binary.run("check", "--config", folder.configuration)
        #expect(refused.status == 1)
        #expect(
            refused.standardError.contains("found one fitted with 'embedder: vectors'"), "\(refused.standardError)")
    }

    private func lapwing(_ object: [String: Any]) -> [String: Any] { object["lapwing"] as? [String: Any] ?? [:] }

    private static let request = """
        {"model":"intents","logprobs":true,"top_logprobs":3,"messages":[{"role":"user","content":"hello there"}]}
        """

    @Test("A label is answered with its exact probability; a calibrator fitted by the command judges it after a reload")
    func labels() async throws {
        let route = "open: tiny, labels: [ab, cd, ef], calibrator: own"
        try write("open: tiny, labels: [ab, cd, ef]")
        let server = try ServerProcess.start(in: folder)
        let before = try await Ask.post(server.baseURL + "/v1/chat/completions", Self.request)
        #expect(before.status == 200, "\(before.text)")
        #expect(before.header("x-lapwing-confidence") != nil && before.header("x-lapwing-decision") == "open")
        let choice = try #require((try before.json["choices"] as? [[String: Any]])?.first)
        let content = ((choice["logprobs"] as? [String: Any])?["content"] as? [[String: Any]])?.first
        let top = try #require(content?["top_logprobs"] as? [[String: Any]])
        #expect(Set(top.compactMap { $0["token"] as? String }) == ["ab", "cd", "ef"])
        let total = top.compactMap { $0["logprob"] as? Double }.reduce(0) { $0 + exp($1) }
        #expect(abs(total - 1) < 1e-9)
        let message = choice["message"] as? [String: Any]
        #expect(message?["content"] as? String == top.first?["token"] as? String)
        #expect(lapwing(try before.json)["calibrated"] as? Bool == false)

        // Words of one letter each, of which the model is surer or less sure, with labels dealt out in turns.
        let labels = ["ab", "cd", "ef"]
        let rows = (0..<45).map { "\(String(repeating: "hello ", count: $0 % 9 + 1)),\(labels[$0 % 3])" }
        let data = folder.path + "/rows.csv"
        try ("prompt,answer\n" + rows.joined(separator: "\n") + "\n").write(
            toFile: data, atomically: true, encoding: .utf8)
        let fit = try Binary.run(
            "calibrate", "intents", "--name", "own", "--data", data, "--config", folder.configuration)
        #expect(fit.status == 0, "\(fit.standardError)")
        #expect(fit.standardOutput.contains("45 answers") && fit.standardOutput.contains("threshold"))
        #expect(FileManager.default.fileExists(atPath: folder.data + "/calibrators/own-v1.svg"))

        try write(route)
        server.hangUp()
        var after: [String: Any] = [:]
        try await eventually("the calibrator judges") {
            after = lapwing(try await Ask.post(server.baseURL + "/v1/chat/completions", Self.request).json)
            return after["calibrator"] as? String == "own-v1"
        }
        #expect(after["calibrated"] as? Bool == true)
        server.stop()

        // Other labels than it was fitted to.
        try write("open: tiny, labels: [ab, cd], calibrator: own")
        let refused = try Binary.run("check", "--config", folder.configuration)
        #expect(refused.status == 1)
        #expect(
            refused.standardError.contains(
                "Route 'intents' has the calibrator 'own-v1': found one fitted to answers of 3 labels, expected one for its "
                    + "own answers, 2 labels"), "\(refused.standardError)")
    }
}
