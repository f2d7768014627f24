import Foundation
import LapwingAPI

/// The numbers that a logistic confidence model reads, each bounded so that no single token decides alone.
///
/// `Scripts/fit_default_confidence.py` computes the same ones under the same names.
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
        }
    }

    private func bounded(_ value: Double, _ low: Double, _ high: Double) -> Double { min(max(value, low), high) }
}
