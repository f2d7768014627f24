import LapwingModel
import LapwingTestSupport
import Testing

extension ArchitectureFixture {
    /// The bytes of the GGUF file that llama.cpp's converter would write, without a tokenizer.
    func ggufBytes() throws -> [UInt8] { try ggufWriter().file().bytes }

    /// The file before it is put together, for a test that changes a part.
    func ggufWriter() throws -> GGUFWriter {
        let values = values()
        let shapes = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0.shape) })
        var writer = GGUFWriter()
        for (key, value) in gguf.metadata.sorted(by: { $0.key < $1.key }) { writer.add(key, value.value) }
        for tensor in gguf.tensors {
            let data = Quantize.encode(try tensor.values(from: values, shapes: shapes), as: .f32)
            writer.add(tensor: tensor.name, .f32, shape: tensor.shape, data: data)
        }
        return writer
    }

    /// Metadata as the pair of its type and its value.
    struct MetadataValue: Decodable {
        let value: GGUFWriter.Value

        init(from decoder: any Decoder) throws {
            var pair = try decoder.unkeyedContainer()
            switch try pair.decode(String.self) {
            case "uint32": value = .uint32(try pair.decode(UInt32.self))
            case "float32": value = .float32(Float(try pair.decode(Double.self)))
            case "bool": value = .bool(try pair.decode(Bool.self))
            case "string": value = .string(try pair.decode(String.self))
            case "array": value = .array(try pair.decode([String].self).map(GGUFWriter.Value.string))
            case let type:
                throw DecodingError.dataCorruptedError(in: pair, debugDescription: "no fixture has metadata of \(type)")
            }
        }
    }

    /// A tensor of the GGUF file, and what it follows from.
    struct ConvertedTensor: Decodable {
        let name: String
        /// Fastest dimension first.
        let shape: [Int]
        /// Tensors of the folder; nil where `constants` holds the values.
        let sources: [String]?
        let change: Change?
        let heads: Int?
        let constants: [Float]?

        enum Change: String, Decodable {
            case addOne = "add one"
            /// Rotated pairs lie a half of the head apart in the folder, and side by side in the file.
            case interleaveHalves = "interleave halves"
            /// Query, key and value rows lie together for each head in the folder, and kind after kind in the file.
            case partTriples = "part triples"
            /// One after the other.
            case stack
        }

        private enum CodingKeys: String, CodingKey {
            case name, shape, change, heads
            case sources = "from", constants = "values"
        }

        func values(from folder: [String: [Float]], shapes: [String: [Int]]) throws -> [Float] {
            if let constants { return constants }
            let sources = try #require(sources)
            let values = try sources.map { try #require(folder[$0]) }
            let rowLength = try #require(shapes[sources[0]]).dropFirst().reduce(1, *)
            switch change {
            case nil: return values[0]
            case .addOne: return values[0].map { $0 + 1 }
            case .stack: return values.flatMap { $0 }
            case .interleaveHalves:
                return Self.exchange(values[0], counts: (try #require(heads), 2), rowLength: rowLength, within: true)
            case .partTriples:
                return Self.exchange(values[0], counts: (try #require(heads), 3), rowLength: rowLength, within: false)
            }
        }

        /// Rows by [head, part, rest] in the order [head, rest, part], or [part, head, rest] where not `within` a head.
        private static func exchange(
            _ values: [Float], counts: (heads: Int, parts: Int), rowLength: Int, within: Bool
        ) -> [Float] {
            let rest = values.count / rowLength / counts.heads / counts.parts
            func row(_ head: Int, _ part: Int, _ index: Int) -> ArraySlice<Float> {
                let row = (head * counts.parts + part) * rest + index
                return values[row * rowLength..<(row + 1) * rowLength]
            }
            var result: [Float] = []
            result.reserveCapacity(values.count)
            if within {
                for head in 0..<counts.heads {
                    for index in 0..<rest { for part in 0..<counts.parts { result += row(head, part, index) } }
                }
            } else {
                for part in 0..<counts.parts {
                    for head in 0..<counts.heads { for index in 0..<rest { result += row(head, part, index) } }
                }
            }
            return result
        }
    }
}
