import Foundation
import LapwingAPI

/// Evidence in, probability out. The name travels with every confidence that the model gives.
package protocol ConfidenceModel: Sendable {
    var name: String { get }
    /// Whether it was fitted on the traffic that it judges.
    var isCalibrated: Bool { get }
    /// How likely the answer is right, between 0 and 1.
    func probability(_ evidence: Evidence) -> Double
}

extension ConfidenceModel {
    package func confidence(_ evidence: Evidence) -> Confidence {
        Confidence(probability: probability(evidence), calibrator: name, isCalibrated: isCalibrated)
    }
}

/// A logistic regression over `ConfidenceFeature`: 1 / (1 + exp(-(intercept + Σ weight · feature))).
package struct LogisticConfidence: ConfidenceModel, Hashable, Codable {
    package struct Term: Hashable, Sendable, Codable {
        package var feature: ConfidenceFeature
        package var weight: Double
        /// Stands in where the feature is not known: its mean over the samples of the fit.
        package var mean: Double

        package init(_ feature: ConfidenceFeature, weight: Double, mean: Double) {
            self.feature = feature
            self.weight = weight
            self.mean = mean
        }
    }

    package var name: String
    package var isCalibrated: Bool
    package var intercept: Double
    package var terms: [Term]

    package init(name: String, isCalibrated: Bool, intercept: Double, terms: [Term]) {
        self.name = name
        self.isCalibrated = isCalibrated
        self.intercept = intercept
        self.terms = terms
    }

    package func probability(_ evidence: Evidence) -> Double {
        let score = terms.reduce(intercept) { $0 + $1.weight * ($1.feature.value(in: evidence) ?? $1.mean) }
        return 1 / (1 + exp(-score))
    }
}
