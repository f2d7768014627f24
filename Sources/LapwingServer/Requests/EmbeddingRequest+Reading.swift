import LapwingAPI

extension OpenAI.EmbeddingRequest {
    /// Reads and checks the body of `POST /v1/embeddings`. How long a text may be is the model's to say.
    init(_ reader: inout FieldReader, options: ServerOptions) throws(RequestError) {
        try UnsupportedField.refuse(UnsupportedField.embedding, in: &reader)
        self.init(
            model: try reader.requiredString("model", atMost: options.maxModelBytes),
            input: try OpenAI.TextInput(
                "input", of: &reader, atMost: options.maxEmbeddingInputs, "inputs", options: options))
        if case .text("") = input { throw Self.empty("input") }
        if case .texts(let texts) = input, let index = texts.firstIndex(of: "") { throw Self.empty("input[\(index)]") }
        dimensions = try reader.integer("dimensions", in: 1 ... .max)
        if let format = try reader.string("encoding_format") {
            guard let encoding = OpenAI.EmbeddingEncoding(rawValue: format) else {
                let found = format.utf8.count <= 32 ? "'\(format)'" : "a longer string"
                throw .invalid(field: "encoding_format", found: found, expected: "'float' or 'base64'")
            }
            encodingFormat = encoding
        }
        user = try OpenAI.SamplingFields.user(&reader, options: options)
        metadata = try OpenAI.SamplingFields.metadata(&reader, options: options)
    }

    private static func empty(_ field: String) -> RequestError {
        .invalid(field: field, found: "an empty string", expected: "at least one character")
    }
}

extension EmbeddingRequest {
    init(_ request: OpenAI.EmbeddingRequest) {
        let inputs: [EmbeddingInput] =
            switch request.input {
            case .text(let text): [.text(text)]
            case .texts(let texts): texts.map(EmbeddingInput.text)
            case .tokens(let tokens): [.tokens(tokens)]
            case .tokenLists(let lists): lists.map(EmbeddingInput.tokens)
            }
        self.init(model: request.model, inputs: inputs, dimensions: request.dimensions)
    }
}
