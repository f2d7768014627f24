import Foundation
import LapwingModel
import LapwingTestSupport
import Testing

@Suite("Sharded GGUF files")
struct GGUFShardTests {
    private let folder: TemporaryFolder
    private let whole = TinyModel().writer()

    init() throws { folder = try TemporaryFolder() }

    /// Writes all shards, some of them changed, and gives the path of the first.
    @discardableResult
    private func write(_ count: Int = 3, _ change: (Int, inout GGUFWriter) -> Void = { _, _ in }) throws -> String {
        for number in 0..<count {
            var shard = whole.shard(number, of: count)
            change(number, &shard)
            _ = try folder.write(shard.file().bytes, to: GGUFWriter.shardName("model", number, of: count))
        }
        return path(0, of: count)
    }

    private func path(_ number: Int, of count: Int = 3) -> String {
        "\(folder.path)/\(GGUFWriter.shardName("model", number, of: count))"
    }

    private func error(_ path: String) -> WeightsError? {
        do {
            _ = try ModelFile(path: path)
            return nil
        } catch {
            return error
        }
    }

    @Test("Any shard opens all, and they hold what one file holds", arguments: 0..<3)
    func opensAll(number: Int) throws {
        try write()
        let sharded = try ModelFile(path: path(number))
        let single = try ModelFile(bytes: whole.file().bytes)
        #expect(sharded.tensors.count == single.tensors.count)
        for tensor in single.tensors.values {
            let found = try sharded.tensor(tensor.name, shape: tensor.shape)
            #expect(Array(sharded.bytes(of: found)) == Array(single.bytes(of: tensor)), "\(tensor.name)")
        }
        #expect(try sharded.string("general.name") == "tiny")
        #expect(try sharded.strings("tokenizer.ggml.tokens").count == 384)
    }

    @Test("A sharded model runs as one in a single file does, after its pages were given back too")
    func runs() throws {
        let tokens = randomTokens(20, vocabulary: 384)
        let sharded = try TinyRun(LanguageModel.load(path: write()))
        #expect(
            sharded.logits(tokens, chunk: 7, pages: [0, 1])
                == (try TinyRun(TinyModel())).logits(
                    tokens, chunk: 7, pages: [0, 1]))
    }

    @Test("A missing shard is named")
    func missing() throws {
        let first = try write()
        try FileManager.default.removeItem(atPath: path(1))
        #expect(error(first) == .unreadable(path: path(1), reason: "No such file or directory"))
    }

    @Test("A truncated shard is named, with what it lacks")
    func truncated() throws {
        let first = try write()
        let bytes = whole.shard(2, of: 3).file().bytes
        _ = try folder.write(bytes.dropLast(), to: GGUFWriter.shardName("model", 2, of: 3))
        guard case .inFile(let name, .invalid) = error(first) else {
            Issue.record("found \(String(describing: error(first)))")
            return
        }
        #expect(name == GGUFWriter.shardName("model", 2, of: 3))
    }

    @Test("A shard that tells another number, or belongs to more files or tensors, is refused with both numbers")
    func foreign() throws {
        for (key, value, found, expected) in [
            ("split.no", GGUFWriter.Value.uint16(2), "2", "1"), ("split.count", .uint16(4), "4", "3"),
            ("split.tensors.count", .int32(5), "5", "\(whole.tensors.count)"),
        ] {
            let first = try write { number, shard in
                guard number == 1, let index = shard.metadata.firstIndex(where: { $0.key == key }) else { return }
                shard.metadata[index].value = value
            }
            guard
                case .inFile(GGUFWriter.shardName("model", 1, of: 3), .unfitHyperparameter(key, _, found, let told))? =
                    error(
                        first)
            else {
                Issue.record("\(key): found \(String(describing: error(first)))")
                continue
            }
            #expect(told == "\(expected), as a shard of this model has it")
        }
    }

    @Test("A tensor in two shards is refused, and so are fewer tensors than were told")
    func countsTensors() throws {
        var first = try write { number, shard in
            if number == 1 { shard.tensors[0].name = "token_embd.weight" }
        }
        guard case .inFile(_, .duplicate(_, _, "token_embd.weight")) = error(first) else {
            Issue.record("found \(String(describing: error(first)))")
            return
        }
        first = try write { number, shard in
            if number == 2 { shard.tensors.removeLast() }
        }
        #expect(
            error(first)
                == .unfitHyperparameter(
                    key: "the number of tensors in all 3 files", offset: nil, found: "\(whole.tensors.count - 1)",
                    expected: "\(whole.tensors.count), as split.tensors.count says"))
    }

    @Test("A shard under a name that does not tell its place is refused")
    func renamed() throws {
        for name in ["renamed.gguf", "model-00001-of-00002.gguf", "model-00004-of-00003.gguf", "-of-00003.gguf"] {
            let path = try folder.write(whole.shard(0, of: 3).file().bytes, to: name)
            guard case .inFile(name, .invalid("the file's name", 0, name, _)) = error(path) else {
                Issue.record("found \(String(describing: error(path)))")
                continue
            }
        }
    }
}
