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

    @Test("An encoder can be run, and an architecture that nothing here runs cannot", arguments: ["bert", "lark"])
    func isSupported(architecture: String) throws {
        let folder = try TemporaryFolder()
        let bytes = writer(architecture: architecture).file().bytes
        let file = try WeightFile(path: folder.write(bytes, to: "m.gguf"))
        #expect(file.isSupported == (architecture == "bert"))
    }

    private func describe(_ change: (inout GGUFWriter) -> Void) throws -> WeightFile {
        var writer = writer(architecture: "llama")
        change(&writer)
        let folder = try TemporaryFolder()
        return try WeightFile(path: folder.write(writer.file().bytes, to: "m.gguf"))
    }

    @Test("A mixture's name is taken where the tensors bear it out")
    func quantisation() throws {
        func type(_ told: UInt32, _ type: TensorType) throws -> String {
            try describe { writer in
                writer.add("general.file_type", .uint32(told))
                let bytes = 16 * type.blockByteCount
                writer.add(tensor: "c", type, shape: [256, 16], data: [UInt8](repeating: 0, count: bytes))
            }.quantisation
        }
        #expect(try type(15, .q4_K) == "Q4_K_M")
        #expect(try type(14, .q4_K) == "Q4_K_S")
        #expect(try type(15, .q6_K) == "Q6_K")
        #expect(try type(99, .q4_K) == "Q4_K")
    }

    @Test("Licence and origin are read from the file's own metadata")
    func lineage() throws {
        let file = try describe { writer in
            writer.add("general.license", .string("apache-2.0"))
            writer.add("general.size_label", .string("135M"))
            writer.add("general.base_model.count", .uint32(1))
            writer.add("general.base_model.0.name", .string("Lark"))
            writer.add("general.base_model.0.repo_url", .string("https://huggingface.co/acme/lark-base"))
            writer.add("general.source.url", .string("https://example.org/x"))
        }
        #expect(file.license == "apache-2.0")
        #expect(file.sizeLabel == "135M")
        #expect(
            file.origins.map(\.description) == ["fine-tune of acme/lark-base", "quantised from https://example.org/x"])
        let merged = try describe { writer in
            writer.add("general.license.name", .string("gemma"))
            writer.add("general.license", .string("other"))
            // More than there are: a count is not believed.
            writer.add("general.base_model.count", .uint32(.max))
            for index in 0..<2 {
                writer.add("general.base_model.\(index).organization", .string("acme"))
                writer.add("general.base_model.\(index).name", .string("Lark \(index)"))
            }
        }
        #expect(merged.license == "gemma")
        #expect(merged.origins.map(\.description) == ["merge of acme/Lark 0", "merge of acme/Lark 1"])
        #expect(try describe { _ in }.origins == [])
    }

    @Test("What the hub's card said when a file was pulled completes what the file says")
    func card() async throws {
        var writer = writer(architecture: "llama")
        writer.add("general.base_model.count", .uint32(1))
        writer.add("general.base_model.0.repo_url", .string("https://huggingface.co/acme/lark-base"))
        let bytes = writer.file().bytes
        let pull = try Pull()
        defer { pull.remove() }
        try await ScriptedServer.run { request, _ in
            let repository = HubRepository(files: ["m.gguf": bytes])
            guard request.path.contains("/revision/") else { return repository.reply(request) }
            let card = #"{"license": "mit", "base_model": "acme/lark"}"#
            return .init(body: Array(#"{"sha": "\#(HubFixture.commit)", "cardData": \#(card)}"#.utf8))
        } body: { server in
            try await pull.run("acme/lark", from: server)
        }
        let file = try WeightFile(path: pull.folder.appending(path: "m.gguf").path)
        #expect(file.license == "mit")
        #expect(file.origins.map(\.description) == ["fine-tune of acme/lark-base", "quantised from acme/lark"])
        #expect((file.repository, file.commit) == ("acme/lark", HubFixture.commit))
    }
}
