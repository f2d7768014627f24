/// How a label that is an answer stands against the others by each plain way to compare them: by the sum of its tokens'
/// log-probabilities, by their mean, and by the sum less that after a prompt that says nothing.
package struct LabelComparison: Hashable, Sendable, Codable {
    /// The share of the ways that choose it. A right label is mostly the best in each.
    package var agreement: Double
    /// How far it lies before the best other one, in nats, by each way; below 0 where another is better.
    package var sumMargin: Double
    package var meanMargin: Double
    package var priorMargin: Double
    /// The mean of its own tokens' log-probabilities, in nats.
    package var mean: Double
    /// nil where no embedding model is asked.
    package var similarity: LabelSimilarity?
    /// How far its similarity to the prompt lies before the best other label's; nil as `similarity`.
    package var similarityMargin: Double?

    package init(
        agreement: Double, sumMargin: Double, meanMargin: Double, priorMargin: Double, mean: Double
    ) {
        self.agreement = agreement
        self.sumMargin = sumMargin
        self.meanMargin = meanMargin
        self.priorMargin = priorMargin
        self.mean = mean
    }
}

/// What an embedding model makes of a label: cosines of vectors.
package struct LabelSimilarity: Hashable, Sendable, Codable {
    /// The name of the embedding model, with which no other's cosines can be compared.
    package var embedder: String
    package var toPrompt: Double
    /// To the label of the same set that it is most like.
    package var toNearest: Double

    package init(toPrompt: Double, toNearest: Double, by embedder: String) {
        self.embedder = embedder
        self.toPrompt = toPrompt
        self.toNearest = toNearest
    }
}
