import LapwingAPI

extension OpenAI.SamplingFields {
    /// Reads and checks the fields that both endpoints take.
    init(_ reader: inout FieldReader, stopLimit: Int, options: ServerOptions) throws(RequestError) {
        self.init()
        temperature = try reader.number("temperature", in: 0...2)
        topP = try reader.number("top_p", in: 0...1)
        minP = try reader.number("min_p", in: 0...1)
        presencePenalty = try reader.number("presence_penalty", in: -2...2)
        frequencyPenalty = try reader.number("frequency_penalty", in: -2...2)
        n = try reader.integer("n", in: 1...128)
        // vLLM says -1 and llama-server 0 where all tokens are kept.
        topK = try reader.integer("top_k", in: -1 ... .max)
        seed = try reader.integer("seed", in: .min ... .max).map(Int64.init)
        repetitionPenalty = try Self.repetitionPenalty(&reader)
        logitBias = try Self.logitBias(&reader, options: options)
        stop = try Self.stop(&reader, limit: stopLimit, options: options)
        stream = try reader.boolean("stream")
        streamOptions = try Self.streamOptions(&reader, stream: stream)
        ignoreEOS = try reader.boolean("ignore_eos")
        cachePrompt = try reader.boolean("cache_prompt")
        user = try Self.user(&reader, options: options)
        choices = try Self.choices(&reader, options: options)
    }

    /// vLLM's name of today and its earlier one for the same thing.
    private static func choices(
        _ reader: inout FieldReader, options: ServerOptions
    ) throws(RequestError) -> [String]? {
        let earlier = try choices("guided_choice", &reader, options: options)
        guard var outputs = try reader.object("structured_outputs") else { return earlier }
        try UnsupportedField.refuse(UnsupportedField.structuredOutputs, in: &outputs)
        let choices = try choices("choice", &outputs, options: options)
        reader.adopt(outputs)
        if let choices, let earlier, choices != earlier {
            throw .invalid(
                field: "guided_choice", found: "other choices", expected: "nothing beside 'structured_outputs'")
        }
        return choices ?? earlier
    }

    private static func choices(
        _ name: String, _ reader: inout FieldReader, options: ServerOptions
    ) throws(RequestError) -> [String]? {
        guard let elements = try reader.array(name) else { return nil }
        let texts = elements.compactMap(\.string)
        let byteCount = texts.reduce(0) { $0 + $1.utf8.count }
        let wrong: String? =
            if let other = elements.first(where: { $0.string == nil }) {
                other.kind
            } else if !(2...options.maxChoiceTexts).contains(texts.count) {
                "\(texts.count) of them"
            } else if texts.contains(where: { $0.allSatisfy(\.isWhitespace) }) {
                "an empty one"
            } else if Set(texts).count < texts.count {
                "one twice"
            } else if byteCount > options.maxPromptBytes {
                "\(byteCount) bytes in all"
            } else { nil }
        if let wrong {
            throw .invalid(
                field: reader.pathOf(name), found: wrong,
                expected: "2 to \(options.maxChoiceTexts) different texts, of \(options.maxPromptBytes) bytes in all")
        }
        return texts
    }

    static func user(_ reader: inout FieldReader, options: ServerOptions) throws(RequestError) -> String? {
        let user = try reader.string("user")
        if let user, user.unicodeScalars.count > options.maxUserLength {
            throw .invalid(
                field: "user", found: "\(user.unicodeScalars.count) characters",
                expected: "at most \(options.maxUserLength)")
        }
        return user
    }

    /// vLLM's name and llama-server's for the same thing.
    private static func repetitionPenalty(_ reader: inout FieldReader) throws(RequestError) -> Double? {
        let ours = try reader.number("repetition_penalty", in: 0.01...10)
        let theirs = try reader.number("repeat_penalty", in: 0.01...10)
        if let ours, let theirs, ours != theirs {
            throw .invalid(
                field: "repeat_penalty", found: "\(theirs)", expected: "the same as 'repetition_penalty', \(ours)")
        }
        return ours ?? theirs
    }

    private static func logitBias(
        _ reader: inout FieldReader, options: ServerOptions
    ) throws(RequestError) -> [String: Double]? {
        guard let value = reader.value("logit_bias") else { return nil }
        guard let members = value.object else { throw reader.wrong("logit_bias", value, expected: "an object") }
        guard members.count <= options.maxLogitBiases else {
            throw .invalid(
                field: "logit_bias", found: "\(members.count) entries",
                expected: "at most \(options.maxLogitBiases)")
        }
        var biases: [String: Double] = [:]
        var seen: Set<TokenID> = []
        for (token, bias) in members.sorted(by: { $0.key < $1.key }) {
            guard token.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
                let id = TokenID(token)
            else {
                throw .invalid(field: "logit_bias", found: "a key that is no token id", expected: "token ids as keys")
            }
            guard seen.insert(id).inserted else {
                throw .invalid(field: "logit_bias", found: "the token \(id) twice", expected: "each token once")
            }
            guard let number = bias.double, (-100...100).contains(number) else {
                throw .invalid(
                    field: "logit_bias.\(token)", found: bias.kind, expected: "a number from -100 to 100")
            }
            biases[token] = number
        }
        return biases
    }

    private static func stop(
        _ reader: inout FieldReader, limit: Int, options: ServerOptions
    ) throws(RequestError) -> [String]? {
        guard let value = reader.value("stop") else { return nil }
        let elements: [JSONValue]
        switch value {
        case .string: elements = [value]
        case .array(let list): elements = list
        default: throw reader.wrong("stop", value, expected: "a string or an array of strings")
        }
        guard elements.count <= limit else {
            throw .invalid(field: "stop", found: "\(elements.count) strings", expected: "at most \(limit)")
        }
        var stops: [String] = []
        for (index, element) in elements.enumerated() {
            let field = elements.count == 1 && value.string != nil ? "stop" : "stop[\(index)]"
            guard let text = element.string else {
                throw .invalid(field: field, found: element.kind, expected: "a string")
            }
            guard !text.isEmpty, text.utf8.count <= options.maxStopBytes else {
                throw .invalid(
                    field: field, found: "a string of \(text.utf8.count) bytes",
                    expected: "1 to \(options.maxStopBytes) bytes")
            }
            stops.append(text)
        }
        return stops
    }

    private static func streamOptions(
        _ reader: inout FieldReader, stream: Bool?
    ) throws(RequestError) -> OpenAI.StreamOptions? {
        guard var nested = try reader.object("stream_options") else { return nil }
        guard stream == true else {
            throw .invalid(field: "stream_options", found: "an object", expected: "nothing unless 'stream' is true")
        }
        let streamOptions = OpenAI.StreamOptions(includeUsage: try nested.boolean("include_usage"))
        reader.adopt(nested)
        return streamOptions
    }

    /// Labels by their names. Characters are scalars: a grapheme cluster can be as long as one likes.
    static func metadata(
        _ reader: inout FieldReader, options: ServerOptions
    ) throws(RequestError) -> [String: String]? {
        guard let value = reader.value("metadata") else { return nil }
        guard let members = value.object else { throw reader.wrong("metadata", value, expected: "an object") }
        guard members.count <= options.maxLabels else {
            throw .invalid(
                field: "metadata", found: "\(members.count) entries", expected: "at most \(options.maxLabels)")
        }
        var metadata: [String: String] = [:]
        for (key, member) in members.sorted(by: { $0.key < $1.key }) {
            guard (1...options.maxLabelNameLength).contains(key.unicodeScalars.count) else {
                throw .invalid(
                    field: "metadata", found: "a key of \(key.unicodeScalars.count) characters",
                    expected: "1 to \(options.maxLabelNameLength) characters")
            }
            guard let text = member.string, text.unicodeScalars.count <= options.maxLabelLength else {
                throw .invalid(
                    field: "metadata.\(key)", found: member.string == nil ? member.kind : "a longer string",
                    expected: "a string of at most \(options.maxLabelLength) characters")
            }
            metadata[key] = text
        }
        return metadata
    }
}

extension GenerationRequest {
    /// Takes over what both endpoints say in the same words.
    mutating func apply(_ fields: OpenAI.SamplingFields) {
        sampling.temperature = fields.temperature ?? sampling.temperature
        sampling.topP = fields.topP ?? sampling.topP
        sampling.topK = fields.topK.flatMap { $0 > 0 ? $0 : nil }
        sampling.minP = fields.minP ?? sampling.minP
        sampling.seed = fields.seed.map(UInt64.init(bitPattern:))
        sampling.repetitionPenalty = fields.repetitionPenalty ?? sampling.repetitionPenalty
        sampling.presencePenalty = fields.presencePenalty ?? sampling.presencePenalty
        sampling.frequencyPenalty = fields.frequencyPenalty ?? sampling.frequencyPenalty
        for (token, bias) in fields.logitBias ?? [:] {
            if let id = TokenID(token) { sampling.logitBias[id] = bias }
        }
        stop = fields.stop ?? []
        choiceCount = fields.n ?? 1
        stream = fields.stream ?? false
        ignoreEOS = fields.ignoreEOS ?? false
        cachePrompt = fields.cachePrompt ?? true
        labels = fields.choices
    }
}
