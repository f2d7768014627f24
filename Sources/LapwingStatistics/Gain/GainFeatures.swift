/// Samples to rows of numbers, as fitted on the training samples alone.
package struct GainFeatures: Hashable, Sendable, Codable {
    private var words: TermFeatures?
    private var answerWords: TermFeatures?
    private var counts: Standardization?
    private var answerCounts: Standardization?
    private var countWaves: RandomWaves?

    /// Makes what the features of `wanted` need. Throws nothing: that a sample lacks what is wanted is our own mistake.
    package init(_ wanted: Set<GainFeature>, of samples: GainSamples, on rows: [Int]) {
        if wanted.contains(.words) { words = .fit(samples.prompts, on: rows) }
        if wanted.contains(.answerWords), let answers = samples.answers { answerWords = .fit(answers, on: rows) }
        if wanted.contains(.counts) || wanted.contains(.countWaves) {
            counts = Standardization(of: rows.map { samples.promptCounts[$0] })
        }
        if wanted.contains(.countWaves) {
            countWaves = RandomWaves(
                inputCount: PromptCounts.names.count, waveCount: 192, sharpness: 0.02, seed: Self.seed)
        }
        if wanted.contains(.answerCounts), let all = samples.answerCounts {
            answerCounts = Standardization(of: rows.map { all[$0] })
        }
    }

    private static let seed: UInt64 = 1

    func columnCount(of feature: GainFeature) -> Int {
        switch feature {
        case .words: words?.columnCount ?? 0
        case .answerWords: answerWords?.columnCount ?? 0
        case .counts: counts?.means.count ?? 0
        case .answerCounts: answerCounts?.means.count ?? 0
        case .countWaves: countWaves?.columnCount ?? 0
        }
    }

    /// Whether the feature can be made of prompts and answers as this program counts them.
    func makes(_ feature: GainFeature) -> Bool {
        switch feature {
        case .words: words != nil
        case .answerWords: answerWords != nil
        case .counts: counts?.means.count == PromptCounts.names.count
        case .answerCounts: answerCounts?.means.count == AnswerCounts.names.count
        case .countWaves:
            counts?.means.count == PromptCounts.names.count && countWaves?.inputCount == PromptCounts.names.count
        }
    }

    /// The rows of one feature.
    func rows(of feature: GainFeature, _ samples: GainSamples, _ rows: [Int]) -> FeatureRows {
        func dense(_ row: (Int) -> [Double]) -> FeatureRows {
            FeatureRows(columnCount: columnCount(of: feature), rows.map { FeatureRow(dense: row($0)) })
        }
        return switch feature {
        case .words: words?.rows(samples.prompts, rows) ?? FeatureRows(columnCount: 0)
        case .answerWords:
            if let answerWords, let answers = samples.answers {
                answerWords.rows(answers, rows)
            } else {
                dense { _ in [] }
            }
        case .counts: dense { counts?(samples.promptCounts[$0]) ?? [] }
        case .answerCounts:
            dense { row in answerCounts.flatMap { fit in samples.answerCounts.map { fit($0[row]) } } ?? [] }
        case .countWaves:
            dense { row in counts.flatMap { fit in countWaves.map { $0(fit(samples.promptCounts[row])) } } ?? [] }
        }
    }
}

/// The rows of several features, kept apart so that recipes can weigh them anew.
struct GainRows {
    var parts: [GainFeature: FeatureRows]

    init(_ wanted: Set<GainFeature>, _ features: GainFeatures, _ samples: GainSamples, _ rows: [Int]) {
        parts = Dictionary(uniqueKeysWithValues: wanted.map { ($0, features.rows(of: $0, samples, rows)) })
    }

    /// Side by side in the features' order, each times its weight.
    func joined(_ weights: [GainFeature: Double]) -> FeatureRows {
        let chosen = GainFeature.allCases.compactMap { feature in
            weights[feature].flatMap { weight in parts[feature].map { (rows: $0, weight: weight) } }
        }
        return FeatureRows(sideBySide: chosen)
    }
}
