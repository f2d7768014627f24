/// What a gain model looks at.
package enum GainFeature: String, Hashable, Sendable, Codable, CaseIterable, CodingKeyRepresentable {
    /// Words of the prompt and pairs of them.
    case words
    /// `PromptCounts`.
    case counts
    /// Neighbourhoods in `PromptCounts`.
    case countWaves
    /// Words of the open model's answer and pairs of them.
    case answerWords
    /// `AnswerCounts`.
    case answerCounts
}

/// How a gain model is fitted: what it looks at, each with its weight, and the kind of model.
package struct GainRecipe: Hashable, Sendable, Codable {
    package enum Learner: Hashable, Sendable, Codable {
        /// Least squares on the gain itself.
        case ridge(alpha: Double)
        /// The chances of three outcomes: a loss, no difference, a gain.
        case logistic(c: Double)
    }

    package var weights: [GainFeature: Double]
    package var learner: Learner
    /// How much the nearest prompts' mean gain counts, from 0 to 1, against the linear model's.
    package var neighbourShare: Double

    package init(_ weights: [GainFeature: Double], _ learner: Learner, neighbourShare: Double = 0) {
        self.weights = weights
        self.learner = learner
        self.neighbourShare = neighbourShare
    }

    /// The linear model's score and the neighbours' together; both stand for a gain.
    func mixed(_ score: Double, near: Double?) -> Double {
        near.map { (1 - neighbourShare) * score + neighbourShare * $0 } ?? score
    }

    /// Those that a search chooses from where only the prompt is known.
    package static func standard(hasEmbeddings: Bool) -> [GainRecipe] {
        let linear = [
            GainRecipe([.words: 1, .countWaves: 0.55], .ridge(alpha: 8)),
            GainRecipe([.words: 1, .counts: 0.3], .logistic(c: 1)),
        ]
        let shares = hasEmbeddings ? [0, 0.35, 0.5] : [0]
        return shares.flatMap { share in
            linear.map { GainRecipe($0.weights, $0.learner, neighbourShare: share) }
        }
    }

    /// Those for a choice that has seen the open model's answer.
    package static let afterAnswer = [
        GainRecipe([.words: 1, .counts: 0.3, .answerCounts: 0.3], .logistic(c: 1)),
        GainRecipe([.words: 1, .counts: 0.3, .answerCounts: 0.3], .logistic(c: 0.3)),
        GainRecipe([.words: 1, .counts: 0.3, .answerCounts: 0.3, .answerWords: 1], .logistic(c: 1)),
        GainRecipe([.words: 1, .counts: 0.3, .answerCounts: 0.3, .answerWords: 1], .logistic(c: 3)),
        GainRecipe([.words: 1, .counts: 0.3, .answerCounts: 0.5, .answerWords: 1], .logistic(c: 1)),
    ]
}
