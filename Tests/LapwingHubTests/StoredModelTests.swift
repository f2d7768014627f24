import Foundation
import LapwingHub
import LapwingModel
import LapwingTestSupport
import Testing

@Suite struct StoredModelTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    private func write(_ names: String...) throws {
        for name in names {
            let url = URL(filePath: path(name))
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(name.utf8).write(to: url)
        }
    }

    private var names: [String] {
        (FileManager.default.enumerator(atPath: folder.path)?.allObjects as? [String] ?? []).sorted()
    }

    private func weights() -> GGUFWriter {
        var writer = GGUFWriter()
        writer.add("general.architecture", .string("llama"))
        writer.add(tensor: "a", .q8_0, shape: [32, 4], data: [UInt8](repeating: 0, count: 4 * 34))
        return writer
    }

    /// Pulls a repository of these files into the folder, and gives the model's path.
    private func pull(_ files: [String: [UInt8]]) async throws -> String {
        let pull = try Pull()
        defer { pull.remove() }
        try await ScriptedServer.run { request, _ in
            HubRepository(files: files).reply(request)
        } body: { server in
            try await pull.run("acme/lark", from: server)
        }
        for name in try FileManager.default.contentsOfDirectory(atPath: pull.folder.path) {
            try FileManager.default.moveItem(atPath: pull.folder.appending(path: name).path, toPath: path(name))
        }
        return try #require(StoredModel.all(in: folder.path).first).path
    }

    @Test("A folder's models are its GGUF files, sets of parts as one, and folders with a configuration and weights")
    func lists() throws {
        try write(
            "c.GGUF", "b-00002-of-00002.gguf", "b-00001-of-00002.gguf", "b-00001-of-00003.gguf", "a.txt",
            "hf/config.json", "hf/model.safetensors", "parts/config.json", "parts/model.safetensors.index.json",
            "other/config.json", "d.gguf.lapwing-pulled", "e.gguf.0123.partial")
        let models = StoredModel.all(in: folder.path)
        #expect(models.map(\.name) == ["b-00001-of-00002.gguf", "b-00001-of-00003.gguf", "c.GGUF", "hf", "parts"])
        #expect(StoredModel(path: path("b-00002-of-00002.gguf")) == models[0])
        #expect(StoredModel(path: path("hf/model.safetensors")) == models[3])
        #expect(StoredModel(path: path("hf") + "/") == models[3])
        for name in ["a.txt", "none.gguf", "other"] { #expect(StoredModel(path: path(name)) == nil) }
        #expect(StoredModel.all(in: "/nowhere/at/all") == [])
    }

    @Test("Removing a model takes all that belongs to it, and nothing beside it")
    func removes() throws {
        try write(
            "m-00001-of-00002.gguf", "m-00002-of-00002.gguf", "m-00001-of-00002.gguf.lapwing-packed",
            "m-00001-of-00002.gguf.lapwing-pulled", "m.gguf", "m-00001-of-00003.gguf")
        let removal = try #require(StoredModel(path: path("m-00001-of-00002.gguf"))).remove()
        #expect(removal.byteCount == 21 + 21 + 36 + 36)
        #expect(names == ["m-00001-of-00003.gguf", "m.gguf"])
    }

    @Test("A folder goes with its files, but stays with what else lies in it")
    func removesFolders() throws {
        try write("a/config.json", "a/model.safetensors", "a/tokenizer.json", "a/1_Pooling/config.json", "a/README.md")
        try write("b/config.json", "b/model.safetensors", "b/notes.txt", "b/extra.safetensors")
        #expect(try #require(StoredModel(path: path("a"))).remove().leftFolder == nil)
        #expect(try #require(StoredModel(path: path("b"))).remove().leftFolder == path("b"))
        // An adapter that lies beside a model is none of its files.
        #expect(names == ["b", "b/extra.safetensors", "b/notes.txt"])
    }

    private func whileOpen(_ path: String, _ body: () -> Void) throws {
        let file = try GGUFFile(path: path)
        body()
        withExtendedLifetime(file) {}
    }

    @Test("A model that is open is not removed, no part of it, and is once it is closed")
    func open() throws {
        let part = path("m-00002-of-00002.gguf")
        try Data(weights().file().bytes).write(to: URL(filePath: part))
        try write("m-00001-of-00002.gguf")
        let model = try #require(StoredModel(path: part))
        try whileOpen(part) { #expect(throws: HubError.isOpen(path: part)) { try model.remove() } }
        #expect(names.count == 2)
        #expect(try model.remove().leftFolder == nil)
        #expect(names == [])
    }

    @Test("What was pulled is verified by its checksums, and each fault is told with both")
    func verifies() async throws {
        let path = try await pull(["m-00001-of-00002.gguf": [1, 2], "m-00002-of-00002.gguf": [3, 4, 5]])
        let model = try #require(StoredModel(path: path))
        let sound = try model.verify { _ in }
        #expect((sound.state, sound.repository, sound.commit) == (.verified, "acme/lark", HubFixture.commit))
        #expect(sound.byteCount == 5)
        try Data([3, 4, 6]).write(to: URL(filePath: self.path("m-00002-of-00002.gguf")))
        let damaged = try model.verify { _ in }
        #expect(damaged.state == .damaged)
        #expect(
            damaged.faults == [
                "'\(self.path("m-00002-of-00002.gguf"))' has the SHA-256 "
                    + "90a9582bc0044041fb8ae3d20841986935aa9f0a1aace0fb607e6f43313ee4a7, pulled with "
                    + "2848698aa4b3431e3db06c343ca2cb0455f8aaf16c85cdd828c92ddf7dc134f8"
            ])
        try Data([3]).write(to: URL(filePath: self.path("m-00002-of-00002.gguf")))
        #expect(try model.verify { _ in }.faults.first?.hasSuffix("has 1 bytes, pulled with 3") == true)
        try FileManager.default.removeItem(atPath: self.path("m-00002-of-00002.gguf"))
        #expect(try model.verify { _ in }.faults.first?.hasSuffix("is missing") == true)
    }

    @Test("Weights that a link leads to are verified where they are")
    func linked() async throws {
        let model = try #require(StoredModel(path: try await pull(["m.gguf": [1, 2, 3]])))
        try FileManager.default.moveItem(atPath: model.path, toPath: path("elsewhere"))
        try FileManager.default.createSymbolicLink(atPath: model.path, withDestinationPath: path("elsewhere"))
        #expect(try model.verify { _ in }.state == .verified)
    }

    @Test("What was not pulled opens or does not, and no checksum is claimed")
    func opens() throws {
        var file = weights().file()
        try Data(file.bytes).write(to: URL(filePath: path("a.gguf")))
        file.replace("offset of a", with: 4096)
        try Data(file.bytes).write(to: URL(filePath: path("b.gguf")))
        let states = try StoredModel.all(in: folder.path).map { try $0.verify { _ in } }
        #expect(states.map(\.state) == [.opens, .damaged])
        #expect(states[1].faults.first?.contains("expected an extent within") == true)
    }

    @Test("A pulled folder that lost files is still a model, and its faults are told")
    func lostFiles() async throws {
        let files: [String: [UInt8]] = [
            "config.json": Array("{}".utf8), "model.safetensors": [1, 2], "1_Pooling/config.json": Array("{ }".utf8),
        ]
        let model = try #require(StoredModel(path: try await pull(files)))
        #expect(try model.verify { _ in }.state == .verified)
        try FileManager.default.removeItem(atPath: "\(model.path)/config.json")
        #expect(StoredModel.all(in: folder.path) == [model])
        #expect(try model.verify { _ in }.faults == ["'\(model.path)/config.json' is missing"])
    }

    @Test("A record that cannot be read is a fault, and not taken for none")
    func badRecord() throws {
        try Data(weights().file().bytes).write(to: URL(filePath: path("a.gguf")))
        try write("a.gguf.lapwing-pulled")
        let result = try #require(StoredModel(path: path("a.gguf"))).verify { _ in }
        #expect(result.state == .damaged)
        #expect(result.faults.first?.contains("it is no record of a pull") == true)
    }
}
