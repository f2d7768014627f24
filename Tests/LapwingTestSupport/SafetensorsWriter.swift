import LapwingModel

/// Builds a safetensors file in memory. It writes what it is told, sound or not.
package struct SafetensorsWriter {
    package var tensors: [Tensor] = []
    /// Text of the header in place of the one made of the tensors.
    package var header: String?
    /// The header's length in place of the true one.
    package var headerByteCount: UInt64?
    /// The header is padded with spaces to a multiple of this, as other writers do; 1 leaves the data where it falls.
    package var alignment = 8

    package init() {}

    package struct Tensor {
        package var name: String
        package var type: String
        /// Slowest dimension first.
        package var shape: [Int]
        package var data: [UInt8]
        /// In place of where the data lies.
        package var offsets: [Int]?

        package init(name: String, type: String, shape: [Int], data: [UInt8], offsets: [Int]? = nil) {
            (self.name, self.type, self.shape, self.data, self.offsets) = (name, type, shape, data, offsets)
        }
    }

    /// `shape` is slowest dimension first, unlike GGUF's.
    package mutating func add(_ name: String, _ type: TensorType = .f32, shape: [Int], data: [UInt8]) {
        tensors.append(Tensor(name: name, type: "\(type)", shape: shape, data: data))
    }

    package mutating func add(_ name: String, _ type: TensorType = .f32, shape: [Int], _ values: [Float]) {
        add(name, type, shape: shape, data: Quantize.encode(values, as: type))
    }

    package func bytes() -> [UInt8] {
        var text = Array((header ?? madeHeader()).utf8)
        while (8 + text.count) % alignment != 0 { text.append(UInt8(ascii: " ")) }
        var bytes: [UInt8] = []
        withUnsafeBytes(of: (headerByteCount ?? UInt64(text.count)).littleEndian) { bytes += $0 }
        return bytes + text + tensors.flatMap(\.data)
    }

    private func madeHeader() -> String {
        var start = 0
        let entries = tensors.map { tensor in
            let offsets = tensor.offsets ?? [start, start + tensor.data.count]
            start += tensor.data.count
            return
                "\"\(tensor.name)\":{\"dtype\":\"\(tensor.type)\",\"shape\":\(tensor.shape),\"data_offsets\":\(offsets)}"
        }
        return "{\(entries.joined(separator: ","))}"
    }
}
