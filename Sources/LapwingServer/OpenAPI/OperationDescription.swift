import LapwingAPI

/// One line of `Routes.table` as the OpenAPI document describes it.
struct OperationDescription: Sendable {
    /// What a request may be answered with.
    struct Answer: Sendable {
        var status: Int
        var summary: String
        /// Names of schemas by the type of what is sent.
        var content: [String: String]
        var headers: [String] = []
    }

    var method: String
    /// As in the table, with `{id}` where that has `*`.
    var path: String
    var access: Access
    var summary: String
    /// The name of the body's schema; nil where none is read.
    var body: String?
    /// Names of what may follow `?`.
    var query: [String] = []
    var answers: [Answer]

    init(
        _ method: String, _ path: String, _ access: Access, _ summary: String, body: String? = nil,
        query: [String] = [], status: Int = 200, answer: String, headers: [String] = [], streams: Bool = false,
        errors: [Int] = []
    ) {
        (self.method, self.path, self.access, self.summary) = (method, path, access, summary)
        (self.body, self.query) = (body, query)
        var content = ["application/json": answer]
        if streams { content["text/event-stream"] = "EventStream" }
        let ignored = body == nil ? [] : ["x-lapwing-ignored"]
        answers = [Answer(status: status, summary: "What was asked for.", content: content, headers: headers + ignored)]
        var statuses = Set(errors + [431, 500])
        if access != .anyone { statuses.formUnion([401, 403, 503]) }
        if body != nil { statuses.formUnion([400, 413]) }
        for status in statuses.sorted() {
            answers.append(
                Answer(
                    status: status, summary: Self.meaning(of: status), content: ["application/json": "Error"],
                    headers: Self.errorHeaders(status)))
        }
    }

    private static func meaning(of status: Int) -> String {
        switch status {
        case 400: "The request is not what this takes; `param` names the member."
        case 401: "No key, or one that does not hold."
        case 403: "The key may not; or, without one, the request is of another site's page or names another host."
        case 404: "There is no such model, route, request or key."
        case 413: "The body is longer than the limit."
        case 422: "The configuration on the server's disk is wrong; nothing has changed."
        case 429: "A limit or a budget of the key is reached, or too many requests wait."
        case 431: "Address and headers are longer than the limit."
        case 499: "The client went away, or the server was told to end."
        case 502: "The model's own server failed."
        case 503: "Not now: the model is unavailable, or the server is ending or full."
        case 504: "The model's own server took too long."
        default: "A fault of the server's own."
        }
    }

    private static func errorHeaders(_ status: Int) -> [String] {
        switch status {
        case 401: ["WWW-Authenticate"]
        case 429: ["Retry-After", "x-should-retry"]
        case 503: ["Retry-After"]
        default: []
        }
    }
}

extension OperationDescription {
    var value: JSONValue {
        var operation: JSONMembers = [
            "summary": .string(summary), "operationId": .string(identifier),
            "responses": .object(
                JSONMembers(Dictionary(uniqueKeysWithValues: answers.map { ("\($0.status)", value(of: $0)) }))),
        ]
        if path.contains("{id}") {
            operation["parameters"] = [
                ["name": "id", "in": "path", "required": true, "schema": ["type": "string", "minLength": 1]]
            ]
        }
        if !query.isEmpty {
            operation["parameters"] = .array(
                query.map { ["name": .string($0), "in": "query", "schema": ["type": "string"]] })
        }
        if let body {
            operation["requestBody"] = [
                "required": true, "content": ["application/json": ["schema": Self.reference(body)]],
            ]
        }
        switch access {
        case .anyone: operation["security"] = []
        // Without a key on loopback, as long as none was made.
        case .client, .watch: operation["security"] = [["bearer": []], ["header": []], [:]]
        case .admin: operation["security"] = [["bearer": []], ["header": []]]
        }
        return .object(operation)
    }

    /// `post_v1_chat_completions`.
    private var identifier: String {
        let words = path.split { !$0.isLetter && !$0.isNumber }.joined(separator: "_")
        return "\(method.lowercased())_\(words)"
    }

    private func value(of answer: Answer) -> JSONValue {
        var names = ["x-lapwing-request-id", "x-request-id"] + answer.headers
        if access == .client, method == "POST" { names += Self.rateHeaders }
        let headers = names.map { name -> (String, JSONValue) in
            (name, ["schema": ["type": "string"], "required": .bool(name.hasSuffix("request-id"))])
        }
        return [
            "description": .string(answer.summary),
            "headers": .object(JSONMembers(Dictionary(headers) { $1 })),
            "content": .object(JSONMembers(answer.content.mapValues { ["schema": Self.reference($0)] })),
        ]
    }

    private static let rateHeaders = ["limit", "remaining", "reset"].flatMap { what in
        ["x-ratelimit-\(what)-requests", "x-ratelimit-\(what)-tokens"]
    }

    private static func reference(_ schema: String) -> JSONValue { ["$ref": .string("#/components/schemas/\(schema)")] }
}
