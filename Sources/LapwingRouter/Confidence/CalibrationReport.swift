import Foundation
import LapwingStatistics

/// What probabilities are worth on answers whose outcomes are known.
package struct CalibrationReport: Hashable, Sendable, Codable {
    package var count: Int
    /// Share of right answers.
    package var baseRate: Double
    /// Expected calibration error over bins of equal counts, with its 95% bootstrap interval.
    package var calibrationError: Double
    package var calibrationErrorLow: Double
    package var calibrationErrorHigh: Double
    package var brier: Double
    /// Nats an answer.
    package var logLoss: Double
    /// What the base rate alone would have for every answer.
    package var baseRateLogLoss: Double
    /// nil where all answers are right, or none.
    package var auroc: Double?
    package var riskCoverageArea: Double

    package static let binCount = 10

    package init(probabilities: [Double], outcomes: [Bool], resamples: Int = 500, seed: UInt64 = 1) {
        count = outcomes.count
        let rate = Double(outcomes.count { $0 }) / Double(max(outcomes.count, 1))
        baseRate = rate
        calibrationError = CalibrationMetrics.expectedCalibrationError(
            probabilities: probabilities, outcomes: outcomes, bins: Self.binCount)
        let interval = CalibrationMetrics.expectedCalibrationErrorInterval(
            probabilities: probabilities, outcomes: outcomes, bins: Self.binCount,
            over: BootstrapIndices(count: outcomes.count, resamples: resamples, seed: seed))
        (calibrationErrorLow, calibrationErrorHigh) = (interval.lowerBound, interval.upperBound)
        brier = CalibrationMetrics.brier(probabilities: probabilities, outcomes: outcomes)
        logLoss = CalibrationMetrics.logLoss(probabilities: probabilities, outcomes: outcomes)
        baseRateLogLoss = CalibrationMetrics.logLoss(
            probabilities: outcomes.map { _ in rate }, outcomes: outcomes)
        auroc = RankingMetrics.auroc(scores: probabilities, outcomes: outcomes)
        riskCoverageArea = RankingMetrics.riskCoverageArea(scores: probabilities, outcomes: outcomes)
    }

    /// By how much of it the log loss is under the base rate's: above 0 is information. 0 where all outcomes are
    /// alike.
    package var informationShare: Double { auroc != nil ? 1 - logLoss / baseRateLogLoss : 0 }
}
