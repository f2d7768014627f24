/// The files of a ZIP archive (PKWARE's APPNOTE 6.3), stored or deflated; nothing is encrypted or in parts.
struct ZipArchive {
    private struct Entry {
        var method: Int
        var packedCount: Int
        var count: Int
        var offset: Int
        var checksum: Int
    }

    /// More in one file is no table of questions.
    private static let mostBytes = 256 << 20

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
                count: try checked(4, at: position + 24), offset: try checked(4, at: position + 42),
                checksum: try checked(4, at: position + 16))
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
        guard entry.count <= Self.mostBytes else { throw problem("'\(name)' is of \(entry.count) bytes, too large") }
        let content: [UInt8]?
        switch entry.method {
        case 0: content = Array(packed)
        case 8: content = Inflate.inflate(packed, expecting: entry.count)
        default: throw problem("'\(name)' is packed in method \(entry.method), expected 0 or 8")
        }
        guard let content, content.count == entry.count, Self.checksum(of: content) == entry.checksum else {
            throw problem("'\(name)' is damaged")
        }
        return content
    }

    /// CRC-32 as ZIP has it, with the polynomial 0xEDB88320.
    private static func checksum(of bytes: [UInt8]) -> Int {
        var sum = UInt32.max
        for byte in bytes { sum = (sum >> 8) ^ table[Int(UInt8(truncatingIfNeeded: sum) ^ byte)] }
        return Int(~sum)
    }

    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { sum, _ in sum & 1 == 1 ? (sum >> 1) ^ 0xEDB8_8320 : sum >> 1 }
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
