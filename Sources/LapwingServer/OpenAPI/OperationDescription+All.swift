import LapwingAPI

extension OperationDescription {
    /// Each line of `Routes.table`, in its order.
    static let all: [OperationDescription] = [
        OperationDescription(
            "POST", "/v1/chat/completions", .client, "Answers a conversation, whole or as a stream.",
            body: "ChatRequest", answer: "ChatCompletion", headers: receipt, streams: true, errors: generating),
        OperationDescription(
            "POST", "/v1/completions", .client, "Goes on with prompts, whole or as a stream.",
            body: "CompletionRequest", answer: "Completion", headers: receipt, streams: true, errors: generating),
        OperationDescription(
            "POST", "/v1/embeddings", .client, "Makes a vector of each input.", body: "EmbeddingRequest",
            answer: "EmbeddingList", headers: receipt, errors: generating),
        rerank("/v1/rerank"), rerank("/v2/rerank"), rerank("/rerank"),
        OperationDescription(
            "POST", "/v1/feedback", .client, "Says whether an answer was right.", body: "FeedbackRequest",
            answer: "FeedbackReceipt", errors: [404, 429]),
        OperationDescription(
            "GET", "/v1/models", .client, "Lists the routes and models that the key may name.", answer: "ModelList"),
        OperationDescription(
            "GET", "/v1/models/{id}", .client, "One of them; its name may hold slashes.", answer: "Model", errors: [404]
        ),
        OperationDescription(
            "POST", "/tokenize", .client, "Tokens of a text.", body: "TokenizeRequest", answer: "TokenizeAnswer",
            errors: [404, 429]),
        OperationDescription(
            "POST", "/detokenize", .client, "The text of tokens.", body: "DetokenizeRequest",
            answer: "DetokenizeAnswer",
            errors: [404, 429]),
        OperationDescription(
            "GET", "/tokenizer_info", .client, "What a model's tokenizer is like.", query: ["model"],
            answer: "TokenizerInfo", errors: [400, 404]),
        OperationDescription("GET", "/healthz", .anyone, "Whether the process answers.", answer: "Health"),
        OperationDescription(
            "GET", "/readyz", .anyone, "Whether requests are taken.", answer: "Health"
        ).answering(503, "Not now.", "Health", headers: ["Retry-After"]),
        OperationDescription(
            "GET", "/metrics", .watch, "What is counted, in Prometheus's text format.", answer: "Text"
        ).sending("text/plain"),
        OperationDescription("GET", "/openapi.json", .anyone, "This document.", answer: "Anything"),
        OperationDescription("GET", "/admin/v1/keys", .admin, "Lists the keys.", answer: "KeyList"),
        OperationDescription(
            "POST", "/admin/v1/keys", .admin, "Makes a client's key; only this answer holds its text.",
            body: "KeyDraft",
            status: 201, answer: "Key"),
        OperationDescription("GET", "/admin/v1/keys/{id}", .admin, "One key.", answer: "Key", errors: [404]),
        OperationDescription(
            "DELETE", "/admin/v1/keys/{id}", .admin, "Ends a key for good.", answer: "Key", errors: [404]),
        OperationDescription(
            "POST", "/admin/v1/reload", .admin, "Serves by what the configuration file says now.", answer: "Reload",
            errors: [422]),
    ]

    private static let receipt = ["route", "decision", "confidence", "cost-usd", "saved-usd", "cache"].map {
        "x-lapwing-\($0)"
    }
    private static let generating = [404, 429, 499, 502, 504]

    private static func rerank(_ path: String) -> OperationDescription {
        OperationDescription(
            "POST", path, .client, "Ranks documents by what they have to say to a query.", body: "RerankRequest",
            answer: "RerankAnswer", headers: receipt + ["x-lapwing-relevance"], errors: generating)
    }

    /// Not JSON.
    private func sending(_ type: String) -> OperationDescription {
        var operation = self
        operation.answers[0].content = [type: "Text"]
        return operation
    }

    private func answering(
        _ status: Int, _ summary: String, _ schema: String, headers: [String]
    ) -> OperationDescription {
        var operation = self
        operation.answers.append(
            Answer(status: status, summary: summary, content: ["application/json": schema], headers: headers))
        return operation
    }
}
