import Foundation
import LapwingModel
import LapwingStatistics
import LapwingTestSupport
import Testing

/// Random damage to sound headers. The sanitizer run does a hundred thousand rounds, where a read out of bounds or an
/// allocation over its limit ends the process; an ordinary run does fewer and sees traps and hangs.
@Suite("Mutated GGUF headers")
struct GGUFFuzzTests {
    private static let rounds =
        ProcessInfo.processInfo.environment["LAPWING_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 5_000

    @Test("A mutated header opens or is refused, and what opens can be read to its last byte")
    func survivesMutations() throws {
        let sources = [GGUFSample.file(), Self.smallVocabulary()]
        var random = SplitMix64(seed: 20_240_501)
        var outcomes: [String: Int] = [:]
        var bytesSeen = 0
        for round in 0..<Self.rounds {
            let source = sources[round % sources.count]
            var mutation = HeaderMutation(source, seed: random.next())
            outcomes[readAll(mutation.apply(), &bytesSeen), default: 0] += 1
        }
        #expect(bytesSeen > Self.rounds)
        // Mutations that never pass the first checks, or never fail, would prove nothing.
        #expect(outcomes["opened", default: 0] > Self.rounds / 50)
        for kind in ["truncated", "tooLarge", "invalid", "duplicate", "notGGUF", "unsupportedVersion"] {
            #expect(outcomes[kind, default: 0] > 0, "no mutation ended in \(kind)")
        }
        let counts = outcomes.sorted { $0.value > $1.value }.map { "\($0.value) \($0.key)" }
        print("\(Self.rounds) mutated headers: \(counts.joined(separator: ", "))")
    }

    /// Opens a file and reads every value and both ends of every tensor; gives the error's case or "opened".
    private func readAll(_ bytes: [UInt8], _ bytesSeen: inout Int) -> String {
        do {
            let file = try GGUFFile(bytes: bytes)
            for key in file.keys { readEveryWay(key, file) }
            for tensor in file.tensors.values {
                let data = file.bytes(of: tensor)
                // A read outside the file ends the process under the sanitizer.
                bytesSeen += [data.first, data.last].compactMap { $0 }.count
                bytesSeen += (try? file.dequantize(tensor))?.count ?? 0
            }
            return "opened"
        } catch {
            return String("\(Mirror(reflecting: error).children.first?.label ?? "\(error)")")
        }
    }

    private func readEveryWay(_ key: String, _ file: GGUFFile) {
        _ = try? file.string(key)
        _ = try? file.strings(key)
        _ = try? file.uint32(key)
        _ = try? file.int32s(key)
        _ = try? file.float(key)
        _ = try? file.floats(key)
        _ = try? file.bool(key)
    }

    private static func smallVocabulary() -> GGUFWriter.File {
        var writer = GGUFWriter()
        writer.add("general.architecture", .string("llama"))
        writer.add("tokenizer.ggml.tokens", strings: (0..<20).map { "token\($0)" })
        writer.add("tokenizer.ggml.token_type", .array((0..<20).map { _ in .int32(1) }))
        writer.add("tokenizer.ggml.scores", .array((0..<20).map { .float32(Float($0)) }))
        var random = SplitMix64(seed: 4)
        for type in TensorType.readable {
            let columns = max(32, type.blockElementCount)
            let data = random.bytes(columns / type.blockElementCount * type.blockByteCount * 2)
            writer.add(tensor: "blk.0.\(type).weight", type, shape: [columns, 2], data: data)
        }
        return writer.file()
    }
}
