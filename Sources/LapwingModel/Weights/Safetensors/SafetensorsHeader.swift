/// All that stands before a safetensors file's data, every extent checked against the file.
///
/// The layout is that of https://github.com/huggingface/safetensors: the header's length in 8 bytes, the header in JSON, then
/// the tensors' data without a gap.
struct SafetensorsHeader: Sendable {
    /// In the order of their data.
    let tensors: [Entry]

    /// A tensor as the file tells it.
    struct Entry: Sendable {
        let name: String
        let type: SafetensorsType
        /// Slowest dimension first.
        let shape: [Int]
        /// Bytes from the start of the file.
        let range: Range<Int>
    }

    /// Bounds that every sound file keeps with room to spare.
    static let byteCountLimit = 32 << 20
    static let tensorCountLimit = 100_000
    static let dimensionCountLimit = 8

    init(_ bytes: UnsafeRawBufferPointer) throws(WeightsError) {
        guard bytes.count >= 8 else {
            throw .truncated(field: "the header's length", offset: 0, needed: 8, remaining: bytes.count)
        }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= UInt64(Self.byteCountLimit) else {
            throw .tooLarge(field: "the header's length", offset: 0, found: length, limit: Self.byteCountLimit)
        }
        guard length <= UInt64(bytes.count - 8) else {
            throw .truncated(field: "the header", offset: 8, needed: length, remaining: bytes.count - 8)
        }
        let dataOffset = 8 + Int(length)
        let data = dataOffset..<bytes.count
        let header = UnsafeRawBufferPointer(rebasing: bytes[8..<dataOffset])
        do { tensors = try Self.read(header, data: data) } catch { throw .inFile(name: "the header", error) }
    }

    private static func read(_ header: UnsafeRawBufferPointer, data: Range<Int>) throws(WeightsError) -> [Entry] {
        var entries: [Entry] = []
        var cursor = JSONCursor(header)
        try cursor.object { cursor, name throws(WeightsError) in
            if name == "__metadata__" {
                return try cursor.object { cursor, _ throws(WeightsError) in _ = try cursor.string() }
            }
            guard entries.count < tensorCountLimit else {
                throw .tooLarge(
                    field: "tensor count", offset: cursor.offset, found: UInt64(entries.count) + 1,
                    limit: tensorCountLimit)
            }
            entries.append(try Entry(name, &cursor, data: data))
        }
        try cursor.end()
        entries.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
        try checkOrder(entries, data: data)
        return entries
    }

    /// Each begins where the one before ends, and the last ends with the file: nothing overlaps, nothing is hidden.
    private static func checkOrder(_ entries: [Entry], data: Range<Int>) throws(WeightsError) {
        var end = data.lowerBound
        for entry in entries {
            guard entry.range.lowerBound == end else {
                throw .invalid(
                    field: "data_offsets of \"\(entry.name)\"", offset: 0,
                    found: "a beginning at \(entry.range.lowerBound - data.lowerBound)",
                    expected: "\(end - data.lowerBound), the end of the tensor before")
            }
            end = entry.range.upperBound
        }
        guard end == data.upperBound else {
            throw .invalid(
                field: "data_offsets", offset: 0, found: "tensors of \(end - data.lowerBound) bytes",
                expected: "\(data.count), all that follows the header")
        }
    }
}

extension SafetensorsHeader.Entry {
    fileprivate init(_ name: String, _ cursor: inout JSONCursor, data: Range<Int>) throws(WeightsError) {
        var typeName: String?
        var shape: [Int]?
        var offsets: [Int]?
        let start = cursor.offset
        try cursor.object { cursor, member throws(WeightsError) in
            switch member {
            case "dtype": typeName = try cursor.string()
            case "shape": shape = try cursor.counts(limit: SafetensorsHeader.dimensionCountLimit)
            case "data_offsets": offsets = try cursor.counts(limit: 2)
            default:
                throw .invalid(
                    field: "tensor \"\(name)\"", offset: cursor.offset, found: "the member \"\(member)\"",
                    expected: "dtype, shape and data_offsets")
            }
        }
        guard let typeName, let shape, let offsets else {
            let missing = typeName == nil ? "dtype" : shape == nil ? "shape" : "data_offsets"
            throw .invalid(
                field: "tensor \"\(name)\"", offset: start, found: "no \(missing)",
                expected: "dtype, shape and data_offsets")
        }
        guard let type = SafetensorsType(rawValue: typeName) else {
            throw .unsupportedType(tensor: name, type: typeName, supported: SafetensorsType.readable)
        }
        guard offsets.count == 2, offsets[0] <= offsets[1], offsets[1] <= data.count else {
            throw .invalid(
                field: "data_offsets of \"\(name)\"", offset: start, found: "\(offsets)",
                expected: "a beginning and an end within the \(data.count) bytes of data")
        }
        var byteCount = type.byteCount
        for length in shape {
            let (product, overflow) = byteCount.multipliedReportingOverflow(by: length)
            guard !overflow else {
                throw .invalid(
                    field: "shape of \"\(name)\"", offset: start, found: "\(shape)", expected: "fewer than 2^63 bytes")
            }
            byteCount = product
        }
        guard offsets[1] - offsets[0] == byteCount else {
            throw .invalid(
                field: "data_offsets of \"\(name)\"", offset: start, found: "\(offsets[1] - offsets[0]) bytes",
                expected: "\(byteCount), as \(typeName) of the shape \(shape) takes")
        }
        (self.name, self.type, self.shape) = (name, type, shape)
        range = data.lowerBound + offsets[0]..<data.lowerBound + offsets[1]
    }
}

extension JSONCursor {
    /// An array of at most `limit` whole numbers.
    fileprivate mutating func counts(limit: Int) throws(WeightsError) -> [Int] {
        var counts: [Int] = []
        try array { cursor throws(WeightsError) in
            guard counts.count < limit else { throw cursor.invalid(cursor.offset, "at most \(limit) numbers") }
            counts.append(try cursor.count())
        }
        return counts
    }
}

/// The types that a safetensors file may name. All are known, so that each tensor's extent can be checked.
enum SafetensorsType: String, Sendable {
    case bool = "BOOL"
    case u8 = "U8"
    case i8 = "I8"
    case f8e5m2 = "F8_E5M2"
    case f8e4m3 = "F8_E4M3"
    case f8e8m0 = "F8_E8M0"
    case i16 = "I16"
    case u16 = "U16"
    case f16 = "F16"
    case bf16 = "BF16"
    case i32 = "I32"
    case u32 = "U32"
    case f32 = "F32"
    case i64 = "I64"
    case u64 = "U64"
    case f64 = "F64"
    case c64 = "C64"

    static let readable = ["F32", "F16", "BF16"]

    var byteCount: Int {
        switch self {
        case .bool, .u8, .i8, .f8e5m2, .f8e4m3, .f8e8m0: 1
        case .i16, .u16, .f16, .bf16: 2
        case .i32, .u32, .f32: 4
        case .i64, .u64, .f64, .c64: 8
        }
    }

    /// nil for a type that the engine does not compute with.
    var tensorType: TensorType? {
        switch self {
        case .f32: .f32
        case .f16: .f16
        case .bf16: .bf16
        default: nil
        }
    }
}
