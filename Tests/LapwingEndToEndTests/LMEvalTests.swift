import Foundation
import Testing

/// The evaluation harness that the field uses, unmodified, against the server and against `lapwing eval`.
@Suite(
    .enabled(
        if: Resources.model != nil && Resources.python != nil && Resources.data != nil,
        "needs the default model, .cache/clients and the public data sets"))
struct LMEvalTests {
    @Test("lm_eval through the server and `lapwing eval` directly choose the same on every question")
    func agrees() throws {
        let outcome = try Command.run([
            try #require(Resources.python), Resources.script("clients/lm_eval_agreement.py"), try Binary.path(),
            try #require(Resources.model), try #require(Resources.data), "--limit", "100", "--mmlu", "1",
        ])
        #expect(outcome.status == 0, "\(outcome.standardOutput)\(outcome.standardError)")
        let line = try #require(outcome.standardOutput.split(separator: "\n").last)
        let measured = try JSONDecoder().decode(Measured.self, from: Data(line.utf8))
        #expect(measured.agree)
        #expect(measured.tasks.keys.sorted() == ["arc_challenge", "arc_easy", "mmlu", "openbookqa", "piqa"])
        for (name, task) in measured.tasks {
            #expect(task.questions == (name == "mmlu" ? 57 : 100))
            #expect(task.otherChoices == 0, "\(name)")
            #expect(task.widestDifference < 1e-6, "\(name)")
        }
        // Chance is one in four: a server that drops a token or answers zeros lands there, and says so here.
        #expect(try #require(measured.tasks["arc_easy"]?.acc).right > 40)
    }

    private struct Measured: Decodable {
        struct Task: Decodable {
            struct Metric: Decodable {
                let right: Int

                private enum CodingKeys: String, CodingKey { case right = "lapwing_right" }
            }

            let questions: Int
            let otherChoices: Int
            let widestDifference: Double
            let acc: Metric

            private enum CodingKeys: String, CodingKey {
                case questions, acc
                case otherChoices = "other_choices"
                case widestDifference = "widest_difference"
            }
        }

        let agree: Bool
        let tasks: [String: Task]
    }
}
