/// The files of a ZIP archive (PKWARE's APPNOTE 6.3), stored or deflated; nothing is encrypted or in parts.
struct ZipArchive {
    private struct Entry {
        var method: Int
        var packedCount: Int
        var count: Int
        var offset: Int
    }

    private let bytes: [UInt8]
    private let path: String
    private var entries: [String: Entry] = [:]

    var names: [String] { Array(entries.keys) }

    /// Reads the directory at the end.
    init(_ bytes: [UInt8], path: String) throws(EvaluationError) {
        (self.bytes, self.path) = (bytes, path)
        // The end record is 22 bytes and a comment of at most 65,535.
        let first = max(0, bytes.count - 22 - 65_535)
        guard bytes.count >= 22,
            let end = stride(from: bytes.count - 22, through: first, by: -1).first(where: {
                number(4, at: $0) == 0x0605_4B50
            })
        else { throw problem("it is no ZIP archive") }
        var position = try checked(4, at: end + 16)
        for _ in 0..<(try checked(2, at: end + 10)) {
            guard try checked(4, at: position) == 0x0201_4B50 else { throw problem("its directory is damaged") }
            let nameCount = try checked(2, at: position + 28)
            let rest = try checked(2, at: position + 30) + checked(2, at: position + 32)
            guard position + 46 + nameCount <= bytes.count else { throw problem("its directory is cut off") }
            let name = String(decoding: bytes[position + 46..<position + 46 + nameCount], as: UTF8.self)
            entries[name] = Entry(
                method: try checked(2, at: position + 10), packedCount: try checked(4, at: position + 20),
                count: try checked(4, at: position + 24), offset: try checked(4, at: position + 42))
            position += 46 + nameCount + rest
        }
    }

    func content(of name: String) throws(EvaluationError) -> [UInt8] {
        guard let entry = entries[name] else { throw problem("it has no '\(name)'") }
        let header = entry.offset
        guard try checked(4, at: header) == 0x0403_4B50 else {
            throw problem("'\(name)' is not where its directory says")
        }
        let start = header + 30 + (try checked(2, at: header + 26)) + (try checked(2, at: header + 28))
        guard start + entry.packedCount <= bytes.count else { throw problem("'\(name)' is cut off") }
        let packed = bytes[start..<start + entry.packedCount]
        switch entry.method {
        case 0: return Array(packed)
        case 8:
            guard let content = Inflate.inflate(packed, expecting: entry.count), content.count == entry.count else {
                throw problem("'\(name)' is damaged")
            }
            return content
        default: throw problem("'\(name)' is packed in method \(entry.method), expected 0 or 8")
        }
    }

    /// Little-endian; nil past the end.
    private func number(_ width: Int, at offset: Int) -> Int? {
        guard offset >= 0, offset + width <= bytes.count else { return nil }
        return (0..<width).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }

    private func checked(_ width: Int, at offset: Int) throws(EvaluationError) -> Int {
        guard let value = number(width, at: offset) else { throw problem("it is cut off") }
        return value
    }

    private func problem(_ reason: String) -> EvaluationError { .badData(path: path, line: nil, reason: reason) }
}
