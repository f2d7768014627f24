import LapwingAPI
import Synchronization

/// What an embedding model makes of labels: a second opinion beside a language model's scores of them.
package final class LabelEmbedder: Sendable {
    private let embedding: any EmbeddingProvider
    /// The name that the provider knows the model by.
    private let model: String
    /// Of the labels that were asked for last: a route's own are the same for every request.
    private let last = Mutex<LabelVectors?>(nil)

    package init(_ embedding: any EmbeddingProvider, model: String) {
        self.embedding = embedding
        self.model = model
    }

    /// The similarities of the labels to a text and to each other, in their order, and the machine time that they took, where
    /// it is told. Throws `RequestError`.
    func similarities(
        of labels: [String], to text: String, context: RequestContext
    ) async throws -> (values: [LabelSimilarity], nanoseconds: Int64?) {
        let known = last.withLock { $0?.labels == labels ? $0 : nil }
        let texts = [text] + (known == nil ? labels : [])
        let result = try await embedding.embedBeginnings(of: texts, model: model, context: context)
        guard let prompt = result.vectors.first, result.vectors.count == texts.count else {
            throw RequestError.internal(reason: "\(texts.count) texts have \(result.vectors.count) vectors")
        }
        let vectors = known ?? LabelVectors(labels, result.vectors.dropFirst().map(Self.normalised))
        if known == nil { last.withLock { $0 = vectors } }
        let question = Self.normalised(prompt)
        let values = zip(vectors.vectors, vectors.nearest).map {
            LabelSimilarity(toPrompt: LabelVectors.product($0, question), toNearest: $1, by: model)
        }
        return (values, result.usage.computeNanoseconds)
    }

    private static func normalised(_ vector: [Float]) -> [Float] {
        let length = LabelVectors.product(vector, vector).squareRoot()
        return length > 0 ? vector.map { $0 / Float(length) } : vector
    }
}

/// Labels' vectors, of length 1 each, and how alike each is to the label that it is most like.
private struct LabelVectors: Sendable {
    let labels: [String]
    let vectors: [[Float]]
    let nearest: [Double]

    init(_ labels: [String], _ vectors: [[Float]]) {
        (self.labels, self.vectors) = (labels, vectors)
        nearest = vectors.indices.map { one in
            vectors.indices.filter { $0 != one }.map { Self.product(vectors[one], vectors[$0]) }.max() ?? 0
        }
    }

    static func product(_ a: [Float], _ b: [Float]) -> Double {
        Double(zip(a, b).reduce(0) { $0 + $1.0 * $1.1 })
    }
}
