import Foundation
import LapwingModel
import LapwingTestSupport
import Testing

@Suite("GGUFFile")
struct GGUFFileTests {
    @Test("Both versions open and give tensors with their place, type and shape", arguments: [2, 3])
    func opens(version: UInt32) throws {
        var writer = GGUFSample.writer()
        writer.version = version
        let file = try GGUFFile(bytes: writer.file().bytes)
        #expect(file.version == Int(version))
        #expect(file.tensors.count == 5)
        let matrix = try file.tensor("matrix", shape: [4, 3])
        #expect(matrix.type == .f32)
        #expect(matrix.byteCount == 48)
        #expect(matrix.offset % 32 == 0)
        #expect(try file.dequantize(matrix) == (0..<12).map(Float.init))
        #expect(try file.dequantize(file.tensor("number", shape: [])) == [1])
        #expect(try file.tensor("cube").shape == [2, 2, 2])
        let data = writer.tensors[1].data
        #expect(Array(file.bytes(of: try file.tensor("row"))) == data)
    }

    @Test("A mapped file and a copy of it in memory read the same")
    func mapsFile() throws {
        let folder = try TemporaryFolder()
        let bytes = GGUFSample.file().bytes
        let mapped = try GGUFFile(path: folder.write(bytes, to: "sample.gguf"))
        let copied = try GGUFFile(bytes: bytes)
        #expect(mapped.tensors == copied.tensors)
        #expect(mapped.byteCount == bytes.count)
        for tensor in mapped.tensors.values {
            #expect(Array(mapped.bytes(of: tensor)) == Array(copied.bytes(of: tensor)))
        }
    }

    @Test("A path that is no readable file is refused with the system's reason")
    func refusesOtherThanFiles() throws {
        let folder = try TemporaryFolder()
        let missing = folder.path + "/missing.gguf"
        #expect(throws: WeightsError.unreadable(path: missing, reason: "No such file or directory")) {
            try GGUFFile(path: missing)
        }
        let configuration = folder.path + "/config.json"
        #expect(throws: WeightsError.unreadable(path: configuration, reason: "No such file or directory")) {
            try GGUFFile(path: folder.path)
        }
        let pipe = folder.path + "/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(throws: WeightsError.unreadable(path: pipe, reason: "not a regular file")) {
            try GGUFFile(path: pipe)
        }
        let empty = try folder.write([], to: "empty.gguf")
        #expect(throws: WeightsError.notGGUF(found: [])) { try GGUFFile(path: empty) }
    }

    @Test("Another alignment moves the tensors")
    func honoursAlignment() throws {
        var writer = GGUFWriter()
        writer.alignment = 4096
        writer.add("general.alignment", .uint32(4096))
        writer.add(tensor: "first", .f32, shape: [1], data: [0, 0, 0x80, 0x3F])
        writer.add(tensor: "second", .f32, shape: [1], data: [0, 0, 0, 0x40])
        let file = try GGUFFile(bytes: writer.file().bytes)
        #expect(try file.tensor("first").offset == 4096)
        #expect(try file.tensor("second").offset == 8192)
        #expect(try file.dequantize(file.tensor("second")) == [2])
    }

    @Test("Tensors may lie in any order and apart from each other")
    func acceptsAnyOrder() throws {
        var file = GGUFSample.file()
        let (row, cube) = (file.number("offset of row"), file.number("offset of cube"))
        file.replace("offset of row", with: cube)
        file.replace("offset of cube", with: row)
        let swapped = try GGUFFile(bytes: file.bytes)
        let original = try GGUFFile(bytes: GGUFSample.file().bytes)
        #expect(try swapped.tensor("row").offset == original.tensor("cube").offset)
    }

    @Test("A file without tensors is metadata alone")
    func acceptsMetadataAlone() throws {
        var writer = GGUFWriter()
        writer.add("general.type", .string("vocabulary"))
        let file = try GGUFFile(bytes: writer.file().bytes)
        #expect(file.tensors.isEmpty)
        #expect(try file.string("general.type") == "vocabulary")
    }

    @Test("A tensor that is missing, of another shape or of a type that is not computed with is refused by name")
    func refusesUnusableTensors() throws {
        let file = try GGUFFile(bytes: GGUFSample.file().bytes)
        let unusual = try #require(file.tensors["unusual"])
        #expect(throws: WeightsError.missingTensor(name: "absent")) { try file.tensor("absent") }
        let place = try file.tensor("matrix").offset
        let mismatch = WeightsError.shapeMismatch(name: "matrix", offset: place, expected: [3, 4], found: [4, 3])
        #expect(throws: mismatch) { try file.tensor("matrix", shape: [3, 4]) }
        let unsupported = WeightsError.unsupportedTensorType(name: "unusual", type: .nvfp4, offset: unusual.offset)
        #expect(throws: unsupported) { try file.tensor("unusual") }
        #expect(throws: unsupported) { try file.dequantize(unusual) }
        #expect(unsupported.description.contains("NVFP4"))
    }

    @Test("A tiny model of every type opens, and its embedding decodes to its range", arguments: TensorType.readable)
    func tinyModels(type: TensorType) throws {
        let model = TinyModel(weights: type, hasTiedHead: false)
        let written = try model.write()
        let file = try GGUFFile(path: written.path)
        let embedding = try file.tensor("token_embd.weight", shape: [model.embeddingLength, model.vocabularySize])
        #expect(embedding.type == type)
        let values = try file.dequantize(embedding)
        let mean = values.reduce(0, +) / Float(values.count)
        #expect(abs(mean) < 0.02)
        #expect(try (0.85..<1.1).contains(#require(values.max())))
        #expect(try (-1.1 ..< -0.85).contains(#require(values.min())))
        #expect(try file.tensor("output.weight").type == type)
        #expect(try file.tensor("output_norm.weight", shape: [model.embeddingLength]).type == .f32)
    }

    @Test("The same tiny model has the same bytes, another seed has others")
    func tinyModelsAreReproducible() {
        let first = TinyModel(seed: 1, weights: .q8_0).bytes()
        #expect(first == TinyModel(seed: 1, weights: .q8_0).bytes())
        #expect(first != TinyModel(seed: 2, weights: .q8_0).bytes())
    }

    @Test("A tiny model's vocabulary has control tokens, every byte and merges whose halves it holds")
    func tinyVocabulary() throws {
        let file = try GGUFFile(bytes: TinyModel().bytes())
        let tokens = try file.strings("tokenizer.ggml.tokens")
        let types = try file.int32s("tokenizer.ggml.token_type")
        let merges = try file.strings("tokenizer.ggml.merges")
        #expect(tokens.count == 384)
        #expect(Set(tokens).count == 384)
        #expect(Array(tokens.prefix(3)) == ["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
        #expect(types.count == 384)
        #expect(merges.count == 125)
        #expect(merges.contains("Ġt he") || merges.contains("Ġ the") || merges.contains("Ġth e"))
        for merge in merges {
            let halves = merge.split(separator: " ").map(String.init)
            #expect(halves.count == 2)
            #expect(tokens.contains(halves[0]) && tokens.contains(halves[1]))
            #expect(tokens.contains(halves.joined()))
        }
    }

    @Test("A written model is removed with the last reference to it")
    func writtenModelIsRemoved() throws {
        var written: WrittenModel? = try TinyModel().write()
        let path = try #require(written?.path)
        #expect(FileManager.default.fileExists(atPath: path))
        written = nil
        #expect(!FileManager.default.fileExists(atPath: path))
    }
}
