import Foundation
import LapwingRouter
import LapwingStatistics

// What a calibrator is worth on answers that it was not fitted to; run by Benchmarks/calibration.sh.
//
//   CalibrationBenchmark FIT.jsonl JUDGE.jsonl TARGET RESPLITS
//
// Both files are answers as `lapwing calibrate --answers` keeps them. The last line is one JSON object.

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
    /// Whether the accuracy is the target or more, or under it by no more than its interval allows.
    var holds: Bool

    init(_ rows: [(probability: Double, right: Bool)], from threshold: Double, target: Double) {
        let kept = rows.filter { $0.probability >= threshold }
        let right = kept.count { $0.right }
        share = Double(kept.count) / Double(max(rows.count, 1))
        guard !kept.isEmpty else {
            holds = true
            return
        }
        accuracy = Double(right) / Double(kept.count)
        let range = ProportionInterval.clopperPearson(successes: right, of: kept.count)
        interval = [range.lowerBound, range.upperBound]
        holds = range.upperBound >= target
    }
}

func judged(_ fit: CalibratorFit, _ rows: [LabelledAnswer]) -> [(probability: Double, right: Bool)] {
    let calibrator = Calibrator(
        name: "b", version: 1, route: "b", model: "b", labels: nil, fit: fit, data: DataFingerprint(rows: []))
    let judge = calibrator.model(for: Segment())
    return rows.map { (judge.probability($0.evidence), $0.right) }
}

/// Above 1 keeps nothing: no threshold was proved.
func provedThreshold(_ fit: CalibratorFit, target: Double) -> Double {
    guard case .found(let found) = ThresholdGuarantee(fit.sample).accuracy(atLeast: target, confidence: 0.95) else {
        return 2
    }
    return found.threshold
}

func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
}

struct Resplits: Encodable {
    var count: Int
    /// In how many the accuracy of the kept holds, by `Kept.holds`.
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
guard arguments.count == 5, let target = Double(arguments[3]), let count = Int(arguments[4]) else {
    FileHandle.standardError.write(Data("usage: CalibrationBenchmark FIT.jsonl JUDGE.jsonl TARGET RESPLITS\n".utf8))
    exit(2)
}
let (fitRows, judgeRows) = (try read(arguments[1]), try read(arguments[2]))
let fit = CalibratorFit(fitRows)
let rows = judged(fit, judgeRows)
let report = CalibrationReport(probabilities: rows.map(\.probability), outcomes: rows.map(\.right))

// Each resplit draws as many rows for the fit as there are, out of both files.
let all = fitRows + judgeRows
var (plain, proved): ([Kept], [Kept]) = ([], [])
var reports: [CalibrationReport] = []
for number in 0..<count {
    var random = SplitMix64(seed: UInt64(number) + 1000)
    let order = all.indices.shuffled(using: &random)
    let fit = CalibratorFit(order.prefix(fitRows.count).map { all[$0] }, seed: UInt64(number))
    let rows = judged(fit, order.dropFirst(fitRows.count).map { all[$0] })
    reports.append(
        CalibrationReport(probabilities: rows.map(\.probability), outcomes: rows.map(\.right), resamples: 1))
    plain.append(Kept(rows, from: target, target: target))
    proved.append(Kept(rows, from: provedThreshold(fit, target: target), target: target))
}
let encoder = JSONEncoder()
encoder.outputFormatting = [.sortedKeys]
let result = Result(
    fitted: fitRows.count, method: fit.method.name, report: report, informationShare: report.informationShare,
    kept: Kept(rows, from: target, target: target),
    keptProved: Kept(rows, from: provedThreshold(fit, target: target), target: target), resplits: Resplits(plain),
    resplitsProved: Resplits(proved), meanAUROC: mean(reports.compactMap(\.auroc)),
    meanInformationShare: mean(reports.map(\.informationShare)) ?? 0,
    meanCalibrationError: mean(reports.map(\.calibrationError)) ?? 0)
print(String(decoding: try encoder.encode(result), as: UTF8.self))
