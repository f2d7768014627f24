import Foundation
import LapwingModel
import LapwingTestSupport
import Testing

@Suite("The packed cache beside a weight file")
struct PackedCacheTests {
    /// A model on disk whose cache a test may touch. Over two mebibytes packed, so that the checksums are several.
    private struct Files {
        let folder: TemporaryFolder
        let weights: String
        var cache: String { weights + ".lapwing-packed" }

        init(_ tiny: TinyModel = Files.tiny(seed: 1)) throws {
            folder = try TemporaryFolder()
            weights = try folder.write(tiny.bytes(), to: "model.gguf")
        }

        static func tiny(seed: UInt64, weights: TensorType = .q4_1) -> TinyModel {
            var tiny = TinyModel(seed: seed, weights: weights, embedding: .f32)
            tiny.vocabularySize = 8_192
            return tiny
        }

        func load() throws -> LanguageModel {
            try LanguageModel.load(path: weights, options: LoadOptions(workers: Workers(count: 2), packedCache: true))
        }

        /// Changes the cache's bytes in place, as damage would.
        func damage(_ change: (inout [UInt8]) -> Void) throws {
            var bytes = [UInt8](try Data(contentsOf: URL(filePath: cache)))
            change(&bytes)
            try Data(bytes).write(to: URL(filePath: cache))
        }

        /// Loading rewrites a cache for that reason, and the next start uses the new one.
        func expectRewritten(_ reason: String) throws {
            #expect(try load().packedCache == .rewritten(reason: reason))
            #expect(try load().packedCache == .used)
        }
    }

    private func logits(_ model: LanguageModel) throws -> [[Float]] {
        try TinyRun(model).logits([5, 300, 17, 8_000], chunk: 4, pages: [0])
    }

    @Test("The first start writes it, the next one uses it, and the logits are those of packed weights")
    func isUsed() throws {
        let files = try Files()
        let plain = try LanguageModel.load(path: files.weights)
        #expect(plain.packedCache == nil)
        #expect(!FileManager.default.fileExists(atPath: files.cache))
        let first = try files.load(), second = try files.load()
        #expect(first.packedCache == .written)
        #expect(second.packedCache == .used)
        #expect(second.weightByteCount == plain.weightByteCount)
        let expected = try logits(plain)
        #expect(try logits(first) == expected)
        #expect(try logits(second) == expected)
    }

    @Test("A weight file that was replaced, or written anew at another time, is packed again")
    func stale() throws {
        let files = try Files()
        _ = try files.load()
        try Data(Files.tiny(seed: 2).bytes()).write(to: URL(filePath: files.weights))
        try files.expectRewritten("its weight file had another time of change")
        try Data(Files.tiny(seed: 2, weights: .q8_0).bytes()).write(to: URL(filePath: files.weights))
        try files.expectRewritten("its weight file had another size")
        let model = try LanguageModel.load(path: files.weights)
        #expect(try logits(files.load()) == logits(model))
    }

    @Test("A header that changed in a file of the same size and time is seen")
    func header() throws {
        let files = try Files()
        let time = try FileManager.default.attributesOfItem(atPath: files.weights)[.modificationDate] ?? Date()
        // A time that the file system and Foundation write alike.
        let whole = Date(timeIntervalSince1970: ((time as? Date)?.timeIntervalSince1970 ?? 0).rounded(.down))
        try FileManager.default.setAttributes([.modificationDate: whole], ofItemAtPath: files.weights)
        _ = try files.load()
        var tiny = Files.tiny(seed: 1)
        tiny.ropeBase = 20_000
        try Data(tiny.bytes()).write(to: URL(filePath: files.weights))
        try FileManager.default.setAttributes([.modificationDate: whole], ofItemAtPath: files.weights)
        try files.expectRewritten("its weight file had another header")
    }

    @Test("One bit flipped anywhere in the weights, or in the header, is found")
    func damaged() throws {
        let files = try Files()
        _ = try files.load()
        let count = try Data(contentsOf: URL(filePath: files.cache)).count
        for place in [1 << 16, (1 << 16) + 4_099, (1 << 20) + 77, count / 2, count - 1] {
            try files.damage { $0[place] ^= 0x10 }
            try files.expectRewritten("its weights are damaged")
        }
        // The first chunk's checksum, behind the seven words of the identity.
        try files.damage { $0[60] ^= 1 }
        try files.expectRewritten("its header is damaged")
    }

    @Test("A cache cut short, of another format, with other layouts, or no cache at all, is not used")
    func foreign() throws {
        let files = try Files()
        _ = try files.load()
        let count = try Data(contentsOf: URL(filePath: files.cache)).count
        try files.damage { $0.removeLast() }
        try files.expectRewritten("it has \(count - 1) bytes and not \(count)")
        try files.damage { $0.removeLast(count - 20) }
        try files.expectRewritten("it has 20 bytes and not \(count)")
        try files.damage { $0 = [] }
        try files.expectRewritten("it has 0 bytes and not \(count)")
        try files.damage { $0.append(0) }
        try files.expectRewritten("it has \(count + 1) bytes and not \(count)")
        try files.damage { $0[8] = 99 }
        try files.expectRewritten("it has another format")
        try files.damage { $0[40] ^= 1 }
        try files.expectRewritten("its weights are laid out in another way")
        try files.damage { $0[48] ^= 1 }
        try files.expectRewritten("its weights take another size")
        try files.damage { $0 = Array("GGUF, by mistake, and long enough to be read".utf8) }
        try files.expectRewritten("it is not a packed cache")
    }

    @Test("Where it cannot be written the model loads all the same, and nothing is left behind")
    func unwritable() throws {
        let files = try Files()
        // A folder in the cache's place: neither read nor replaced, also by a user who may write everywhere.
        try FileManager.default.createDirectory(atPath: files.cache + "/inner", withIntermediateDirectories: true)
        let model = try files.load()
        guard case .notWritten = model.packedCache else {
            Issue.record("\(String(describing: model.packedCache))")
            return
        }
        #expect(try logits(model) == logits(LanguageModel.load(path: files.weights)))
        let folder = URL(filePath: files.weights).deletingLastPathComponent().path
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(names.sorted() == ["model.gguf", "model.gguf.lapwing-packed"])
    }

    @Test(
        "What a writer left that was ended in between goes with the next write; what is written now, or not ours, stays"
    )
    func abandoned() throws {
        let files = try Files()
        let names = ["\(files.cache).4294967295", "\(files.cache).7", "\(files.cache).old", "\(files.weights).7"]
        for name in names { try Data("half".utf8).write(to: URL(filePath: name)) }
        // Another writer, as far as the system can tell.
        let writer = open(names[1], O_RDONLY)
        defer { close(writer) }
        try #require(flock(writer, LOCK_EX | LOCK_NB) == 0)
        #expect(try files.load().packedCache == .written)
        #expect(names.map(FileManager.default.fileExists) == [false, true, true, true])
    }

    @Test("A folder that may not be written means no cache and a notice", .enabled(if: getuid() != 0, "root may write"))
    func readOnlyFolder() throws {
        let files = try Files()
        let folder = URL(filePath: files.weights).deletingLastPathComponent().path
        try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder)
        defer { try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder) }
        #expect(try files.load().packedCache == .notWritten(reason: "Permission denied"))
    }
}
