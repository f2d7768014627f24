/// Reads little-endian fields one after another and refuses to pass the end.
struct GGUFCursor {
    let bytes: UnsafeRawBufferPointer
    private(set) var offset = 0

    var remaining: Int { bytes.count - offset }

    mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(
        _: T.Type, _ field: @autoclosure () -> String
    ) throws(WeightsError) -> T {
        let start = offset
        try skip(UInt64(MemoryLayout<T>.size), field())
        return T(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: T.self))
    }

    mutating func skip(_ count: UInt64, _ field: @autoclosure () -> String) throws(WeightsError) {
        guard count <= UInt64(remaining) else {
            throw .truncated(field: field(), offset: offset, needed: count, remaining: remaining)
        }
        offset += Int(count)
    }

    /// A count of things that take at least `minimumByteCount` bytes each, so that no count can outgrow the file.
    mutating func count<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _: T.Type, limit: Int, minimumByteCount: Int, _ field: @autoclosure () -> String
    ) throws(WeightsError) -> Int {
        let start = offset
        let count = try UInt64(integer(T.self, field()))
        guard count <= UInt64(limit) else {
            throw .tooLarge(field: field(), offset: start, found: count, limit: limit)
        }
        let (needed, overflow) = count.multipliedReportingOverflow(by: UInt64(minimumByteCount))
        guard !overflow, needed <= UInt64(remaining) else {
            throw .truncated(
                field: field(), offset: start, needed: overflow ? .max : needed, remaining: remaining)
        }
        return Int(count)
    }

    /// The extent of a string: a 64-bit length, then that many bytes.
    mutating func string(limit: Int, _ field: @autoclosure () -> String) throws(WeightsError) -> Range<Int> {
        let count = try count(UInt64.self, limit: limit, minimumByteCount: 1, "length of \(field())")
        let start = offset
        try skip(UInt64(count), field())
        return start..<offset
    }

    /// A key or tensor name: UTF-8 text that is not empty.
    mutating func name(limit: Int, _ field: @autoclosure () -> String) throws(WeightsError) -> String {
        let start = offset
        let range = try string(limit: limit, field())
        guard !range.isEmpty else {
            throw .invalid(field: field(), offset: start, found: "an empty string", expected: "a name")
        }
        return try bytes.text(range, field())
    }
}

extension UnsafeRawBufferPointer {
    /// The UTF-8 text in a range that lies within these bytes.
    func text(_ range: Range<Int>, _ field: @autoclosure () -> String) throws(WeightsError) -> String {
        let characters = UnsafeRawBufferPointer(rebasing: self[range])
        guard let text = String(validating: characters, as: UTF8.self) else {
            throw .invalid(
                field: field(), offset: range.lowerBound, found: "bytes that are not UTF-8", expected: "UTF-8 text")
        }
        return text
    }
}
