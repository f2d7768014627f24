/// Writes the bytes that an entry's hash is taken over, and that an open intent is kept as.
///
/// Every value begins with a tag and says its own length, so two different sequences of values never give the same bytes:
///
///     nil      00
///     integer  01, 8 bytes two's complement, big-endian      (a Boolean is 0 or 1)
///     real     02, 8 bytes IEEE 754, big-endian
///     text     03, byte count in 4 bytes big-endian, UTF-8 as given (nothing is normalised)
///     list     04, element count in 4 bytes big-endian; the elements' own values follow
struct CanonicalWriter {
    private(set) var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(512) }

    mutating func write(_ value: Int64?) {
        guard let value else { return bytes.append(Tag.none) }
        bytes.append(Tag.integer)
        append(UInt64(bitPattern: value))
    }

    mutating func write(_ value: Int) { write(Int64(value)) }

    mutating func write(_ value: Bool?) {
        let number: Int64? = value.map { $0 ? 1 : 0 }
        write(number)
    }

    mutating func write(_ value: Double?) {
        guard let value else { return bytes.append(Tag.none) }
        bytes.append(Tag.real)
        // SQLite keeps no sign of zero, so the hash must not see one.
        append((value == 0 ? 0 : value).bitPattern)
    }

    mutating func write(_ value: String?) {
        guard let value else { return bytes.append(Tag.none) }
        bytes.append(Tag.text)
        append(UInt32(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    mutating func writeList(count: Int) {
        bytes.append(Tag.list)
        append(UInt32(count))
    }

    private mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    fileprivate enum Tag {
        static let none: UInt8 = 0
        static let integer: UInt8 = 1
        static let real: UInt8 = 2
        static let text: UInt8 = 3
        static let list: UInt8 = 4
    }
}

/// Reads what `CanonicalWriter` wrote; throws `StoreError.damaged` for anything else.
struct CanonicalReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func integer() throws(StoreError) -> Int64? {
        try value(tagged: CanonicalWriter.Tag.integer) { reader throws(StoreError) in
            Int64(bitPattern: try reader.bigEndian(UInt64.self))
        }
    }

    mutating func text() throws(StoreError) -> String? {
        try value(tagged: CanonicalWriter.Tag.text) { reader throws(StoreError) in
            let count = Int(try reader.bigEndian(UInt32.self))
            guard let text = String(validating: try reader.take(count), as: UTF8.self) else {
                throw StoreError.damaged(sequence: nil, reason: "text is not UTF-8")
            }
            return text
        }
    }

    mutating func listCount() throws(StoreError) -> Int {
        let count = try value(tagged: CanonicalWriter.Tag.list) { reader throws(StoreError) in
            Int(try reader.bigEndian(UInt32.self))
        }
        // Each element takes a byte at least; a count that cannot be true must not reserve memory.
        guard let count, count <= rest.count else {
            throw StoreError.damaged(sequence: nil, reason: "a list's count is wrong")
        }
        return count
    }

    private mutating func value<T>(
        tagged tag: UInt8, _ read: (inout CanonicalReader) throws(StoreError) -> T
    ) throws(StoreError) -> T? {
        let found = try take(1).first
        if found == CanonicalWriter.Tag.none { return nil }
        guard found == tag else {
            throw StoreError.damaged(sequence: nil, reason: "found a value of another type than \(tag)")
        }
        return try read(&self)
    }

    private mutating func bigEndian<T: FixedWidthInteger & UnsignedInteger>(_ type: T.Type) throws(StoreError) -> T {
        try take(T.bitWidth / 8).reduce(0) { $0 << 8 | T($1) }
    }

    private mutating func take(_ count: Int) throws(StoreError) -> ArraySlice<UInt8> {
        guard count <= rest.count else { throw StoreError.damaged(sequence: nil, reason: "it ends too early") }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }
}
