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
        try folder.write(
            models: ["tiny: { weights: \"\(model.path)\", context: 512 }"], routes: "routes: { intents: { \(route) } }")
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
