/// Cohere's objects as they travel; Jina, vLLM and llama-server took over the same shape for reranking.
package enum Cohere {}

extension Cohere {
    /// The body of `POST /v1/rerank`. Documents that came as objects stand here as their text.
    package struct RerankRequest: Hashable, Sendable {
        package var model: String
        package var query: String
        package var documents: [String]
        /// The most results; nil gives one a document.
        package var topN: Int?
        package var returnDocuments: Bool?
        package var tokensPerDocument: Int?
        package var user: String?
        package var metadata: [String: String]?

        package init(model: String, query: String, documents: [String]) {
            self.model = model
            self.query = query
            self.documents = documents
        }
    }

    /// The answer to a rerank request, the best document first.
    package struct RerankResponse: Hashable, Sendable, Codable {
        package struct Document: Hashable, Sendable, Codable {
            package var text: String?

            package init(text: String) { self.text = text }

            /// Some servers give the text alone.
            package init(from decoder: any Decoder) throws {
                if let text = try? decoder.singleValueContainer().decode(String.self) {
                    self.text = text
                } else {
                    text = try decoder.container(keyedBy: CodingKeys.self).decodeIfPresent(String.self, forKey: .text)
                }
            }
        }

        package struct Result: Hashable, Sendable, Codable {
            /// The document's place in the request.
            package var index: Int
            package var relevanceScore: Double
            package var document: Document?

            package init(index: Int, relevanceScore: Double, document: Document?) {
                self.index = index
                self.relevanceScore = relevanceScore
                self.document = document
            }

            private enum CodingKeys: String, CodingKey {
                case index, document
                case relevanceScore = "relevance_score"
            }
        }

        /// Cohere's name for what Jina calls `usage`.
        package struct Meta: Hashable, Sendable, Codable {
            package struct Tokens: Hashable, Sendable, Codable {
                package var inputTokens: Int?

                package init(inputTokens: Int?) { self.inputTokens = inputTokens }

                private enum CodingKeys: String, CodingKey { case inputTokens = "input_tokens" }
            }

            package var tokens: Tokens?

            package init(tokens: Tokens) { self.tokens = tokens }
        }

        package var id: String?
        package var model: String?
        package var results: [Result]
        package var usage: OpenAI.EmbeddingUsage?
        package var meta: Meta?

        package init(id: String, model: String, results: [Result], promptTokens: Int) {
            self.id = id
            self.model = model
            self.results = results
            usage = OpenAI.EmbeddingUsage(promptTokens: promptTokens)
            meta = Meta(tokens: Meta.Tokens(inputTokens: promptTokens))
        }
    }
}

extension Cohere.RerankRequest: Encodable {
    private enum CodingKeys: String, CodingKey {
        case model, query, documents, user, metadata
        case topN = "top_n"
        case returnDocuments = "return_documents"
        case tokensPerDocument = "max_tokens_per_doc"
    }
}
