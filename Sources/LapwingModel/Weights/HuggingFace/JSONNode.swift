/// A whole JSON value in memory, for small files such as `config.json`.
enum JSONNode: Sendable, Equatable {
    case null
    case bool(Bool)
    /// A number that has neither a fraction nor an exponent, and fits.
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSONNode])
    case object([String: JSONNode])

    /// Reads a file of at most `limit` bytes that holds one object.
    static func read(path: String, limit: Int) throws(WeightsError) -> [String: JSONNode] {
        let node = try JSONNode(path: path, limit: limit)
        guard case .object(let members) = node else {
            throw .inFile(
                name: fileName(path),
                .invalid(field: "JSON", offset: 0, found: node.description, expected: "an object"))
        }
        return members
    }

    private static func fileName(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    /// Reads a file of at most `limit` bytes that holds one value.
    init(path: String, limit: Int) throws(WeightsError) {
        let mapping = try FileMapping(path: path)
        do throws(WeightsError) {
            guard mapping.bytes.count <= limit else {
                throw .tooLarge(
                    field: "the file's size", offset: 0, found: UInt64(mapping.bytes.count), limit: limit)
            }
            var cursor = JSONCursor(mapping.bytes)
            self = try JSONNode(&cursor, depth: 0)
            try cursor.end()
        } catch {
            throw .inFile(name: Self.fileName(path), error)
        }
    }

    init(_ cursor: inout JSONCursor, depth: Int) throws(WeightsError) {
        let first = cursor.peek(), start = cursor.offset
        guard depth < JSONCursor.depthLimit else {
            throw cursor.invalid(start, "at most \(JSONCursor.depthLimit) values within each other")
        }
        switch first {
        case UInt8(ascii: "{"):
            var members: [String: JSONNode] = [:]
            try cursor.object { cursor, name throws(WeightsError) in
                members[name] = try JSONNode(&cursor, depth: depth + 1)
            }
            self = .object(members)
        case UInt8(ascii: "["):
            var elements: [JSONNode] = []
            try cursor.array { cursor throws(WeightsError) in
                elements.append(try JSONNode(&cursor, depth: depth + 1))
            }
            self = .array(elements)
        case UInt8(ascii: "\""): self = .string(try cursor.string())
        default:
            if cursor.takeWord("null") {
                self = .null
            } else if cursor.takeWord("true") {
                self = .bool(true)
            } else if cursor.takeWord("false") {
                self = .bool(false)
            } else if let text = cursor.numberText() {
                if let integer = Int(text) {
                    self = .integer(integer)
                } else if let number = Double(text), number.isFinite {
                    self = .number(number)
                } else {
                    throw cursor.invalid(start, "a finite number")
                }
            } else {
                throw cursor.invalid(start, "a JSON value")
            }
        }
    }
}

extension JSONNode: CustomStringConvertible {
    /// As an error tells what was found.
    var description: String {
        switch self {
        case .null: "null"
        case .bool(let flag): "\(flag)"
        case .integer(let number): "\(number)"
        case .number(let number): "\(number)"
        case .string(let text): "\"\(text.prefix(64))\""
        case .array(let elements): "an array of \(elements.count)"
        case .object: "an object"
        }
    }
}
