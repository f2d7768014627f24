import Foundation
import LapwingAPI
import LapwingEngine
import LapwingModel
import Testing

/// The evaluation harness that the field uses, unmodified, against the server and against the engine asked directly.
@Suite(
    .enabled(
        if: Resources.model != nil && Resources.python != nil && Resources.data != nil,
        "needs the default model, .cache/clients and the public data sets"))
struct LMEvalTests {
    /// The first 300 of the file, or so many as `LAPWING_ARC` says: a number, or `all` (Scripts/arc.sh).
    private static let questionLimit: Int =
        switch ProcessInfo.processInfo.environment["LAPWING_ARC"] {
        case "all"?: .max
        case let given?: Int(given) ?? 300
        case nil: 300
        }

    @Test("lm_eval's ARC-easy agrees with the engine on every choice of the first questions")
    func arcEasyAgrees() async throws {
        let model = try #require(Resources.model)
        let data = try #require(Resources.data) + "/mcq/arc_easy.jsonl"
        let folder = try TestFolder()
        try folder.configure(model: model)
        let questions = try questions(of: data)
        let server = try ServerProcess.start(in: folder)
        let outcome = try Command.run([
            try #require(Resources.python), Resources.script("clients/lm_eval_arc.py"), server.baseURL, "smollm2", data,
            String(questions.count),
        ])
        #expect(outcome.status == 0, "\(outcome.standardError)")
        server.stop()
        let line = try #require(outcome.standardOutput.split(separator: "\n").last)
        let measured = try JSONDecoder().decode(Measured.self, from: Data(line.utf8))
        #expect(measured.questions == questions.count)
        try #require(measured.choices.count == questions.count)

        let direct = try await score(questions, model: model)
        var right = 0
        for (index, question) in direct.enumerated() {
            let theirs = measured.choices[index]
            #expect(theirs.count == question.logProbabilities.count)
            for (a, b) in zip(theirs, question.logProbabilities) { #expect(abs(a - b) < 1e-3, "question \(index)") }
            let best = theirs.indices.max { theirs[$0] < theirs[$1] || (theirs[$0] == theirs[$1] && $0 > $1) }
            #expect(best == question.best, "question \(index)")
            right += question.best == question.gold ? 1 : 0
        }
        #expect(abs(measured.acc - Double(right) / Double(direct.count)) < 1e-9)
        // Chance is one in four: a server that drops a token or answers zeros lands there, and says so here.
        #expect(measured.acc > 0.4)
    }

    private struct Measured: Decodable {
        let acc: Double
        let questions: Int
        let choices: [[Double]]
    }

    private struct Question: Decodable {
        let query: String
        let choices: [String]
        let gold: Int
    }

    private struct Scored {
        let logProbabilities: [Double]
        let gold: Int
        var best: Int? {
            logProbabilities.indices.max {
                logProbabilities[$0] < logProbabilities[$1] || (logProbabilities[$0] == logProbabilities[$1] && $0 > $1)
            }
        }
    }

    private func questions(of file: String) throws -> [Question] {
        let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
        return try lines.prefix(Self.questionLimit).map {
            try JSONDecoder().decode(Question.self, from: Data($0.utf8))
        }
    }

    /// The same sums as lm_eval's, from the engine's own scoring. Tokens are split where the context's tokens end.
    private func score(_ questions: [Question], model: String) async throws -> [Scored] {
        let engine = try Engine(name: "smollm2", model: try LanguageModel.load(path: model), options: EngineOptions())
        var scored: [Scored] = []
        for question in questions {
            let context = question.query + "\nAnswer:"
            let prompt = try await engine.tokenize(context, model: "smollm2", addSpecialTokens: false)
            var continuations: [[TokenID]] = []
            for choice in question.choices {
                let whole = try await engine.tokenize(context + " " + choice, model: "smollm2", addSpecialTokens: false)
                continuations.append(Array(whole.dropFirst(prompt.count)))
            }
            let result = try await engine.score(
                ScoringRequest(model: "smollm2", prompt: prompt, continuations: continuations),
                context: RequestContext(requestID: "arc-\(scored.count)"))
            let sums = result.continuations.map { $0.logProbabilities.reduce(0, +) }
            scored.append(Scored(logProbabilities: sums, gold: question.gold))
        }
        return scored
    }
}
