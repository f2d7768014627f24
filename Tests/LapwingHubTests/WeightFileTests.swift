import Foundation
import LapwingHub
import LapwingModel
import LapwingTestSupport
import Testing

@Suite struct WeightFileTests {
    private func folder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "lapwing-weights-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    private func writer(architecture: String) -> GGUFWriter {
        var writer = GGUFWriter()
        writer.add("general.architecture", .string(architecture))
        writer.add("general.name", .string("Tiny"))
        writer.add("\(architecture).context_length", .uint32(256))
        writer.add(tensor: "a", .q8_0, shape: [32, 4], data: [UInt8](repeating: 0, count: 4 * 34))
        writer.add(tensor: "b", .f32, shape: [32], data: [UInt8](repeating: 0, count: 128))
        return writer
    }

    @Test("A header tells size, type, parameters and whether it can be run")
    func describes() throws {
        try folder { folder in
            let path = folder.appending(path: "tiny.gguf").path
            try Data(writer(architecture: "llama").file().bytes).write(to: URL(filePath: path))
            let file = try WeightFile(path: path)
            #expect(file.architecture == "llama")
            #expect(file.name == "Tiny")
            #expect(file.quantisation == "Q8_0")
            #expect(file.parameterCount == 160)
            #expect(file.contextLength == 256)
            #expect(file.isSupported)
            #expect(file.byteCount == Int64(try Data(contentsOf: URL(filePath: path)).count))
        }
    }

    @Test("A folder's weight files are listed by name; what cannot be run or read says so")
    func lists() throws {
        try folder { folder in
            try Data(writer(architecture: "rwkv").file().bytes).write(to: folder.appending(path: "b.gguf"))
            try Data(writer(architecture: "llama").file().bytes).write(to: folder.appending(path: "a.GGUF"))
            try Data("not one".utf8).write(to: folder.appending(path: "c.gguf"))
            try Data("other".utf8).write(to: folder.appending(path: "d.txt"))
            let paths = WeightFile.paths(in: folder.path)
            #expect(paths.map { URL(filePath: $0).lastPathComponent } == ["a.GGUF", "b.gguf", "c.gguf"])
            #expect(try paths.prefix(2).map { try WeightFile(path: $0).isSupported } == [true, false])
            #expect(throws: WeightsError.self) { try WeightFile(path: paths[2]) }
        }
        #expect(WeightFile.paths(in: "/nowhere/at/all").isEmpty)
    }
}
