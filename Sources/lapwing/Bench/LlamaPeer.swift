import Foundation

/// llama.cpp on the same file, run by a Python that has the package `llama-cpp-python`.
package enum LlamaPeer {
    package static let script = "Benchmarks/peer_llama.py"

    /// What the script prints: figures by the names of `Measure`.
    private struct Answer: Decodable {
        var engine: String
        var threads: Int
        var figures: [String: Double]
    }

    /// Runs the script to its end and reads its last line; `measures` are those that the report is to have.
    static func measure(
        python: String, model: String, threads: Int, plan: BenchPlan, context: Int, measures: [Measure]
    ) async throws -> BenchReport {
        guard FileManager.default.fileExists(atPath: script) else {
            throw Failure("there is no \(script) here; --peer works in Lapwing's own folder")
        }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            python, script, model, "--threads", "\(threads)", "--rounds", "\(plan.rounds)", "--context", "\(context)",
            "--only", plan.parts.map(\.rawValue).sorted().joined(separator: ","),
        ]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try await withTaskCancellationHandler {
            try output.fileHandleForReading.readToEnd() ?? Data()
        } onCancel: {
            process.terminate()
        }
        process.waitUntilExit()
        try Task.checkCancellation()
        let line = data.split(separator: UInt8(ascii: "\n")).last ?? Data()
        guard process.terminationStatus == 0, let report = report(line, plan: plan, measures: measures) else {
            throw Failure("\(python) \(script) failed; does that Python have llama-cpp-python?")
        }
        return report
    }

    /// nil where the line is not what the script prints.
    package static func report(_ line: Data, plan: BenchPlan, measures: [Measure]) -> BenchReport? {
        guard let answer = try? JSONDecoder().decode(Answer.self, from: line) else { return nil }
        return BenchReport(
            engine: "llama.cpp", model: "", facts: [answer.engine, "\(answer.threads) threads"], rounds: plan.rounds,
            figures: measures.compactMap { measure in
                answer.figures[measure.name].map { BenchFigure(measure, $0) }
            })
    }
}
