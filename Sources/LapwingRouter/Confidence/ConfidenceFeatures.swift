import Foundation
import LapwingAPI

/// The numbers that a logistic confidence model reads, each bounded so that no single token decides alone.
///
/// `Scripts/fit_default_confidence.py` computes those of the tokens under the same names.
package enum ConfidenceFeature: String, Sendable, Codable, CaseIterable {
    /// Mean log-probability, in -5...0.
    case mean
    /// The least probable token's log-probability, in -15...0.
    case minimum
    /// `Evidence.lowDecile`, in -15...0.
    case lowDecile
    /// `Evidence.firstMargin`, in 0...10.
    case firstMargin
    /// `Evidence.firstEntropy`.
    case firstEntropy
    /// Natural logarithm of the number of tokens judged.
    case logLength
    /// 1 where the answer had come to its own end, else 0.
    case isFinished
    /// Log-odds of the probability whose logarithm is the mean, in -10...10.
    case logOdds
    /// `Evidence.wholeEntropy`.
    case wholeEntropy
    /// Of `LabelComparison`, under its names, margins in -10...10 and the mean in -15...0.
    case agreement, sumMargin, meanMargin, priorMargin, labelMean
    /// Of `LabelComparison.similarity`, that to the prompt and its margin before the best other label's.
    case similarity, similarityMargin
    /// Natural logarithm of how far the label most like it is from it: log(1.02 - cosine).
    case logApartness
    /// Each margin times that: labels that are alike differ in few words, and a margin between them tells another thing.
    case apartSumMargin, apartMeanMargin, apartPriorMargin, apartSimilarityMargin
    /// Natural logarithms of a label's bytes, and of those of all labels on the average.
    case logLabelLength, logMeanLabelLength
    /// `AnswerChecks.sampleAgreement`, and `selfCheck` in -10...10.
    case sampleAgreement, selfCheck
    /// Of `TextTraits`, under its names.
    case promptLength, promptNumbers, promptIsQuestion, isJSON, rightSums, wrongSums, hedges, refuses
    /// `Evidence.neighbours`.
    case neighbours

    /// nil where the provider did not report what the feature needs.
    package func value(in evidence: Evidence) -> Double? {
        switch self {
        case .mean: bounded(evidence.mean, -5, 0)
        case .minimum: bounded(evidence.minimum, -15, 0)
        case .lowDecile: bounded(evidence.lowDecile, -15, 0)
        case .firstMargin: evidence.firstMargin.map { bounded($0, 0, 10) }
        case .firstEntropy: evidence.firstEntropy
        case .logLength: log(Double(max(evidence.tokenCount, 1)))
        case .isFinished: evidence.finish == .stop ? 1 : 0
        case .logOdds: logOdds(evidence.mean)
        case .wholeEntropy: evidence.wholeEntropy
        case .agreement: evidence.comparison?.agreement
        case .sumMargin: evidence.comparison.map { bounded($0.sumMargin, -10, 10) }
        case .meanMargin: evidence.comparison.map { bounded($0.meanMargin, -10, 10) }
        case .priorMargin: evidence.comparison.map { bounded($0.priorMargin, -10, 10) }
        case .labelMean: evidence.comparison.map { bounded($0.mean, -15, 0) }
        case .similarity: evidence.comparison?.similarity?.toPrompt
        case .similarityMargin: evidence.comparison?.similarityMargin
        case .logApartness: evidence.comparison?.similarity.map { log(1.02 - bounded($0.toNearest, -1, 1)) }
        case .apartSumMargin: product(.sumMargin, .logApartness, evidence)
        case .apartMeanMargin: product(.meanMargin, .logApartness, evidence)
        case .apartPriorMargin: product(.priorMargin, .logApartness, evidence)
        case .apartSimilarityMargin: product(.similarityMargin, .logApartness, evidence)
        case .logLabelLength: evidence.labelByteCount.map { log(Double(max($0, 1))) }
        case .logMeanLabelLength: evidence.meanLabelByteCount.map { log(max($0, 1)) }
        case .sampleAgreement: evidence.checks?.sampleAgreement
        case .selfCheck: evidence.checks?.selfCheck.map { bounded($0, -10, 10) }
        case .promptLength: evidence.traits?.promptLength
        case .promptNumbers: evidence.traits?.promptNumbers
        case .promptIsQuestion: evidence.traits.map { $0.promptIsQuestion ? 1 : 0 }
        case .isJSON: evidence.traits.map { $0.isJSON ? 1 : 0 }
        case .rightSums: evidence.traits?.rightSums
        case .wrongSums: evidence.traits?.wrongSums
        case .hedges: evidence.traits.map { $0.hedges ? 1 : 0 }
        case .neighbours: evidence.neighbours
        case .refuses: evidence.traits.map { $0.refuses ? 1 : 0 }
        }
    }

    private func product(_ one: ConfidenceFeature, _ other: ConfidenceFeature, _ evidence: Evidence) -> Double? {
        guard let one = one.value(in: evidence), let other = other.value(in: evidence) else { return nil }
        return one * other
    }

    private func logOdds(_ logProbability: Double) -> Double {
        // log(p / (1 - p)), of p that may be 1.
        bounded(logProbability - log(max(-expm1(logProbability), 1e-12)), -10, 10)
    }

    private func bounded(_ value: Double, _ low: Double, _ high: Double) -> Double { min(max(value, low), high) }
}
