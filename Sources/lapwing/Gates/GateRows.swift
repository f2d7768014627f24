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
    /// Whether the open answers were held against the closed ones, and not both against the truth.
    let closedIsMeasure: Bool

    /// Fewer different prompts say nothing.
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
        closedIsMeasure = false
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

    /// Of a route's traffic whose prompts were kept and whose answers a shadow call or a judge compared. Throws `Failure`.
    init(_ route: Configuration.Route, in configuration: Configuration) throws {
        let decoder = JSONDecoder()
        var kept: [[String]] = []
        for row in try StoredAnswers.comparedPrompts(route, in: configuration) {
            guard let asked = try? decoder.decode([Prompt].self, from: row.promptJSON),
                let prompt = GatePrompt.text(of: asked)
            else { continue }
            prompts.append(prompt)
            isWeakRight.append(row.isOpenRight)
            isStrongRight.append(row.isClosedRight)
            kept.append([row.requestID, "\(row.isOpenRight)", "\(row.isClosedRight)"])
        }
        fingerprint = DataFingerprint(rows: kept).sha256
        closedIsMeasure = true
        try check(
            "the route '\(route.name)'",
            hint: "; `evidence: { prompts: true }` keeps prompts, and a `shadow` of the route finds outcomes")
    }

    private func check(_ source: String, hint: String = "") throws {
        guard distinctCount >= Self.fewest else {
            throw Failure(
                "\(source): found \(distinctCount) different prompts with both models' outcomes, expected \(Self.fewest) or more, "
                    + "better 1,000" + hint)
        }
        guard isStrongRight.contains(true) else {
            throw Failure("\(source): the closed model is right on no prompt, so that there is no quality to keep")
        }
        var gained: [String: Int] = [:]
        for (prompt, gain) in zip(prompts, gains) { gained[prompt, default: 0] += gain }
        guard gained.values.contains(where: { $0 != 0 }) else {
            throw Failure("\(source): both models are right on the same prompts, so that there is nothing to gain")
        }
    }

    var distinctCount: Int { Set(prompts).count }

    /// A number a prompt, so that a text which stands there several times is held out as one; nil where none does.
    var groups: [Int]? {
        var numbers: [String: Int] = [:]
        let groups = prompts.map { prompt in
            let number = numbers[prompt] ?? numbers.count
            numbers[prompt] = number
            return number
        }
        return numbers.count < prompts.count ? groups : nil
    }

    /// 1 where only the closed model is right, -1 where only the open one is.
    var gains: [Int] { zip(isWeakRight, isStrongRight).map { ($1 ? 1 : 0) - ($0 ? 1 : 0) } }
}
