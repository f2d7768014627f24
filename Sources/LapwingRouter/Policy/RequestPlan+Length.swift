import LapwingAPI

extension RequestPlan {
    /// What a key's limits take the longest answer to be where nobody says; it is then sent, so that it holds.
    package static let assumedMaxTokens = 4096

    /// Puts the route's limit on a request that has none. Throws `invalid` where the request asks for more.
    mutating func limitLength(_ request: inout GenerationRequest, needsBound: Bool) throws(RequestError) {
        if let limit = route.maxTokens {
            if let asked = request.maxTokens, asked > limit {
                throw .invalid(
                    field: "max_tokens", found: "\(asked)", expected: "at most \(limit), the limit of '\(route.name)'")
            }
            request.maxTokens = request.maxTokens ?? limit
        } else if needsBound, request.maxTokens == nil {
            assumedMaxTokens = Self.assumedMaxTokens
        }
    }

    /// A model here ends with its context, whose room for the answer only its tokenizer can tell; an upstream is told.
    func maxTokens(_ request: GenerationRequest, on model: ModelBinding) -> Int? {
        request.maxTokens ?? (model.location == .remote ? assumedMaxTokens : nil)
    }

    /// The most that one answer of `model` can have.
    func mostTokens(_ request: GenerationRequest, on model: ModelBinding) -> Int {
        maxTokens(request, on: model) ?? model.contextLength ?? Self.assumedMaxTokens
    }
}
