import LapwingStatistics

extension CalibratorFit {
    /// A way to get from evidence to a probability, with its settings.
    enum Candidate {
        /// How often answers are right, for every answer: what is left where the evidence says nothing.
        case baseRate
        case platt
        case isotonic
        /// By the inverse of the penalty on weights of standardised features.
        case logistic(c: Double)

        /// Of each kind of outcome so many are needed for more than one slope to be told from them (Peduzzi and others, 1996).
        private static let fewest = 10

        static func fitting(_ outcomes: [Bool]) -> [Candidate] {
            let right = outcomes.count { $0 }
            guard min(right, outcomes.count - right) >= fewest else { return [.baseRate, .platt] }
            return [
                .baseRate, .platt, .isotonic, .logistic(c: 0.01), .logistic(c: 0.1), .logistic(c: 1), .logistic(c: 10),
            ]
        }

        var name: String {
            switch self {
            case .baseRate: "base rate"
            case .platt: "platt"
            case .isotonic: "isotonic"
            case .logistic(let c): "logistic, C \(c)"
            }
        }

        func fit(_ rows: [LabelledAnswer]) -> Calibrator.Method {
            let outcomes = rows.map(\.right)
            switch self {
            case .baseRate: return .baseRate(outcomes)
            case .platt:
                let fit = PlattFit(scores: rows.map { Calibrator.Method.score($0.evidence) }, isRight: outcomes)
                // A surer answer is not to count for less, whatever a few rows say.
                return fit.slope >= 0 ? .platt(fit) : .baseRate(outcomes)
            case .isotonic:
                let fit = IsotonicFit(
                    rows.map { Calibrator.Method.score($0.evidence) }, outcomes.map { $0 ? 1 : 0 })
                return .isotonic(fit)
            case .logistic(let c): return Self.logistic(rows, outcomes, c: c)
            }
        }

        /// Over every feature that some answer has and that is not the same for all.
        private static func logistic(
            _ rows: [LabelledAnswer], _ outcomes: [Bool], c: Double
        ) -> Calibrator.Method {
            var used: [(feature: ConfidenceFeature, mean: Double, deviation: Double, low: Double?, high: Double?)] = []
            for feature in ConfidenceFeature.allCases {
                let values = rows.compactMap { feature.value(in: $0.evidence) }
                guard !values.isEmpty else { continue }
                let mean = values.reduce(0, +) / Double(values.count)
                let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
                if variance > 1e-12 { used.append((feature, mean, variance.squareRoot(), values.min(), values.max())) }
            }
            let standard = rows.map { row in
                used.map { ((($0.feature.value(in: row.evidence) ?? $0.mean) - $0.mean) / $0.deviation) }
            }
            let fit = LogisticRegression.fit(
                FeatureRows(dense: standard), classes: outcomes.map { $0 ? 1 : 0 }, classCount: 2,
                options: LogisticRegression.Options(c: c))
            var intercept = fit.intercepts[0]
            let terms = zip(used, fit.weights).map { used, weight in
                intercept -= weight * used.mean / used.deviation
                return LogisticConfidence.Term(
                    used.feature, weight: weight / used.deviation, mean: used.mean, low: used.low, high: used.high)
            }
            return .logistic(intercept: intercept, terms: terms)
        }
    }
}
