import LapwingAPI

extension ChatMessage {
    private static let roles = ["system", "developer", "user", "assistant", "tool"]

    init(_ reader: inout FieldReader) throws(RequestError) {
        let role = try reader.requiredString("role")
        if role == "function" {
            throw .unsupported(field: reader.pathOf("role"), reason: "use 'tool' and 'tool_call_id'")
        }
        guard Self.roles.contains(role) else {
            throw .invalid(
                field: reader.pathOf("role"), found: named(role),
                expected: Self.roles.map { "'\($0)'" }.joined(separator: ", "))
        }
        try UnsupportedField.refuse(UnsupportedField.message, in: &reader)
        let toolCalls = try Self.toolCalls(&reader, role: role)
        self.init(
            role: role, parts: try Self.parts(&reader, mayLack: !toolCalls.isEmpty, mayShow: role == "user"),
            name: try reader.string("name"))
        self.toolCalls = toolCalls
        toolCallID = try Self.toolCallID(&reader, role: role)
    }

    private static func toolCallID(_ reader: inout FieldReader, role: String) throws(RequestError) -> String? {
        if role == "tool" { return try reader.requiredString("tool_call_id") }
        guard let value = reader.value("tool_call_id") else { return nil }
        throw reader.wrong("tool_call_id", value, expected: "nothing in a message of another role than 'tool'")
    }

    private static func toolCalls(_ reader: inout FieldReader, role: String) throws(RequestError) -> [ToolCall] {
        guard let elements = try reader.array("tool_calls"), !elements.isEmpty else { return [] }
        guard role == "assistant" else {
            throw .invalid(
                field: reader.pathOf("tool_calls"), found: "an array",
                expected: "nothing in a message of another role than 'assistant'")
        }
        var calls: [ToolCall] = []
        for (index, element) in elements.enumerated() {
            var call = try FieldReader(element, path: reader.pathOf("tool_calls[\(index)]"))
            try call.requireFunction()
            guard var function = try call.object("function") else {
                throw call.missing("function", expected: "an object")
            }
            calls.append(
                ToolCall(
                    id: try call.requiredString("id"), name: try function.requiredString("name"),
                    arguments: try function.string("arguments") ?? ""))
            call.adopt(function)
            // Where it stands in a stream, which clients that put one together send back.
            _ = call.value("index")
            reader.adopt(call, as: reader.pathOf("tool_calls[]"))
        }
        return calls
    }

    /// Texts alone become one, joined by line breaks as vLLM does: some servers take nothing but a string.
    private static func parts(
        _ reader: inout FieldReader, mayLack: Bool, mayShow: Bool
    ) throws(RequestError) -> [ContentPart] {
        switch reader.value("content") {
        case .string(let text): return [.text(text)]
        case .array(let elements):
            var parts: [ContentPart] = []
            for (index, element) in elements.enumerated() {
                var part = try FieldReader(element, path: reader.pathOf("content[\(index)]"))
                parts.append(try ContentPart(&part, mayShow: mayShow))
                reader.adopt(part, as: reader.pathOf("content[]"))
            }
            let whole = ChatMessage(role: "", parts: parts)
            return parts.contains(where: \.isImage) ? parts : [.text(whole.content)]
        case let other?: throw reader.wrong("content", other, expected: "a string or an array of parts")
        case nil:
            if mayLack { return [] }
            throw reader.missing("content", expected: "a string or an array of parts")
        }
    }
}

extension ContentPart {
    fileprivate var isImage: Bool { if case .image = self { true } else { false } }

    /// `mayShow` says whether the message's role may show images.
    fileprivate init(_ reader: inout FieldReader, mayShow: Bool) throws(RequestError) {
        let type = try reader.requiredString("type")
        switch type {
        case "text": self = .text(try reader.requiredString("text"))
        case "image_url" where mayShow:
            guard var image = try reader.object("image_url") else {
                throw reader.missing("image_url", expected: "an object with a 'url'")
            }
            self = .image(try ChatImage(&image))
            reader.adopt(image)
        case "image_url":
            throw .unsupported(field: reader.pathOf("type"), reason: "images are for messages of the role 'user'")
        default:
            throw .unsupported(
                field: reader.pathOf("type"),
                reason: "only parts of type 'text' and 'image_url' are available, not \(named(type))")
        }
    }
}

extension ChatImage {
    private static let details = ["auto", "low", "high"]

    fileprivate init(_ reader: inout FieldReader) throws(RequestError) {
        self.init(source: try Self.source(try reader.requiredString("url"), reader))
        guard let detail = try reader.string("detail") else { return }
        guard Self.details.contains(detail) else {
            throw .invalid(
                field: reader.pathOf("detail"), found: named(detail),
                expected: Self.details.map { "'\($0)'" }.joined(separator: ", "))
        }
        self.detail = detail
    }

    /// A provider is to fetch it, which may stand in a network of one's own: what a client names must be no file, no place that
    /// speaks another protocol, and no address or name that only a local network knows.
    private static func source(_ url: String, _ reader: FieldReader) throws(RequestError) -> Source {
        if url.hasPrefix("https://"), url.utf8.count > 8, url.utf8.allSatisfy({ (0x21..<0x7F).contains($0) }),
            isPublicName(url.dropFirst("https://".count).prefix { !"/?#".contains($0) })
        {
            return .url(url)
        }
        let parts = url.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2, parts[0].hasPrefix("data:image/"), parts[0].hasSuffix(";base64"), !parts[1].isEmpty,
            parts[1].utf8.allSatisfy(isBase64)
        {
            return .data(
                mediaType: String(parts[0].dropFirst("data:".count).dropLast(";base64".count)),
                base64: String(parts[1]))
        }
        throw .invalid(
            field: reader.pathOf("url"), found: "a string",
            expected: "the https address of a public host by its name, or data:image/TYPE;base64,DATA")
    }

    /// Such as `example.org` or `example.org:8443`. A name that leads into a local network cannot be told by its looks.
    private static func isPublicName(_ authority: Substring) -> Bool {
        let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.dropFirst().allSatisfy({ UInt16($0) != nil }) else { return false }
        let labels = parts[0].lowercased().split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count > 1, let last = labels.last, !["local", "internal", "localhost", "lan"].contains(last) else {
            return false
        }
        // The last part of an address in any of its forms begins with a digit.
        return last.first?.isLetter == true
            && labels.allSatisfy { label in
                !label.isEmpty
                    && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
            }
    }

    private static func isBase64(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="):
            true
        default: false
        }
    }
}

/// A word of a client's, as far as it is one.
func named(_ word: String) -> String { word.utf8.count <= 32 ? "'\(word)'" : "a longer string" }
