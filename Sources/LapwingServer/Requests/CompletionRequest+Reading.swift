import LapwingAPI

extension OpenAI.CompletionRequest {
    /// What the OpenAI API generates where `max_tokens` is not given.
    static let defaultMaxTokens = 16

    /// Reads and checks the body of `POST /v1/completions`.
    init(_ reader: inout FieldReader, options: ServerOptions) throws(RequestError) {
        try UnsupportedField.refuse(UnsupportedField.completion, in: &reader)
        self.init(
            model: try reader.requiredString("model", atMost: options.maxModelBytes),
            prompt: try OpenAI.TextInput(
                "prompt", of: &reader, atMost: options.maxPrompts, "prompts", options: options))
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

extension GenerationRequest {
    init(_ completion: OpenAI.CompletionRequest) {
        self.init(model: completion.model, prompts: completion.prompt.prompts)
        apply(completion.sampling)
        maxTokens = completion.sampling.maxTokens ?? OpenAI.CompletionRequest.defaultMaxTokens
        topLogProbabilities = completion.logprobs
        echo = completion.echo ?? false
    }
}
