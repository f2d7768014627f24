import Foundation
import LapwingModel
import LapwingStatistics
import LapwingTestSupport
import Testing

/// Random damage to what describes a folder: the configuration, the index, a safetensors header; and to a shard's header.
/// The sanitizer run does a hundred thousand rounds.
@Suite("Mutated folders")
struct FolderFuzzTests {
    private static let rounds =
        ProcessInfo.processInfo.environment["LAPWING_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 3_000

    @Test("A mutated folder opens or is refused, and what opens can be read to its last byte")
    func survivesMutations() throws {
        let folders = [try Self.small(), try Self.sorted()]
        var random = SplitMix64(seed: 20_240_601)
        var outcomes: [String: Int] = [:], bytesSeen = 0
        for round in 0..<Self.rounds {
            let (folder, path) = folders[round % folders.count]
            let names = folder.keys.sorted()
            let name = names[random.below(names.count)]
            let sound = try #require(folder[name])
            try Data(Self.mutate(sound, using: &random)).write(to: URL(filePath: "\(path.path)/\(name)"))
            outcomes[readAll(path.path, &bytesSeen), default: 0] += 1
            try Data(sound).write(to: URL(filePath: "\(path.path)/\(name)"))
        }
        #expect(outcomes["opened", default: 0] > Self.rounds / 50)
        for kind in ["truncated", "tooLarge", "invalid", "missingKey", "unfitHyperparameter", "unexpectedTensor"] {
            #expect(outcomes[kind, default: 0] > 0, "no mutation ended in \(kind)")
        }
        #expect(bytesSeen > Self.rounds)
        let counts = outcomes.sorted { $0.value > $1.value }.map { "\($0.value) \($0.key)" }
        print("\(Self.rounds) mutated folders: \(counts.joined(separator: ", "))")
    }

    private func readAll(_ path: String, _ bytesSeen: inout Int) -> String {
        do {
            let file = try ModelFile(path: path)
            for key in file.keys {
                _ = try? file.string(key)
                _ = try? file.uint32(key)
                _ = try? file.float(key)
                _ = try? file.bool(key)
            }
            for tensor in file.tensors.values {
                let data = file.bytes(of: tensor)
                bytesSeen += [data.first, data.last].compactMap { $0 }.count
                bytesSeen += (try? file.dequantize(tensor))?.count ?? 0
            }
            return "opened"
        } catch {
            return String("\(Mirror(reflecting: error.withoutFiles).children.first?.label ?? "\(error)")")
        }
    }

    /// Bytes, digits and words of a text's first part changed, or its length.
    private static func mutate(_ sound: [UInt8], using random: inout SplitMix64) -> [UInt8] {
        var bytes = sound
        // Most of a safetensors file is data, which no check reads.
        let limit = min(bytes.count, 1400)
        for _ in 0...random.below(3) {
            let place = random.below(limit)
            switch random.below(9) {
            case 0: bytes[place] ^= 1 << UInt8(random.below(8))
            case 1, 2:
                // A number becomes another one, perhaps one at an edge.
                guard let digit = bytes[place..<limit].firstIndex(where: { (48...57).contains($0) }) else { break }
                let edges = [
                    "0", "1", "-1", "2147483648", "4294967296", "9223372036854775807", "9223372036854775808", "1e3",
                    "0.5",
                ]
                let text = random.below(2) == 0 ? String(random.below(100)) : edges[random.below(edges.count)]
                bytes.replaceSubrange(digit...digit, with: Array(text.utf8))
            case 3: bytes[place] = Array("{}[]\",:\\ ".utf8)[random.below(9)]
            case 4:
                let other = random.below(limit), count = min(1 + random.below(24), bytes.count - max(place, other))
                let part = Array(bytes[other..<other + max(0, count)])
                bytes.replaceSubrange(place..<place + part.count, with: part)
            case 5: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.below(24)))
            case 6, 7:
                // A name becomes another one: text stays text.
                guard let letter = bytes[place..<limit].firstIndex(where: { (97...122).contains($0) }) else { break }
                bytes[letter] = UInt8(97 + random.below(26))
            default: bytes.insert(contentsOf: random.bytes(1 + random.below(8)), at: place)
            }
            if bytes.count < 1400 { break }
        }
        // A safetensors file begins with its header's length.
        if random.below(12) == 0, bytes.count >= 8 { bytes[random.below(8)] ^= 1 << UInt8(random.below(8)) }
        if random.below(12) == 0 { bytes.removeLast(random.below(bytes.count)) }
        return bytes
    }

    /// Two shards and an index.
    private static func small() throws -> (files: [String: [UInt8]], path: TemporaryFolder) {
        var writers = [SafetensorsWriter(), SafetensorsWriter()]
        writers[0].add("model.embed_tokens.weight", .bf16, shape: [8, 8], [Float](repeating: 1, count: 64))
        writers[0].add("model.norm.weight", .bf16, shape: [8], [Float](repeating: 1, count: 8))
        writers[1].add("lm_head.weight", shape: [8, 8], [Float](repeating: 1, count: 64))
        writers[1].alignment = 1
        let config = """
            {"model_type": "llama", "vocab_size": 8, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
            "intermediate_size": 8, "max_position_embeddings": 64, "rope_scaling": {"rope_type": "llama3", "factor": 8.0,
            "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 32}}
            """
        let index = """
            {"weight_map": {"model.embed_tokens.weight": "a.safetensors", "model.norm.weight": "a.safetensors",
            "lm_head.weight": "b.safetensors"}}
            """
        return try write([
            "config.json": Array(config.utf8), "model.safetensors.index.json": Array(index.utf8),
            "a.safetensors": writers[0].bytes(), "b.safetensors": writers[1].bytes(),
        ])
    }

    /// One file whose tensors are sorted by heads.
    private static func sorted() throws -> (files: [String: [UInt8]], path: TemporaryFolder) {
        var writer = SafetensorsWriter()
        let block = "transformer.h.0.self_attention.query_key_value"
        writer.add("\(block).weight", .f16, shape: [24, 8], [Float](repeating: 1, count: 192))
        writer.add("\(block).bias", .f16, shape: [24], [Float](repeating: 1, count: 24))
        writer.add("transformer.word_embeddings.weight", .f16, shape: [8, 8], [Float](repeating: 1, count: 64))
        let config = """
            {"model_type": "bloom", "vocab_size": 8, "hidden_size": 8, "n_layer": 1, "n_head": 2, "seq_length": 64}
            """
        return try write(["config.json": Array(config.utf8), "model.safetensors": writer.bytes()])
    }

    private static func write(
        _ files: [String: [UInt8]]
    ) throws -> (files: [String: [UInt8]], path: TemporaryFolder) {
        let folder = try TemporaryFolder()
        for (name, bytes) in files { _ = try folder.write(bytes, to: name) }
        return (files, folder)
    }
}
