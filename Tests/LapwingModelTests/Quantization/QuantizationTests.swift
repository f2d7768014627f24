import Foundation
import LapwingModel
import LapwingTestSupport
import Testing

@Suite("Quantising files")
struct QuantizationTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path + "/out.gguf"
    }

    private var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [] }

    /// A model whose rows are whole K blocks.
    private static func wideModel(_ type: TensorType = .f32) -> TinyModel {
        var model = TinyModel(weights: type)
        (model.embeddingLength, model.feedForwardLength, model.layerCount) = (256, 512, 2)
        return model
    }

    @Test("Every type gives a file that loads, runs and says what it is", arguments: QuantizationType.allCases)
    func everyTypeLoads(type: QuantizationType) throws {
        let source = try GGUFFile(bytes: Self.wideModel().bytes())
        let quantization = try Quantization(source, to: type)
        try quantization.write(to: path, workers: Workers(count: 2))
        let file = try GGUFFile(path: path)
        #expect(try file.uint32("general.file_type") == type.fileType)
        #expect(file.contains("general.quantization_version") == !type.tensorType.isFloat)
        for key in source.keys { #expect(file.encodedValue(key) == source.encodedValue(key), "\(key)") }
        #expect(file.tensors.values.reduce(0) { $0 + $1.byteCount } == quantization.byteCount)
        for tensor in file.tensors.values where tensor.shape.count == 1 { #expect(tensor.type == .f32) }
        let model = try LanguageModel(file: file, options: LoadOptions(workers: Workers(count: 1)))
        #expect(model.configuration.layerCount == 2)
        #expect(names == ["out.gguf"])
    }

    @Test("What is written is each row quantised by itself, whatever the number of threads")
    func bytesDoNotDependOnThreads() throws {
        let source = try GGUFFile(bytes: Self.wideModel().bytes())
        let quantization = try Quantization(source, to: .q4_k_m)
        var files: [Data] = []
        for count in [1, 2, 5] {
            try quantization.write(to: path, workers: Workers(count: count))
            files.append(try Data(contentsOf: URL(filePath: path)))
        }
        #expect(files[0] == files[1] && files[0] == files[2])
    }

    @Test("F32 from a quantised file is what the file says, and F16 of F16 is a copy")
    func floatsAreExact() throws {
        let source = try GGUFFile(bytes: Self.wideModel(.q4_0).bytes())
        try Quantization(source, to: .f32).write(to: path, workers: Workers(count: 2))
        let file = try GGUFFile(path: path)
        for tensor in source.tensors.values {
            let copy = try file.tensor(tensor.name)
            #expect(copy.type == .f32)
            #expect(try file.dequantize(copy) == source.dequantize(tensor))
        }
        let halves = try GGUFFile(bytes: Self.wideModel(.f16).bytes())
        try Quantization(halves, to: .f16).write(to: path, workers: Workers(count: 1))
        let copied = try GGUFFile(path: path)
        for tensor in halves.tensors.values {
            #expect(Array(copied.bytes(of: try copied.tensor(tensor.name))) == Array(halves.bytes(of: tensor)))
        }
    }

    @Test("Experts that share a tensor are quantised with their own importance")
    func experts() throws {
        var model = Self.wideModel()
        model.experts = .init(count: 4, usedCount: 2)
        let source = try GGUFFile(bytes: model.bytes())
        let name = "blk.0.ffn_up_exps.weight"
        // The second expert uses its first column alone; of the third the text knew nothing.
        var squares = [Float](repeating: 1, count: 4 * 256)
        for column in 257..<512 { squares[column] = 0 }
        for column in 512..<768 { squares[column] = 0 }
        func written(_ squares: [Float]?) throws -> [Float] {
            let matrix = squares.map {
                ImportanceMatrix(
                    meanSquares: [name: $0], origin: .init(file: "a.gguf", dataset: "b.txt", chunkCount: 3))
            }
            try Quantization(source, to: .q4_k_s, importance: matrix).write(to: path, workers: Workers(count: 2))
            let file = try GGUFFile(path: path)
            return try file.dequantize(file.tensor(name))
        }
        let (plain, weighed) = (try written(nil), try written(squares))
        let file = try GGUFFile(path: path), exact = try source.dequantize(source.tensor(name))
        let share = exact.count / 4
        for expert in 0..<4 {
            let part = expert * share..<(expert + 1) * share
            if expert == 1 {
                func error(_ values: [Float]) -> Float {
                    stride(from: part.lowerBound, to: part.upperBound, by: 256).reduce(0) {
                        $0 + abs(values[$1] - exact[$1])
                    }
                }
                #expect(error(weighed) < error(plain) * 0.5)
            } else {
                #expect(plain[part] == weighed[part])
            }
        }
        #expect(try file.string("quantize.imatrix.file") == "a.gguf")
        #expect(try file.string("quantize.imatrix.dataset") == "b.txt")
        #expect(try file.uint32("quantize.imatrix.chunks_count") == 3)
        #expect(try file.uint32("quantize.imatrix.entries_count") == 1)
        // Another quantisation without one says nothing of it.
        try Quantization(file, to: .f32).write(to: folder.path + "/again.gguf", workers: Workers(count: 1))
        #expect(try !GGUFFile(path: folder.path + "/again.gguf").contains("quantize.imatrix.file"))
    }

    @Test("The sizes that are announced are those of the file's tensors, and bits a weight follow from them")
    func sizes() throws {
        let quantization = try Quantization(GGUFFile(bytes: Self.wideModel().bytes()), to: .q8_0)
        #expect(quantization.bitsPerWeight.source == 32)
        // Norms stay floats.
        #expect(quantization.bitsPerWeight.result > 8.5 && quantization.bitsPerWeight.result < 8.6)
        var seen: [Quantization.Progress] = []
        try quantization.write(to: path, workers: Workers(count: 1)) { seen.append($0) }
        #expect(seen.first?.byteCount == 0 && seen.last?.byteCount == quantization.byteCount)
        #expect(seen.allSatisfy { $0.total == quantization.byteCount })
        #expect(zip(seen, seen.dropFirst()).allSatisfy { $0.byteCount < $1.byteCount })
    }

    // MARK: Refusals

    @Test("What is quantised already is refused by name, unless a second loss is allowed")
    func requantizing() throws {
        let source = try GGUFFile(bytes: Self.wideModel(.q8_0).bytes())
        #expect(throws: QuantizationError.alreadyQuantized(name: "token_embd.weight", type: .q8_0)) {
            _ = try Quantization(source, to: .q4_k_m)
        }
        try Quantization(source, to: .q4_k_m, allowsRequantizing: true).write(to: path, workers: Workers(count: 1))
        // What has its type already is copied, which is no second loss.
        _ = try Quantization(source, to: .q8_0)
    }

    @Test("The input is never the output, by whatever name")
    func sameFile() throws {
        let input = try folder.write(TinyModel().bytes(), to: "in.gguf")
        let before = try Data(contentsOf: URL(filePath: input))
        let link = folder.path + "/link.gguf"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: input)
        let quantization = try Quantization(GGUFFile(path: input), to: .q8_0)
        for output in [input, link, folder.path + "/./in.gguf"] {
            #expect(throws: QuantizationError.wouldReplaceInput(path: output)) {
                try quantization.write(to: output, workers: Workers(count: 1))
            }
        }
        #expect(try Data(contentsOf: URL(filePath: input)) == before)
    }

    @Test("A model in parts becomes one file, and none of its parts is the output")
    func parts() throws {
        let parts = TinyModel().writer().shards(2, name: "in")
        let paths = try parts.map { try folder.write($0.bytes, to: $0.name) }
        let quantization = try Quantization(GGUFFile(path: paths[0]), to: .q8_0)
        #expect(throws: QuantizationError.wouldReplaceInput(path: paths[1])) {
            try quantization.write(to: paths[1], workers: Workers(count: 1))
        }
        try quantization.write(to: path, workers: Workers(count: 1))
        let file = try GGUFFile(path: path)
        #expect(file.tensors.count == TinyModel().writer().tensors.count)
        #expect(!file.keys.contains { $0.hasPrefix("split.") })
    }

    @Test("What only its owner may read stays so")
    func permissions() throws {
        let input = try folder.write(TinyModel().bytes(), to: "in.gguf")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: input)
        try Quantization(GGUFFile(path: input), to: .q8_0).write(to: path, workers: Workers(count: 1))
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
    }

    @Test("A layer's number beyond all tensors changes nothing", arguments: ["9223372036854775807", "-1", "3000000"])
    func strangeLayers(number: String) throws {
        var writer = TinyModel().writer()
        writer.add(tensor: "blk.\(number).x.weight", .f32, shape: [32], data: [UInt8](repeating: 0, count: 128))
        let plain = try Quantization(GGUFFile(bytes: TinyModel().bytes()), to: .q4_k_m).tensors
        let strange = try Quantization(GGUFFile(bytes: writer.file().bytes), to: .q4_k_m).tensors
        #expect(strange.filter { !$0.tensor.name.hasSuffix("x.weight") }.map(\.type) == plain.map(\.type))
    }

    @Test("So many tokens of a text as were asked for, in its sequences")
    func prefix() {
        let text = CalibrationText((0..<100).map { $0 }, length: 30, first: 7)
        #expect(text.prefix(tokenCount: 40).sequences.map(\.count) == [30, 10])
        #expect(text.prefix(tokenCount: 1).sequences == [[7]])
        #expect(CalibrationText([1, 2], length: 1, first: 7).sequences == [[7, 1], [7, 2]])
    }

    @Test("A weight that is not finite is refused with its tensor and row, and nothing is left")
    func notFinite() throws {
        var writer = TinyModel().writer()
        let index = try #require(writer.tensors.firstIndex { $0.name == "blk.1.attn_k.weight" })
        // Row 5 of 64 columns.
        writer.tensors[index].data.replaceSubrange((5 * 64 + 3) * 4..<(5 * 64 + 4) * 4, with: [0, 0, 0x80, 0x7F])
        let quantization = try Quantization(GGUFFile(bytes: writer.file().bytes), to: .q8_0)
        #expect(throws: QuantizationError.notFinite(name: "blk.1.attn_k.weight", row: 5)) {
            try quantization.write(to: path, workers: Workers(count: 3))
        }
        #expect(names.isEmpty)
    }

    @Test("An importance matrix of another model is refused before anything is written")
    func unfitImportance() throws {
        let matrix = ImportanceMatrix(
            meanSquares: ["blk.0.attn_q.weight": [1, 2, 3]], origin: .init(file: "", dataset: "", chunkCount: 0))
        let expected = QuantizationError.unfitImportance(name: "blk.0.attn_q.weight", expected: 64, found: 3)
        #expect(throws: expected) {
            _ = try Quantization(GGUFFile(bytes: TinyModel().bytes()), to: .q8_0, importance: matrix)
        }
    }

    @Test("A cancelled task leaves nothing behind")
    func cancelled() async throws {
        let path = path
        let task = Task {
            let quantization = try Quantization(GGUFFile(bytes: TinyModel().bytes()), to: .q8_0)
            try quantization.write(to: path, workers: Workers(count: 1)) { _ in
                withUnsafeCurrentTask { $0?.cancel() }
            }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(names.isEmpty)
    }
}
