import Foundation
import LapwingRouter
import LapwingStatistics

// What a calibrator is worth on answers that it was not fitted to; run by Benchmarks/calibration.sh.
//
//   CalibrationBenchmark TARGET RESPLITS FIT.jsonl JUDGE.jsonl [FIT.jsonl JUDGE.jsonl …]
//
// Files are answers as `lapwing calibrate --answers` keeps them. Of several pairs, each judged by its own fit, all judged
// answers count together: where the parts that are judged make up a set, that is the whole set, out of fold. The last line is
// one JSON object.

struct Answer: Decodable {
    var right: Bool
    var evidence: Evidence?
}

func read(_ path: String) throws -> [LabelledAnswer] {
    try Data(contentsOf: URL(filePath: path)).split(separator: UInt8(ascii: "\n")).compactMap { line in
        let answer = try JSONDecoder().decode(Answer.self, from: line)
        return answer.evidence.map { LabelledAnswer(evidence: $0, right: answer.right) }
    }
}

/// What is kept of judged answers at a threshold, and how much of it is right.
struct Kept: Encodable {
    var share: Double
    var accuracy: Double?
    /// Of the accuracy, at 95%.
    var interval: [Double]?
    /// Whether anything is kept, and is right as often as the target or less often by no more than its interval allows.
    var holds = false

    init(_ parts: [JudgedPart], from threshold: (JudgedPart) -> Double, target: Double) {
        let kept = parts.flatMap { part in
            let least = threshold(part)
            return part.rows.filter { $0.probability >= least }
        }
        let right = kept.count { $0.right }
        share = Double(kept.count) / Double(max(parts.reduce(0) { $0 + $1.rows.count }, 1))
        guard !kept.isEmpty else { return }
        accuracy = Double(right) / Double(kept.count)
        let range = ProportionInterval.clopperPearson(successes: right, of: kept.count)
        interval = [range.lowerBound, range.upperBound]
        holds = range.upperBound >= target
    }
}

/// Answers that a fit had not seen, and what it made of them.
struct JudgedPart {
    var fit: CalibratorFit
    var rows: [(probability: Double, right: Bool)]

    init(_ fitted: [LabelledAnswer], _ judged: [LabelledAnswer], seed: UInt64 = 1) {
        fit = CalibratorFit(fitted, seed: seed)
        let calibrator = Calibrator(
            name: "b", version: 1, route: "b", model: "b", labels: nil, fit: fit, data: DataFingerprint(rows: []))
        let judge = calibrator.model(for: Segment())
        rows = judged.map { (judge.probability($0.evidence), $0.right) }
    }

    /// Above 1 keeps nothing: no threshold was proved on what it was fitted to.
    func provedThreshold(_ target: Double) -> Double {
        guard case .found(let found) = ThresholdGuarantee(fit.sample).accuracy(atLeast: target, confidence: 0.95) else {
            return 2
        }
        return found.threshold
    }
}

extension [JudgedPart] {
    func report(resamples: Int = 500) -> CalibrationReport {
        CalibrationReport(
            probabilities: flatMap { $0.rows.map(\.probability) }, outcomes: flatMap { $0.rows.map(\.right) },
            resamples: resamples)
    }
}

func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
}

struct Resplits: Encodable {
    var count: Int
    /// In how many something is kept and its accuracy holds, by `Kept.holds`.
    var hold: Int
    /// In how many anything is kept at all.
    var keeping: Int
    var meanShareKept: Double
    /// Of the resplits that keep anything.
    var meanAccuracy: Double?

    init(_ kept: [Kept]) {
        count = kept.count
        hold = kept.count { $0.holds }
        let keeping = kept.filter { $0.share > 0 }
        self.keeping = keeping.count
        meanShareKept = kept.reduce(0) { $0 + $1.share } / Double(max(kept.count, 1))
        let accuracies = keeping.compactMap(\.accuracy)
        meanAccuracy = accuracies.isEmpty ? nil : accuracies.reduce(0, +) / Double(accuracies.count)
    }
}

struct Result: Encodable {
    /// Rows of a fit.
    var fitted: Int
    var method: String
    var report: CalibrationReport
    var informationShare: Double
    /// At a probability of the target or more.
    var kept: Kept
    /// At the threshold that is proved on the rows of the fit, at 95%.
    var keptProved: Kept
    var resplits: Resplits
    var resplitsProved: Resplits
    /// Means over the resplits, which few rows move less than those of one split.
    var meanAUROC: Double?
    var meanInformationShare: Double
    var meanCalibrationError: Double
}

let arguments = CommandLine.arguments
guard arguments.count >= 5, arguments.count % 2 == 1, let target = Double(arguments[1]), let count = Int(arguments[2])
else {
    FileHandle.standardError.write(
        Data("usage: CalibrationBenchmark TARGET RESPLITS FIT.jsonl JUDGE.jsonl [FIT.jsonl JUDGE.jsonl …]\n".utf8))
    exit(2)
}
let pairs = try stride(from: 3, to: arguments.count, by: 2).map {
    (fit: try read(arguments[$0]), judge: try read(arguments[$0 + 1]))
}
let parts = pairs.map { JudgedPart($0.fit, $0.judge) }
let report = parts.report()

// Each resplit draws as many rows for the fit as there are, out of both files of one pair after another.
var (plain, proved): ([Kept], [Kept]) = ([], [])
var reports: [CalibrationReport] = []
for number in 0..<count {
    let pair = pairs[number % pairs.count]
    let all = pair.fit + pair.judge
    var random = SplitMix64(seed: UInt64(number) + 1000)
    let order = all.indices.shuffled(using: &random)
    let part = JudgedPart(
        order.prefix(pair.fit.count).map { all[$0] }, order.dropFirst(pair.fit.count).map { all[$0] },
        seed: UInt64(number))
    reports.append([part].report(resamples: 1))
    plain.append(Kept([part], from: { _ in target }, target: target))
    proved.append(Kept([part], from: { $0.provedThreshold(target) }, target: target))
}
let encoder = JSONEncoder()
encoder.outputFormatting = [.sortedKeys]
let result = Result(
    fitted: pairs.reduce(0) { $0 + $1.fit.count } / pairs.count,
    method: Set(parts.map(\.fit.method.name)).sorted().joined(separator: ", "), report: report,
    informationShare: report.informationShare, kept: Kept(parts, from: { _ in target }, target: target),
    keptProved: Kept(parts, from: { $0.provedThreshold(target) }, target: target), resplits: Resplits(plain),
    resplitsProved: Resplits(proved), meanAUROC: mean(reports.compactMap(\.auroc)),
    meanInformationShare: mean(reports.map(\.informationShare)) ?? 0,
    meanCalibrationError: mean(reports.map(\.calibrationError)) ?? 0)
print(String(decoding: try encoder.encode(result), as: UTF8.self))
