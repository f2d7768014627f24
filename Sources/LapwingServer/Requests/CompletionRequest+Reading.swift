import LapwingAPI

extension OpenAI.CompletionRequest {
    /// What the OpenAI API generates where `max_tokens` is not given.
    static let defaultMaxTokens = 16

    /// Reads and checks the body of `POST /v1/completions`.
    init(_ reader: inout FieldReader, options: ServerOptions) throws(RequestError) {
        try UnsupportedField.refuse(UnsupportedField.completion, in: &reader)
        self.init(
            model: try reader.requiredString("model", atMost: options.maxModelBytes),
            prompt: try OpenAI.CompletionPrompt(&reader, options: options))
        sampling = try OpenAI.SamplingFields(&reader, stopLimit: options.maxStopStrings, options: options)
        echo = try reader.boolean("echo")
        logprobs = try reader.integer("logprobs", in: 0...5)
        metadata = try OpenAI.SamplingFields.metadata(&reader, options: options)
        sampling.maxTokens = try reader.integer("max_tokens", in: 0 ... .max)
        if sampling.maxTokens == 0, echo != true {
            throw .invalid(field: "max_tokens", found: "0", expected: "at least 1 unless 'echo' is true")
        }
        try checkCounts(&reader, options: options)
    }

    private mutating func checkCounts(
        _ reader: inout FieldReader, options: ServerOptions
    ) throws(RequestError) {
        let n = sampling.n ?? 1
        bestOf = try reader.integer("best_of", in: 1...128)
        if let bestOf, bestOf < n {
            throw .invalid(field: "best_of", found: "\(bestOf)", expected: "at least 'n', \(n)")
        }
        if let bestOf, bestOf > n {
            throw .unsupported(field: "best_of", reason: "as many answers are generated as 'n' says")
        }
        let (choices, overflow) = prompt.count.multipliedReportingOverflow(by: n)
        guard !overflow, choices <= options.maxChoices else {
            throw .invalid(
                field: "n", found: "\(prompt.count) prompts with \(n) answers each",
                expected: "at most \(options.maxChoices) answers")
        }
    }
}

extension OpenAI.CompletionPrompt {
    private static let forms = "a string, an array of strings, an array of token ids, or an array of such arrays"

    init(_ reader: inout FieldReader, options: ServerOptions) throws(RequestError) {
        switch reader.value("prompt") {
        case nil: throw reader.missing("prompt", expected: Self.forms)
        case .string(let text): self = .text(text)
        case .array(let elements): try self.init(elements)
        case let other?: throw reader.wrong("prompt", other, expected: Self.forms)
        }
        guard count <= options.maxPrompts else {
            throw .invalid(field: "prompt", found: "\(count) prompts", expected: "at most \(options.maxPrompts)")
        }
        guard byteCount <= options.maxPromptBytes else {
            throw .invalid(
                field: "prompt", found: "\(byteCount) bytes of text", expected: "at most \(options.maxPromptBytes)")
        }
        guard tokenCount <= options.maxPromptTokens else {
            throw .invalid(
                field: "prompt", found: "\(tokenCount) token ids", expected: "at most \(options.maxPromptTokens)")
        }
    }

    private init(_ elements: [JSONValue]) throws(RequestError) {
        switch elements.first {
        case nil: throw .invalid(field: "prompt", found: "an empty array", expected: Self.forms)
        case .string:
            var texts: [String] = []
            for (index, element) in elements.enumerated() {
                guard let text = element.string else {
                    throw .invalid(field: "prompt[\(index)]", found: element.kind, expected: "a string")
                }
                texts.append(text)
            }
            self = .texts(texts)
        case .array:
            var lists: [[TokenID]] = []
            for (index, element) in elements.enumerated() {
                let path = "prompt[\(index)]"
                guard let ids = element.array else {
                    throw .invalid(field: path, found: element.kind, expected: "an array of token ids")
                }
                lists.append(try Self.tokens(ids, path: path))
            }
            self = .tokenLists(lists)
        default: self = .tokens(try Self.tokens(elements, path: "prompt"))
        }
    }

    static func tokens(_ elements: [JSONValue], path: String) throws(RequestError) -> [TokenID] {
        guard !elements.isEmpty else {
            throw .invalid(field: path, found: "an empty array", expected: "at least one token id")
        }
        var tokens: [TokenID] = []
        tokens.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            guard let id = element.integer, let token = TokenID(exactly: id), token >= 0 else {
                throw .invalid(field: "\(path)[\(index)]", found: element.kind, expected: "a token id")
            }
            tokens.append(token)
        }
        return tokens
    }

    var prompts: [Prompt] {
        switch self {
        case .text(let text): [.text(text)]
        case .texts(let texts): texts.map(Prompt.text)
        case .tokens(let tokens): [.tokens(tokens)]
        case .tokenLists(let lists): lists.map(Prompt.tokens)
        }
    }

    var count: Int {
        switch self {
        case .text, .tokens: 1
        case .texts(let texts): texts.count
        case .tokenLists(let lists): lists.count
        }
    }

    private var byteCount: Int {
        switch self {
        case .text(let text): text.utf8.count
        case .texts(let texts): texts.reduce(0) { $0 + $1.utf8.count }
        case .tokens, .tokenLists: 0
        }
    }

    private var tokenCount: Int {
        switch self {
        case .text, .texts: 0
        case .tokens(let tokens): tokens.count
        case .tokenLists(let lists): lists.reduce(0) { $0 + $1.count }
        }
    }
}

extension GenerationRequest {
    init(_ completion: OpenAI.CompletionRequest) {
        self.init(model: completion.model, prompts: completion.prompt.prompts)
        apply(completion.sampling)
        maxTokens = completion.sampling.maxTokens ?? OpenAI.CompletionRequest.defaultMaxTokens
        topLogProbabilities = completion.logprobs
        echo = completion.echo ?? false
    }
}
