/// Says which prompts the closed model is likely to answer better: the higher the score, the more is gained.
///
/// The score stands for P(open wrong, closed right) - P(open right, closed wrong). What the open model fails at is not
/// learned: where both fail, nothing is gained.
package struct GainModel: Hashable, Sendable, Codable {
    package let recipe: GainRecipe
    private let features: GainFeatures
    private let linear: Linear
    private let neighbours: GainNeighbours?

    private enum Linear: Hashable, Sendable, Codable {
        case ridge(RidgeRegression)
        case logistic(LogisticRegression)
    }

    /// `gains` are -1, 0 or 1, one of each sample; only those of `rows` are looked at.
    package static func fit(_ samples: GainSamples, gains: [Int], on rows: [Int], recipe: GainRecipe) -> GainModel {
        let wanted = Set(recipe.weights.keys)
        let features = GainFeatures(wanted, of: samples, on: rows)
        return GainModel(
            recipe: recipe, features: features, rows: GainRows(wanted, features, samples, rows),
            gains: rows.map { gains[$0] },
            neighbours: recipe.neighbourShare > 0 ? GainNeighbours(samples, gains: gains, on: rows) : nil)
    }

    init(
        recipe: GainRecipe, features: GainFeatures, rows: GainRows, gains: [Int], neighbours: GainNeighbours?
    ) {
        self.recipe = recipe
        self.features = features
        self.neighbours = neighbours
        let joined = rows.joined(recipe.weights)
        switch recipe.learner {
        case .ridge(let alpha):
            linear = .ridge(.fit(joined, targets: gains.map(Double.init), alpha: alpha, tolerance: 1e-3))
        case .logistic(let c):
            linear = .logistic(
                .fit(joined, classes: gains.map { $0 + 1 }, classCount: 3, options: .init(c: c, tolerance: 1e-4)))
        }
    }

    private enum CodingKeys: CodingKey { case recipe, features, linear, neighbours }

    /// Throws where the parts do not fit together, or not to what this program counts in a prompt.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let (recipe, features) = (
            try container.decode(GainRecipe.self, forKey: .recipe),
            try container.decode(GainFeatures.self, forKey: .features)
        )
        linear = try container.decode(Linear.self, forKey: .linear)
        neighbours = try container.decodeIfPresent(GainNeighbours.self, forKey: .neighbours)
        (self.recipe, self.features) = (recipe, features)
        let wanted = GainFeature.allCases.filter { recipe.weights.keys.contains($0) }
        let columns = wanted.reduce(0) { $0 + features.columnCount(of: $1) }
        let isWhole =
            switch linear {
            case .ridge(let model): model.weights.count == columns
            case .logistic(let model): model.classCount == 3 && model.columnCount == columns
            }
        guard isWhole, wanted.allSatisfy(features.makes), (neighbours != nil) == (recipe.neighbourShare > 0) else {
            throw DecodingError.dataCorruptedError(
                forKey: .linear, in: container,
                debugDescription:
                    "its parts do not fit together or are of another version of lapwing; fit it again with "
                    + "`lapwing calibrate gate`")
        }
    }

    /// How long the prompt's vector must be; nil where none is needed.
    package var embeddingLength: Int? { neighbours?.vectorLength }

    package func scores(_ samples: GainSamples, _ rows: [Int]) -> [Double] {
        let near = neighbours.map { $0.gains(samples, rows) }
        return scores(GainRows(Set(recipe.weights.keys), features, samples, rows), near: near)
    }

    /// `near` are the neighbours' gains, where the recipe counts them.
    func scores(_ rows: GainRows, near: [Double]?) -> [Double] {
        let joined = rows.joined(recipe.weights)
        return (0..<joined.count).map { row in
            recipe.mixed(score(joined[row]), near: near?[row])
        }
    }

    private func score(_ row: FeatureRow) -> Double {
        switch linear {
        case .ridge(let model): return model(row)
        case .logistic(let model):
            let chances = model.probabilities(row)
            return chances[2] - chances[0]
        }
    }

    /// The score of one prompt; `embedding` where the model needs one.
    package func score(prompt: String, answer: String? = nil, embedding: [Float]? = nil) -> Double {
        let samples = GainSamples(
            prompts: [prompt], answers: answer.map { [$0] }, embeddings: embedding.map { [$0] })
        return scores(samples, [0])[0]
    }
}

extension GainNeighbours {
    init?(_ samples: GainSamples, gains: [Int], on rows: [Int]) {
        guard let vectors = samples.embeddings, !rows.isEmpty else { return nil }
        self.init(vectors: rows.map { vectors[$0] }, gains: rows.map { gains[$0] })
    }

    func gains(_ samples: GainSamples, _ rows: [Int]) -> [Double] {
        guard let vectors = samples.embeddings else { return rows.map { _ in 0 } }
        return rows.map { gain(near: vectors[$0]) }
    }
}
