/// Texts to vectors. A vector does not depend on what else is in the request.
package protocol EmbeddingProvider: Sendable {
    /// One vector an input, in order, all of one length. Throws `RequestError`.
    func embed(_ request: EmbeddingRequest, context: RequestContext) async throws -> EmbeddingResult
}

/// How well documents answer a query.
package protocol RerankProvider: Sendable {
    /// One score a document, in the request's order. Throws `RequestError`.
    func rerank(_ request: RerankRequest, context: RequestContext) async throws -> RerankResult
}

package enum EmbeddingInput: Hashable, Sendable {
    /// Tokenized with the special tokens that the model wants around it.
    case text(String)
    /// Given to the model as it stands, with no special token added.
    case tokens([TokenID])
}

package struct EmbeddingRequest: Hashable, Sendable {
    /// The name of a route or of a model.
    package var model: String
    package var inputs: [EmbeddingInput]
    /// Keeps only so many numbers of each vector, made one long again; nil keeps all.
    package var dimensions: Int?

    package init(model: String, inputs: [EmbeddingInput], dimensions: Int? = nil) {
        self.model = model
        self.inputs = inputs
        self.dimensions = dimensions
    }
}

package struct EmbeddingResult: Sendable {
    package var model: String
    package var vectors: [[Float]]
    package var usage: Usage
    /// The router's; a bare provider gives none.
    package var receipt: Receipt?

    package init(model: String, vectors: [[Float]], usage: Usage, receipt: Receipt? = nil) {
        self.model = model
        self.vectors = vectors
        self.usage = usage
        self.receipt = receipt
    }
}

package struct RerankRequest: Hashable, Sendable {
    /// The name of a route or of a model.
    package var model: String
    package var query: String
    package var documents: [String]
    /// Reads only so many tokens of each document; nil reads all, and refuses what is longer than the model can.
    package var tokensPerDocument: Int?

    package init(model: String, query: String, documents: [String], tokensPerDocument: Int? = nil) {
        self.model = model
        self.query = query
        self.documents = documents
        self.tokensPerDocument = tokensPerDocument
    }
}

/// What a document's score is.
package enum RelevanceMethod: String, Hashable, Sendable {
    /// A model read query and document together; 0 to 1.
    case crossEncoder = "cross-encoder"
    /// The cosine of their two vectors; -1 to 1.
    case cosine
    /// Whatever the upstream's model makes it.
    case upstream
}

package struct RerankResult: Sendable {
    package var model: String
    package var scores: [Double]
    package var method: RelevanceMethod
    package var usage: Usage
    /// The router's; a bare provider gives none.
    package var receipt: Receipt?

    package init(
        model: String, scores: [Double], method: RelevanceMethod, usage: Usage, receipt: Receipt? = nil
    ) {
        self.model = model
        self.scores = scores
        self.method = method
        self.usage = usage
        self.receipt = receipt
    }
}

/// What a model can be asked for, in the words of `/v1/models`.
package enum ModelCapability: String, Hashable, Sendable, Codable, CaseIterable {
    /// Chats and completions.
    case chat
    case embeddings
    case rerank
}
