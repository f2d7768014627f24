/// Values by key, decoded from bytes when somebody asks for them.
struct Metadata: Sendable {
    /// In the file's order.
    private(set) var keys: [String]
    private(set) var values: [String: MetadataValue]
    /// Holds the values' bytes.
    let mapping: FileMapping
    /// Whether a value's offset is a place in a file that a person could look at.
    let isOfFile: Bool

    init(_ header: GGUFHeader, in mapping: FileMapping) {
        (keys, values, self.mapping, isOfFile) = (header.keys, header.metadata, mapping, true)
    }

    init(_ builder: MetadataBuilder) {
        (keys, values, isOfFile) = (builder.keys, builder.values, false)
        mapping = FileMapping(copying: builder.bytes)
    }
}

/// Lays out values as a GGUF file does, for a model that has none.
struct MetadataBuilder {
    private(set) var keys: [String] = []
    private(set) var values: [String: MetadataValue] = [:]
    private(set) var bytes: [UInt8] = []

    mutating func set(_ key: String, _ text: String) {
        let start = bytes.count
        bytes += Array(text.utf8)
        set(key, value: .string(start..<bytes.count))
    }

    mutating func set(_ key: String, _ number: UInt32) { set(key, .uint32, number) }

    mutating func set(_ key: String, _ number: Float) { set(key, .float32, number.bitPattern) }

    mutating func set(_ key: String, _ flag: Bool) { set(key, .bool, flag ? UInt8(1) : 0) }

    private mutating func set(_ key: String, _ type: MetadataType, _ number: some FixedWidthInteger) {
        let start = bytes.count
        withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
        set(key, value: .scalar(type, offset: start))
    }

    private mutating func set(_ key: String, value: MetadataValue) {
        if values.updateValue(value, forKey: key) == nil { keys.append(key) }
    }
}
