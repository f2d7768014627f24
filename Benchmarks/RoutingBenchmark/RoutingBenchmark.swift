// How well a prompt gate orders RouteLLM's questions by what GPT-4 gains over Mixtral-8x7B:
// RoutingBenchmark DATA MODEL [SEEDS]. Prints a table, and at last one line of JSON.

import Foundation
import LapwingStatistics

@main
struct RoutingBenchmark {
    struct Report: Encodable {
        var benchmark = "routing"
        var seeds: Int
        var results: [Result] = []
        var references: [Reference] = []
        var published = Published.rows
        var cores = ProcessInfo.processInfo.activeProcessorCount
        var seconds = 0.0
    }

    struct Result: Encodable {
        var set: String
        var trial: String
        var questions: Int
        var median: RoutingFigures
        var withoutMoralScenarios: RoutingFigures?
        /// Of each seed.
        var apgr: [Double]
        var recipes: [String]
    }

    struct Reference: Encodable {
        var set: String
        var order: String
        var figures: RoutingFigures
    }

    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 3 else {
            FileHandle.standardError.write(Data("usage: RoutingBenchmark DATA MODEL [SEEDS]\n".utf8))
            exit(2)
        }
        let folder = URL(filePath: arguments[1])
        let seeds = arguments.count > 3 ? Int(arguments[3]) ?? 5 : 5
        let start = ContinuousClock.now
        var report = Report(seeds: seeds)
        let vectors = try PromptVectors(path: arguments[2])
        say(
            "set    router                                        n   APGR  CPT50  CPT80  kept at 17%  | without moral_scenarios"
        )
        let prompt = GainRecipe.standard(hasEmbeddings: true)
        try await run(
            "mmlu", try .mmlu(folder), vectors,
            [
                Trial(name: "prompt, 5 folds", split: .folds(5), recipes: prompt),
                Trial(name: "prompt, subjects left out (5 parts)", split: .subjects(5), recipes: prompt),
                Trial(name: "prompt, 1,500 labels", split: .labels(1500), recipes: prompt),
            ], seeds, &report)
        try await run(
            "gsm8k", try .gsm8k(folder), vectors,
            [
                Trial(name: "prompt, 5 folds", split: .folds(5), recipes: prompt),
                Trial(name: "prompt and open answer, 5 folds", split: .folds(5), recipes: GainRecipe.afterAnswer),
            ], seeds, &report)
        for row in Published.rows {
            say(
                "\(row.set.padded(6)) RouteLLM \(row.router), labels: \(row.labels): APGR \(row.apgr.fixed(3)), CPT50 \(row.cpt50.fixed(1)), CPT80 \(row.cpt80.fixed(1))"
            )
        }
        report.seconds = start.duration(to: .now) / .seconds(1)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        say(String(decoding: try encoder.encode(report), as: UTF8.self))
    }

    private static func run(
        _ set: String, _ data: RouteLLMData, _ vectors: PromptVectors, _ trials: [Trial], _ seeds: Int,
        _ report: inout Report
    ) async throws {
        tell("\(set): \(data.prompts.count) questions, embedding them")
        let samples = GainSamples(
            prompts: data.prompts, answers: data.answers.isEmpty ? nil : data.answers,
            embeddings: try vectors(data.prompts))
        let all = Array(data.prompts.indices)
        for (order, scores) in references(data) {
            let figures = RoutingFigures(scores, data, on: all)
            report.references.append(Reference(set: set, order: order, figures: figures))
            say("\(set.padded(6)) \(order.padded(40)) \(String(all.count).padded(6)) \(figures)")
        }
        for trial in trials {
            var results: [Trial.Result] = []
            for seed in 0..<seeds {
                results.append(await trial.run(data, samples, seed: UInt64(seed)))
                tell("\(set), \(trial.name), seed \(seed): \(results[seed].figures) by \(results[seed].recipe.words)")
            }
            let median = RoutingFigures(medianOf: results.map(\.figures))
            let without = set == "mmlu" ? RoutingFigures(medianOf: results.map(\.without)) : nil
            report.results.append(
                Result(
                    set: set, trial: trial.name, questions: all.count, median: median, withoutMoralScenarios: without,
                    apgr: results.map(\.figures.apgr), recipes: results.map(\.recipe.words)))
            say(
                "\(set.padded(6)) \(trial.name.padded(40)) \(String(all.count).padded(6)) \(median)\(without.map { "  | \($0)" } ?? "")"
            )
        }
    }

    /// A random order, and those of one who knows the outcomes.
    private static func references(_ data: RouteLLMData) -> [(String, [Double])] {
        let gains = data.gains.map(Double.init)
        return [
            ("random order", Folds.shuffled(gains.count, seed: 0).map(Double.init)),
            ("oracle of the gain", gains),
            ("oracle of the weak model's failure", data.isWeakRight.map { $0 ? 0 : 1 }),
        ]
    }

    private static func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
    private static func tell(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }
}

extension RoutingFigures: CustomStringConvertible {
    var description: String {
        "\(apgr.fixed(3))  \(cpt50.fixed(1))  \(cpt80.fixed(1))  \(kept17.fixed(1))%"
    }
}

extension GainRecipe {
    /// Such as `counts 0.3, words 1, logistic 1`.
    var words: String {
        let parts = GainFeature.allCases.compactMap { feature in weights[feature].map { "\(feature.rawValue) \($0)" } }
        let learner =
            switch learner {
            case .ridge(let alpha): "ridge \(alpha)"
            case .logistic(let c): "logistic \(c)"
            }
        return (parts + [learner, "neighbours \(neighbourShare)"]).joined(separator: ", ")
    }
}

extension Double {
    fileprivate func fixed(_ places: Int) -> String { String(format: "%.\(places)f", self) }
}

extension String {
    fileprivate func padded(_ width: Int) -> String { padding(toLength: width, withPad: " ", startingAt: 0) }
}
