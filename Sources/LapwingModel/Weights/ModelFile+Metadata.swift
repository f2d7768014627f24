extension ModelFile {
    package func contains(_ key: String) -> Bool { metadata.values[key] != nil }

    /// Where the key's value stands; nil where the key is absent, or no file holds the value as it is told.
    func offset(of key: String) -> Int? { metadata.isOfFile ? metadata.values[key]?.offset : nil }

    var metadataBytes: UnsafeRawBufferPointer { metadata.mapping.bytes }

    /// nil where the key is absent: `try file.ifPresent("llama.rope.freq_base", file.float)`.
    package func ifPresent<Value>(
        _ key: String, _ read: (String) throws(WeightsError) -> Value
    ) throws(WeightsError) -> Value? {
        contains(key) ? try read(key) : nil
    }

    package func string(_ key: String) throws(WeightsError) -> String {
        let value = try value(key)
        guard case .string(let range) = value else { throw mismatch(key, value, "string") }
        return try metadataBytes.text(range, "metadata value \"\(key)\"")
    }

    package func bool(_ key: String) throws(WeightsError) -> Bool {
        let value = try value(key)
        guard case .scalar(.bool, let offset) = value else { throw mismatch(key, value, "bool") }
        return metadataBytes[offset] == 1
    }

    /// A number stored in any integer type; one that does not fit is refused.
    package func uint32(_ key: String) throws(WeightsError) -> UInt32 {
        let value = try value(key)
        guard case .scalar(let type, let offset) = value else { throw mismatch(key, value, "an integer") }
        let number: UInt32? =
            switch type {
            case .uint8: UInt32(exactly: load(UInt8.self, offset))
            case .int8: UInt32(exactly: load(Int8.self, offset))
            case .uint16: UInt32(exactly: load(UInt16.self, offset))
            case .int16: UInt32(exactly: load(Int16.self, offset))
            case .uint32: load(UInt32.self, offset)
            case .int32: UInt32(exactly: load(Int32.self, offset))
            case .uint64: UInt32(exactly: load(UInt64.self, offset))
            case .int64: UInt32(exactly: load(Int64.self, offset))
            case .float32, .float64, .bool, .string, .array: throw mismatch(key, value, "an integer")
            }
        guard let number else {
            throw .invalid(
                field: "metadata value \"\(key)\"", offset: offset, found: "a number below 0 or over 2^32 - 1",
                expected: "a number from 0 to 2^32 - 1")
        }
        return number
    }

    /// A number stored as a float of either width; what is not finite is refused.
    package func float(_ key: String) throws(WeightsError) -> Float {
        let value = try value(key)
        let number: Float
        switch value {
        case .scalar(.float32, let offset): number = Float(bitPattern: load(UInt32.self, offset))
        case .scalar(.float64, let offset): number = Float(Double(bitPattern: load(UInt64.self, offset)))
        default: throw mismatch(key, value, "a float")
        }
        guard number.isFinite else {
            throw .invalid(
                field: "metadata value \"\(key)\"", offset: value.offset, found: "\(number)",
                expected: "a finite number")
        }
        return number
    }

    /// An array of strings; decoding starts here, not when the file is opened.
    package func strings(_ key: String) throws(WeightsError) -> [String] {
        let (count, offset) = try array(key, of: .string)
        var strings: [String] = []
        strings.reserveCapacity(count)
        var start = offset
        for index in 0..<count {
            // The extents were checked when the header was read.
            let byteCount = Int(load(UInt64.self, start))
            let range = start + 8..<start + 8 + byteCount
            strings.append(try metadataBytes.text(range, "element \(index) of metadata value \"\(key)\""))
            start = range.upperBound
        }
        return strings
    }

    package func int32s(_ key: String) throws(WeightsError) -> [Int32] {
        let (count, offset) = try array(key, of: .int32)
        return (0..<count).map { load(Int32.self, offset + 4 * $0) }
    }

    package func floats(_ key: String) throws(WeightsError) -> [Float] {
        let (count, offset) = try array(key, of: .float32)
        return (0..<count).map { Float(bitPattern: load(UInt32.self, offset + 4 * $0)) }
    }

    /// An array of bytes; files write them signed or unsigned.
    package func bytes(_ key: String) throws(WeightsError) -> [UInt8] {
        let value = try value(key)
        guard case .array(let type, let count, let offset) = value, type == .uint8 || type == .int8 else {
            throw mismatch(key, value, "array of uint8")
        }
        return (0..<count).map { load(UInt8.self, offset + $0) }
    }

    private func array(
        _ key: String, of type: MetadataType
    ) throws(WeightsError) -> (count: Int, offset: Int) {
        let value = try value(key)
        guard case .array(type, let count, let offset) = value else {
            throw mismatch(key, value, "array of \(type)")
        }
        return (count, offset)
    }

    private func value(_ key: String) throws(WeightsError) -> MetadataValue {
        guard let value = metadata.values[key] else { throw .missingKey(key) }
        return value
    }

    private func mismatch(_ key: String, _ value: MetadataValue, _ expected: String) -> WeightsError {
        .wrongType(key: key, offset: value.offset, found: "\(value)", expected: expected)
    }

    private func load<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type, _ offset: Int) -> T {
        T(littleEndian: metadataBytes.loadUnaligned(fromByteOffset: offset, as: T.self))
    }
}
