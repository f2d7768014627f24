/// A metadata value to be written into a GGUF file.
package indirect enum GGUFValue: Sendable, Equatable {
    case uint8(UInt8)
    case int8(Int8)
    case uint16(UInt16)
    case int16(Int16)
    case uint32(UInt32)
    case int32(Int32)
    case float32(Float)
    case bool(Bool)
    case string(String)
    case uint64(UInt64)
    case int64(Int64)
    case float64(Double)
    /// Elements of one type; the type of an empty array is uint8.
    case array([GGUFValue])
}

extension GGUFValue {
    package var type: MetadataType {
        switch self {
        case .uint8: .uint8
        case .int8: .int8
        case .uint16: .uint16
        case .int16: .int16
        case .uint32: .uint32
        case .int32: .int32
        case .float32: .float32
        case .bool: .bool
        case .string: .string
        case .array: .array
        case .uint64: .uint64
        case .int64: .int64
        case .float64: .float64
        }
    }

    /// The value's type and bytes, as they stand behind its key.
    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: type.rawValue)
        append(to: &bytes)
        return bytes
    }

    private func append(to bytes: inout [UInt8]) {
        switch self {
        case .uint8(let number): bytes.append(number)
        case .int8(let number): bytes.append(littleEndian: number)
        case .uint16(let number): bytes.append(littleEndian: number)
        case .int16(let number): bytes.append(littleEndian: number)
        case .uint32(let number): bytes.append(littleEndian: number)
        case .int32(let number): bytes.append(littleEndian: number)
        case .float32(let number): bytes.append(littleEndian: number.bitPattern)
        case .bool(let flag): bytes.append(flag ? 1 : 0)
        case .string(let text): bytes.append(string: text)
        case .uint64(let number): bytes.append(littleEndian: number)
        case .int64(let number): bytes.append(littleEndian: number)
        case .float64(let number): bytes.append(littleEndian: number.bitPattern)
        case .array(let elements):
            precondition(elements.allSatisfy { $0.type == elements[0].type }, "an array's elements have one type")
            bytes.append(littleEndian: (elements.first?.type ?? .uint8).rawValue)
            bytes.append(littleEndian: UInt64(elements.count))
            for element in elements { element.append(to: &bytes) }
        }
    }
}

extension [UInt8] {
    mutating func append<T: FixedWidthInteger>(littleEndian number: T) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }

    /// A string as GGUF has it: a 64-bit length and the bytes.
    mutating func append(string text: String) {
        append(littleEndian: UInt64(text.utf8.count))
        append(contentsOf: text.utf8)
    }
}

extension GGUFFile {
    /// A key's type and value as a GGUF file has them, to be written into another one; nil where the key is absent.
    package func encodedValue(_ key: String) -> [UInt8]? {
        guard let value = metadata.values[key] else { return nil }
        var bytes: [UInt8] = []
        switch value {
        case .scalar(let type, let offset):
            bytes.append(littleEndian: type.rawValue)
            bytes += metadataBytes[offset..<offset + type.minimumByteCount]
        case .string(let range):
            bytes.append(littleEndian: MetadataType.string.rawValue)
            bytes.append(littleEndian: UInt64(range.count))
            bytes += metadataBytes[range]
        case .array(let type, let count, let offset):
            bytes.append(littleEndian: MetadataType.array.rawValue)
            bytes.append(littleEndian: type.rawValue)
            bytes.append(littleEndian: UInt64(count))
            bytes += metadataBytes[offset..<end(of: type, count: count, at: offset)]
        }
        return bytes
    }

    /// Where an array ends; the extents were checked when the header was read.
    private func end(of type: MetadataType, count: Int, at offset: Int) -> Int {
        guard type == .string else { return offset + count * type.minimumByteCount }
        return (0..<count).reduce(offset) { end, _ in
            end + 8 + Int(UInt64(littleEndian: metadataBytes.loadUnaligned(fromByteOffset: end, as: UInt64.self)))
        }
    }
}
