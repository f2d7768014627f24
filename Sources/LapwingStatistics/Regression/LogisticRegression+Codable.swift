extension LogisticRegression {
    private enum CodingKeys: CodingKey { case classCount, weights, intercepts }

    /// Throws where the numbers do not fit together.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let classCount = try container.decode(Int.self, forKey: .classCount)
        let weights = try container.decode([Double].self, forKey: .weights)
        let intercepts = try container.decode([Double].self, forKey: .intercepts)
        guard classCount >= 2, intercepts.count == Self.scoreCount(of: classCount),
            weights.count % intercepts.count == 0
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .weights, in: container,
                debugDescription: "found \(weights.count) weights and \(intercepts.count) intercepts for "
                    + "\(classCount) classes, expected an intercept a score and weights for each of them")
        }
        self.init(classCount: classCount, weights: weights, intercepts: intercepts)
    }
}
