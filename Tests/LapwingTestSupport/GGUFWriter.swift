import LapwingModel

/// Builds a GGUF file in memory. It writes what it is told, sound or not; `File.replace` damages single fields.
package struct GGUFWriter {
    package var version: UInt32 = 3
    package var metadata: [(key: String, value: Value)] = []
    package var tensors: [Tensor] = []
    /// Where tensor data is placed; `general.alignment` is written only when it is added as metadata.
    package var alignment = 32

    package init() {}

    package typealias Value = GGUFValue

    package struct Tensor {
        package var name: String
        package var type: UInt32
        /// Fastest dimension first.
        package var shape: [UInt64]
        package var data: [UInt8]
        /// Relative to the data section; nil puts it behind the tensor before.
        package var offset: UInt64?
    }

    package mutating func add(_ key: String, _ value: Value) { metadata.append((key, value)) }

    package mutating func add(_ key: String, strings: [String]) { add(key, .array(strings.map(Value.string))) }

    package mutating func add(tensor name: String, _ type: TensorType, shape: [Int], data: [UInt8]) {
        tensors.append(Tensor(name: name, type: type.rawValue, shape: shape.map(UInt64.init), data: data))
    }

    package func file() -> File {
        var file = File()
        file.bytes += Array("GGUF".utf8)
        file.append(version, "version")
        file.append(UInt64(tensors.count), "tensor count")
        file.append(UInt64(metadata.count), "metadata count")
        for (key, value) in metadata { file.append(key, value) }
        let offsets = tensorOffsets()
        for (tensor, offset) in zip(tensors, offsets) { file.append(tensor, offset: offset) }
        guard !tensors.isEmpty else { return file }
        file.pad(to: alignment)
        let start = file.bytes.count
        for (tensor, offset) in zip(tensors, offsets) where tensor.offset == nil {
            file.bytes += [UInt8](repeating: 0, count: start + Int(offset) - file.bytes.count)
            file.bytes += tensor.data
        }
        return file
    }

    private func tensorOffsets() -> [UInt64] {
        var next: UInt64 = 0
        let unit = UInt64(alignment)
        return tensors.map { tensor in
            if let offset = tensor.offset { return offset }
            defer { next = (next + UInt64(tensor.data.count) + unit - 1) / unit * unit }
            return next
        }
    }
}

extension GGUFWriter {
    /// The bytes of a file and where each of its header's fields stands.
    package struct File {
        package var bytes: [UInt8] = []
        /// Extents of lengths, counts, types, dimensions, offsets and scalar values by a name such as `offset of NAME`.
        package private(set) var fields: [(name: String, range: Range<Int>)] = []

        /// Overwrites a field's bytes with a number, cut to the field's width; traps when there is no such field.
        package mutating func replace(_ name: String, with number: UInt64) {
            let range = range(of: name)
            bytes.replaceSubrange(
                range, with: range.enumerated().map { UInt8(truncatingIfNeeded: number >> ($0.0 * 8)) })
        }

        /// A field's bytes as a number.
        package func number(_ name: String) -> UInt64 {
            bytes[range(of: name)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }

        package func range(of name: String) -> Range<Int> {
            guard let field = fields.first(where: { $0.name == name }) else { preconditionFailure("no field \(name)") }
            return field.range
        }

        fileprivate mutating func append<T: FixedWidthInteger>(_ number: T, _ name: String?) {
            let start = bytes.count
            withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
            if let name { fields.append((name, start..<bytes.count)) }
        }

        fileprivate mutating func append(_ text: String, _ name: String) {
            append(UInt64(text.utf8.count), "length of \(name)")
            bytes += Array(text.utf8)
        }

        fileprivate mutating func append(_ key: String, _ value: Value) {
            append(key, "key \(key)")
            append(value.type.rawValue, "type of \(key)")
            append(value, name: key)
        }

        private mutating func append(_ value: Value, name: String?) {
            switch value {
            case .uint8(let number): append(number, name)
            case .int8(let number): append(number, name)
            case .uint16(let number): append(number, name)
            case .int16(let number): append(number, name)
            case .uint32(let number): append(number, name)
            case .int32(let number): append(number, name)
            case .float32(let number): append(number.bitPattern, name)
            case .bool(let flag): append(flag ? UInt8(1) : 0, name)
            case .string(let text): append(text, name ?? "an element")
            case .uint64(let number): append(number, name)
            case .int64(let number): append(number, name)
            case .float64(let number): append(number.bitPattern, name)
            case .array(let elements):
                append((elements.first?.type ?? .uint8).rawValue, name.map { "element type of \($0)" })
                append(UInt64(elements.count), name.map { "element count of \($0)" })
                for (index, element) in elements.enumerated() {
                    // Numbers in arrays are data, not structure: only strings have fields of their own.
                    if case .string(let text) = element {
                        append(text, "element \(index) of \(name ?? "an array")")
                    } else {
                        append(element, name: nil)
                    }
                }
            }
        }

        fileprivate mutating func append(_ tensor: Tensor, offset: UInt64) {
            append(tensor.name, "name of \(tensor.name)")
            append(UInt32(tensor.shape.count), "dimension count of \(tensor.name)")
            for (index, length) in tensor.shape.enumerated() { append(length, "dimension \(index) of \(tensor.name)") }
            append(tensor.type, "type of \(tensor.name)")
            append(offset, "offset of \(tensor.name)")
        }

        fileprivate mutating func pad(to alignment: Int) {
            let padding = (alignment - bytes.count % alignment) % alignment
            bytes += [UInt8](repeating: 0, count: padding)
        }
    }
}
