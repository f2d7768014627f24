import Foundation

extension ImportanceMatrix {
    /// Reads a GGUF importance matrix, or the older form of llama.cpp's `imatrix` tool.
    package init(path: String) throws {
        let mapping = try FileMapping(path: path)
        // The bytes are unmapped with the last reference, which may be before they are copied.
        let bytes = withExtendedLifetime(mapping) { [UInt8](mapping.bytes) }
        try self.init(bytes: bytes, name: URL(filePath: path).lastPathComponent)
    }

    package init(bytes: [UInt8], name: String) throws {
        if bytes.prefix(4) == Array("GGUF".utf8)[...] {
            try self.init(GGUFFile(bytes: bytes), name: name)
        } else {
            self = try bytes.withUnsafeBytes { try Self.readOlder($0, name: name) }
        }
        guard !meanSquares.isEmpty else {
            throw WeightsError.invalid(
                field: "the importance matrix", offset: 0, found: "no entries", expected: "one for each matrix")
        }
    }

    /// A tensor of sums of squares and one of counts for each matrix, by the matrix' name and a suffix.
    private init(_ file: GGUFFile, name: String) throws(WeightsError) {
        let suffix = ".in_sum2"
        var found: [String: [Float]] = [:]
        for tensor in file.tensors.values where tensor.name.hasSuffix(suffix) {
            let matrix = String(tensor.name.dropLast(suffix.count))
            let counts = try file.tensor(matrix + ".counts")
            let columns = tensor.shape.first ?? 1
            guard tensor.type == .f32, counts.type == .f32, counts.elementCount * columns == tensor.elementCount else {
                throw .shapeMismatch(
                    name: counts.name, offset: counts.offset, expected: [1, tensor.elementCount / columns],
                    found: counts.shape)
            }
            let divisors = try file.dequantize(counts), sums = try file.dequantize(tensor)
            found[matrix] = try Self.checked(
                sums.enumerated().map { index, sum in
                    let count = divisors[index / columns]
                    return count == 0 ? 0 : sum / count
                }, of: matrix, offset: tensor.offset)
        }
        let dataset = try file.ifPresent("imatrix.datasets", file.strings)?.joined(separator: ", ") ?? ""
        let chunks = try file.ifPresent("imatrix.chunk_count", file.uint32) ?? 0
        self.init(meanSquares: found, origin: Origin(file: name, dataset: dataset, chunkCount: Int(chunks)))
    }

    /// A count of entries, each a name, a number of calls, and sums over the calls; then, in newer ones, the number of
    /// chunks and the name of the text.
    private static func readOlder(_ bytes: UnsafeRawBufferPointer, name: String) throws(WeightsError) -> Self {
        var cursor = GGUFCursor(bytes: bytes)
        let count = try cursor.count(
            UInt32.self, limit: GGUFLimits.tensorCount, minimumByteCount: 13, "number of importance entries")
        var found: [String: [Float]] = [:]
        for index in 0..<count {
            let matrix = try text(&cursor, "name of importance entry \(index)")
            let offset = cursor.offset
            let calls = try cursor.integer(Int32.self, "number of calls of \"\(matrix)\"")
            let length = try cursor.count(
                UInt32.self, limit: 1 << 26, minimumByteCount: 4, "number of values of \"\(matrix)\"")
            guard calls > 0 else {
                throw .invalid(
                    field: "number of calls of \"\(matrix)\"", offset: offset, found: "\(calls)", expected: "1 or more")
            }
            let start = cursor.offset
            try cursor.skip(UInt64(4 * length), "values of \"\(matrix)\"")
            let values = (0..<length).map { place in
                let bits = bytes.loadUnaligned(fromByteOffset: start + 4 * place, as: UInt32.self)
                return Float(bitPattern: UInt32(littleEndian: bits)) / Float(calls)
            }
            guard found.updateValue(try checked(values, of: matrix, offset: start), forKey: matrix) == nil else {
                throw .duplicate(field: "name of importance entry \(index)", offset: start, name: matrix)
            }
        }
        var origin = Origin(file: name, dataset: "", chunkCount: 0)
        if cursor.remaining > 0 {
            origin.chunkCount = max(0, Int(try cursor.integer(Int32.self, "number of chunks")))
            origin.dataset = try text(&cursor, "name of the text")
        }
        return Self(meanSquares: found, origin: origin)
    }

    private static func text(_ cursor: inout GGUFCursor, _ field: String) throws(WeightsError) -> String {
        let length = try cursor.count(
            UInt32.self, limit: GGUFLimits.keyByteCount, minimumByteCount: 1, "length of \(field)")
        let start = cursor.offset
        try cursor.skip(UInt64(length), field)
        return try cursor.bytes.text(start..<cursor.offset, field)
    }

    private static func checked(_ values: [Float], of matrix: String, offset: Int) throws(WeightsError) -> [Float] {
        if let unsound = values.first(where: { !($0.isFinite && $0 >= 0) }) {
            throw .invalid(
                field: "importance of \"\(matrix)\"", offset: offset, found: "\(unsound)",
                expected: "mean squares, finite and not below zero")
        }
        return values
    }
}
