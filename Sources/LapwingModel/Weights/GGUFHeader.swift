/// All that stands before a GGUF file's tensor data, every extent checked against the file.
///
/// The layout is that of https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, versions 2 and 3.
struct GGUFHeader: Sendable {
    let version: Int
    /// Keys in the file's order.
    let keys: [String]
    let metadata: [String: MetadataValue]
    let tensors: [String: TensorInfo]

    init(_ bytes: UnsafeRawBufferPointer) throws(WeightsError) {
        var cursor = GGUFCursor(bytes: bytes)
        version = try Self.readVersion(&cursor)
        let tensorCount = try cursor.count(
            UInt64.self, limit: GGUFLimits.tensorCount, minimumByteCount: RawTensor.minimumByteCount, "tensor count")
        let metadataCount = try cursor.count(
            UInt64.self, limit: GGUFLimits.metadataCount, minimumByteCount: 14, "metadata count")
        (keys, metadata) = try Self.readMetadata(&cursor, count: metadataCount)
        let alignment = try Self.alignment(metadata["general.alignment"], bytes)

        var raw: [RawTensor] = []
        raw.reserveCapacity(tensorCount)
        for index in 0..<tensorCount { raw.append(try RawTensor(&cursor, index: index)) }
        // Cannot overflow: both are far below 2^63, the alignment by its limit and the offset by the file's size.
        let dataOffset = (cursor.offset + alignment - 1) & ~(alignment - 1)
        tensors = try Self.place(raw, dataOffset: dataOffset, alignment: alignment, fileByteCount: bytes.count)
    }

    private static func readVersion(_ cursor: inout GGUFCursor) throws(WeightsError) -> Int {
        let magic = Array(cursor.bytes.prefix(4))
        guard magic == Array("GGUF".utf8) else { throw .notGGUF(found: magic) }
        try cursor.skip(4, "magic")
        let offset = cursor.offset
        let version = try cursor.integer(UInt32.self, "version")
        switch version {
        case 2, 3: return Int(version)
        case UInt32(2).byteSwapped, UInt32(3).byteSwapped: throw .bigEndian(offset: offset)
        default: throw .unsupportedVersion(version, offset: offset)
        }
    }

    private static func readMetadata(
        _ cursor: inout GGUFCursor, count: Int
    ) throws(WeightsError) -> ([String], [String: MetadataValue]) {
        var keys: [String] = []
        var metadata: [String: MetadataValue] = [:]
        keys.reserveCapacity(count)
        metadata.reserveCapacity(count)
        for index in 0..<count {
            let offset = cursor.offset
            let key = try cursor.name(limit: GGUFLimits.keyByteCount, "metadata key \(index)")
            let value = try MetadataValue.read(&cursor, "metadata value \"\(key)\"")
            guard metadata.updateValue(value, forKey: key) == nil else {
                throw .duplicate(field: "metadata key \(index)", offset: offset, name: key)
            }
            keys.append(key)
        }
        return (keys, metadata)
    }

    /// A power of two from 8, as the specification has it, so that every type's fields are aligned in memory.
    private static func alignment(
        _ value: MetadataValue?, _ bytes: UnsafeRawBufferPointer
    ) throws(WeightsError) -> Int {
        guard let value else { return 32 }
        guard case .scalar(.uint32, let offset) = value else {
            throw .wrongType(
                key: "general.alignment", offset: value.offset, found: "\(value)", expected: "\(MetadataType.uint32)")
        }
        let alignment = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        guard alignment >= 8, alignment <= GGUFLimits.alignment, alignment.nonzeroBitCount == 1 else {
            throw .invalid(
                field: "metadata value \"general.alignment\"", offset: offset, found: "\(alignment)",
                expected: "a power of two from 8 to \(GGUFLimits.alignment)")
        }
        return Int(alignment)
    }
}
