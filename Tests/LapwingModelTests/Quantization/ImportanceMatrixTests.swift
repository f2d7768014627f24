import LapwingModel
import LapwingStatistics
import LapwingTestSupport
import Testing

@Suite("Importance matrices")
struct ImportanceMatrixTests {
    // MARK: Files

    private static func floats(_ values: [Float]) -> [UInt8] { Quantize.encode(values, as: .f32) }

    private static func gguf(sums: [Float] = [2, 4, 6, 8], counts: [Float] = [2]) -> GGUFWriter {
        var writer = GGUFWriter()
        writer.add("general.type", .string("imatrix"))
        writer.add("imatrix.datasets", strings: ["wiki.txt", "code.txt"])
        writer.add("imatrix.chunk_count", .uint32(12))
        writer.add(
            tensor: "a.weight.in_sum2", .f32, shape: [sums.count / counts.count, counts.count], data: floats(sums))
        writer.add(tensor: "a.weight.counts", .f32, shape: [1, counts.count], data: floats(counts))
        return writer
    }

    private static func older(
        calls: Int32 = 2, values: [Float] = [2, 4], entries: Int32 = 1, tail: Bool = true
    ) -> [UInt8] {
        func bytes(_ number: Int32) -> [UInt8] { withUnsafeBytes(of: number.littleEndian) { Array($0) } }
        func text(_ text: String) -> [UInt8] { bytes(Int32(text.utf8.count)) + Array(text.utf8) }
        let entry = text("a.weight") + bytes(calls) + bytes(Int32(values.count)) + floats(values)
        return bytes(entries) + entry + (tail ? bytes(5) + text("wiki.txt") : [])
    }

    @Test("A GGUF one has sums divided by their counts, expert by expert")
    func readsGGUF() throws {
        let matrix = try ImportanceMatrix(bytes: Self.gguf().file().bytes, name: "m.gguf")
        #expect(matrix.meanSquares == ["a.weight": [1, 2, 3, 4]])
        #expect(matrix.origin == .init(file: "m.gguf", dataset: "wiki.txt, code.txt", chunkCount: 12))
        let experts = Self.gguf(sums: [2, 4, 6, 9], counts: [2, 3]).file().bytes
        #expect(try ImportanceMatrix(bytes: experts, name: "").meanSquares == ["a.weight": [1, 2, 2, 3]])
        // An expert that was never used.
        let unused = Self.gguf(sums: [2, 4, 0, 0], counts: [2, 0]).file().bytes
        #expect(try ImportanceMatrix(bytes: unused, name: "").meanSquares == ["a.weight": [1, 2, 0, 0]])
    }

    @Test("The older form is read with and without its last lines")
    func readsOlder() throws {
        let matrix = try ImportanceMatrix(bytes: Self.older(), name: "m.dat")
        #expect(matrix.meanSquares == ["a.weight": [1, 2]])
        #expect(matrix.origin == .init(file: "m.dat", dataset: "wiki.txt", chunkCount: 5))
        #expect(try ImportanceMatrix(bytes: Self.older(tail: false), name: "").meanSquares == ["a.weight": [1, 2]])
    }

    @Test("Both forms are read from the disk, by the name of the file")
    func readsFiles() throws {
        let folder = try TemporaryFolder()
        // Larger than a page, so that a mapping that went too early would be missed.
        let sums = [Float](repeating: 2, count: 100_000)
        let path = try folder.write(Self.gguf(sums: sums).file().bytes, to: "m.gguf")
        let matrix = try ImportanceMatrix(path: path)
        #expect(matrix.meanSquares["a.weight"] == [Float](repeating: 1, count: 100_000))
        #expect(matrix.origin.file == "m.gguf")
        let older = try ImportanceMatrix(path: try folder.write(Self.older(), to: "m.dat"))
        #expect(older.meanSquares == ["a.weight": [1, 2]] && older.origin.file == "m.dat")
    }

    @Test("A file that lies is refused: where it ends early, in counts, in lengths and in values")
    func refusesLies() throws {
        let sound = Self.older()
        for length in 0..<sound.count where length != sound.count - 16 {
            #expect(throws: WeightsError.self, "cut to \(length)") {
                _ = try ImportanceMatrix(bytes: Array(sound[..<length]), name: "")
            }
        }
        var fewCounts = Self.gguf(counts: [1, 1])
        fewCounts.tensors[1].shape = [1, 1]
        let unsound: [[UInt8]] = [
            Self.older(calls: 0), Self.older(calls: -1), Self.older(entries: 2), Self.older(entries: -1),
            Self.older(entries: 0, tail: false), Self.older(values: [.nan, 1]), Self.older(values: [-1, 1]),
            Self.older(values: [.infinity, 1]), fewCounts.file().bytes,
            Self.gguf(sums: [.nan, 1, 1, 1]).file().bytes, Self.gguf(counts: [-1]).file().bytes,
            TinyModel().bytes(),
        ]
        for (index, bytes) in unsound.enumerated() {
            #expect(throws: WeightsError.self, "\(index)") { _ = try ImportanceMatrix(bytes: bytes, name: "") }
        }
    }

    @Test("Random damage never ends the process")
    func damage() {
        var random = SplitMix64(seed: 11)
        for sound in [Self.older(), Self.gguf().file().bytes] {
            for _ in 0..<2_000 {
                var bytes = sound
                for _ in 0...random.below(4) { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
                _ = try? ImportanceMatrix(bytes: bytes, name: "")
            }
        }
    }
}
