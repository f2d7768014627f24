import Foundation
import LapwingAPI
import LapwingRouter
import LapwingStore

/// Prompts with what both models made of them, as `lapwing calibrate gate` learns from them.
struct GateRows {
    private(set) var prompts: [String] = []
    private(set) var isWeakRight: [Bool] = []
    private(set) var isStrongRight: [Bool] = []
    let fingerprint: String

    /// Fewer say nothing.
    static let fewest = 50

    private struct Row: Decodable {
        var prompt: String
        var weak: Outcome
        var strong: Outcome
    }

    private struct Outcome: Decodable {
        var isRight: Bool

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let flag = try? container.decode(Bool.self) {
                isRight = flag
                return
            }
            let number = try container.decode(Double.self)
            guard number == 0 || number == 1 else {
                throw DecodingError.dataCorruptedError(
                    in: container, debugDescription: "found \(number), expected 1 or 0")
            }
            isRight = number == 1
        }
    }

    /// Of a file. Throws `Failure`, which names the line.
    init(path: String) throws {
        guard let data = FileManager.default.contents(atPath: path) else { throw Failure("cannot read '\(path)'") }
        fingerprint = GateFile.fingerprint(of: data)
        for (index, line) in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
        where !line.allSatisfy({ $0 == 32 || $0 == 13 }) {
            do {
                let row = try JSONDecoder().decode(Row.self, from: Data(line))
                prompts.append(row.prompt)
                isWeakRight.append(row.weak.isRight)
                isStrongRight.append(row.strong.isRight)
            } catch {
                throw Failure(
                    "\(path), line \(index + 1): expected an object such as {\"prompt\": \"…\", \"weak\": 0, \"strong\": 1}"
                )
            }
        }
        try check(path)
    }

    /// Of a route's traffic whose prompts were kept: where a shadow call or a judge compared the two answers, the closed one
    /// is the measure, and right unless a client said otherwise. Throws `Failure`.
    init(_ route: Configuration.Route, in configuration: Configuration) throws {
        let rows = try StoredAnswers.rows(route, in: configuration, byPrompt: true)
        let decoder = JSONDecoder()
        var kept: [[String]] = []
        for row in rows {
            guard let asked = row.promptJSON.flatMap({ try? decoder.decode([Prompt].self, from: $0) }),
                let prompt = GatePrompt.text(of: asked),
                let isStrongRight = row.strongRight ?? (row.source.comparesModels ? true : nil)
            else { continue }
            prompts.append(prompt)
            isWeakRight.append(row.right)
            self.isStrongRight.append(isStrongRight)
            kept.append([row.requestID, "\(row.right)", "\(isStrongRight)"])
        }
        fingerprint = DataFingerprint(rows: kept).sha256
        try check(
            "the route '\(route.name)'",
            hint: "; `evidence: { prompts: true }` keeps prompts, and a `shadow` of the route finds outcomes")
    }

    private func check(_ source: String, hint: String = "") throws {
        guard prompts.count >= Self.fewest else {
            throw Failure(
                "\(source): found \(prompts.count) prompts with both models' outcomes, expected \(Self.fewest) or more, "
                    + "better 1,000" + hint)
        }
        guard isStrongRight.contains(true) else {
            throw Failure("\(source): the closed model is right on no prompt, so that there is no quality to keep")
        }
        guard gains.contains(where: { $0 != 0 }) else {
            throw Failure("\(source): both models are right on the same prompts, so that there is nothing to gain")
        }
    }

    /// 1 where only the closed model is right, -1 where only the open one is.
    var gains: [Int] { zip(isWeakRight, isStrongRight).map { ($1 ? 1 : 0) - ($0 ? 1 : 0) } }
}
