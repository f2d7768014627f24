import LapwingAPI

extension Cohere.RerankRequest {
    /// Reads and checks the body of `POST /v1/rerank`.
    init(_ reader: inout FieldReader, options: ServerOptions) throws(RequestError) {
        try UnsupportedField.refuse(UnsupportedField.rerank, in: &reader)
        self.init(
            model: try reader.requiredString("model", atMost: options.maxModelBytes),
            query: try reader.requiredString("query"), documents: try Self.documents(&reader, options: options))
        guard !query.isEmpty else {
            throw .invalid(field: "query", found: "an empty string", expected: "at least one character")
        }
        // The query is read again with each document, but sent once.
        let byteCount = query.utf8.count + documents.reduce(0) { $0 + $1.utf8.count }
        guard byteCount <= options.maxPromptBytes else {
            throw .invalid(
                field: "documents", found: "\(byteCount) bytes of text with the query",
                expected: "at most \(options.maxPromptBytes)")
        }
        topN = try reader.integer("top_n", in: 1 ... .max)
        returnDocuments = try reader.boolean("return_documents")
        tokensPerDocument = try reader.integer("max_tokens_per_doc", in: 1 ... .max)
        user = try OpenAI.SamplingFields.user(&reader, options: options)
        metadata = try OpenAI.SamplingFields.metadata(&reader, options: options)
    }

    private static func documents(
        _ reader: inout FieldReader, options: ServerOptions
    ) throws(RequestError) -> [String] {
        guard let elements = try reader.array("documents") else {
            throw reader.missing("documents", expected: "an array of strings, or of objects with a text")
        }
        guard (1...options.maxEmbeddingInputs).contains(elements.count) else {
            throw .invalid(
                field: "documents", found: "\(elements.count) documents",
                expected: "1 to \(options.maxEmbeddingInputs)")
        }
        var documents: [String] = []
        for (index, element) in elements.enumerated() {
            let path = "documents[\(index)]"
            let text: String
            switch element {
            case .string(let whole): text = whole
            case .object:
                var document = try FieldReader(element, path: path)
                text = try document.requiredString("text")
                reader.adopt(document, as: "documents[]")
            default:
                throw .invalid(field: path, found: element.kind, expected: "a string, or an object with a text")
            }
            guard !text.isEmpty else {
                throw .invalid(field: path, found: "an empty string", expected: "at least one character")
            }
            documents.append(text)
        }
        return documents
    }
}

extension RerankRequest {
    init(_ request: Cohere.RerankRequest) {
        self.init(
            model: request.model, query: request.query, documents: request.documents,
            tokensPerDocument: request.tokensPerDocument)
    }
}

extension Cohere.RerankResponse {
    /// The best document first; of equals, the one that came first.
    init(_ result: RerankResult, to request: Cohere.RerankRequest, id: String) {
        let ranked = result.scores.enumerated().sorted { ($1.element, $0.offset) < ($0.element, $1.offset) }
        let results = ranked.prefix(request.topN ?? ranked.count).map { index, score in
            Result(
                index: index, relevanceScore: score,
                document: request.returnDocuments == true ? Document(text: request.documents[index]) : nil)
        }
        self.init(id: id, model: result.model, results: results, promptTokens: result.usage.promptTokens)
    }
}
