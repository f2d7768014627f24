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
        /// The least and the greatest over those samples: of what lies beyond, nothing is known. nil where they are not
        /// remembered.
        package var low, high: Double?

        package init(
            _ feature: ConfidenceFeature, weight: Double, mean: Double, low: Double? = nil, high: Double? = nil
        ) {
            self.feature = feature
            self.weight = weight
            self.mean = mean
            self.low = low
            self.high = high
        }

        /// Its part of the log-odds.
        func score(_ evidence: Evidence) -> Double {
            guard let value = feature.value(in: evidence) else { return weight * mean }
            return weight * min(max(value, low ?? value), high ?? value)
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
        let score = terms.reduce(intercept) { $0 + $1.score(evidence) }
        return 1 / (1 + exp(-score))
    }
}
