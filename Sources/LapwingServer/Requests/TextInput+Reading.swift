import LapwingAPI

extension OpenAI.TextInput {
    private static let forms = "a string, an array of strings, an array of token ids, or an array of such arrays"

    /// Reads the member `field`, which may hold at most `limit` texts or lists of tokens: its `things`.
    init(
        _ field: String, of reader: inout FieldReader, atMost limit: Int, _ things: String, options: ServerOptions
    ) throws(RequestError) {
        switch reader.value(field) {
        case nil: throw reader.missing(field, expected: Self.forms)
        case .string(let text): self = .text(text)
        case .array(let elements): try self.init(elements, field: field)
        case let other?: throw reader.wrong(field, other, expected: Self.forms)
        }
        guard count <= limit else {
            throw .invalid(field: field, found: "\(count) \(things)", expected: "at most \(limit)")
        }
        guard byteCount <= options.maxPromptBytes else {
            throw .invalid(
                field: field, found: "\(byteCount) bytes of text", expected: "at most \(options.maxPromptBytes)")
        }
        guard tokenCount <= options.maxPromptTokens else {
            throw .invalid(
                field: field, found: "\(tokenCount) token ids", expected: "at most \(options.maxPromptTokens)")
        }
    }

    private init(_ elements: [JSONValue], field: String) throws(RequestError) {
        switch elements.first {
        case nil: throw .invalid(field: field, found: "an empty array", expected: Self.forms)
        case .string:
            var texts: [String] = []
            for (index, element) in elements.enumerated() {
                guard let text = element.string else {
                    throw .invalid(field: "\(field)[\(index)]", found: element.kind, expected: "a string")
                }
                texts.append(text)
            }
            self = .texts(texts)
        case .array:
            var lists: [[TokenID]] = []
            for (index, element) in elements.enumerated() {
                let path = "\(field)[\(index)]"
                guard let ids = element.array else {
                    throw .invalid(field: path, found: element.kind, expected: "an array of token ids")
                }
                lists.append(try Self.tokens(ids, path: path))
            }
            self = .tokenLists(lists)
        default: self = .tokens(try Self.tokens(elements, path: field))
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
