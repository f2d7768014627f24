import Foundation
import LapwingModel
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
        for round in 0..<Self.rounds {
            let source = sources[round % sources.count]
            var mutation = HeaderMutation(source, seed: random.next())
            outcomes[readAll(mutation.apply()), default: 0] += 1
        }
        // Mutations that never pass the first checks, or never fail, would prove nothing.
        #expect(outcomes["opened", default: 0] > Self.rounds / 50)
        for kind in ["truncated", "tooLarge", "invalid", "duplicate", "notGGUF", "unsupportedVersion"] {
            #expect(outcomes[kind, default: 0] > 0, "no mutation ended in \(kind)")
        }
        let counts = outcomes.sorted { $0.value > $1.value }.map { "\($0.value) \($0.key)" }
        print("\(Self.rounds) mutated headers: \(counts.joined(separator: ", "))")
    }

    /// Opens a file and reads every value and both ends of every tensor; gives the error's case or "opened".
    private func readAll(_ bytes: [UInt8]) -> String {
        do {
            let file = try GGUFFile(bytes: bytes)
            for key in file.keys { readEveryWay(key, file) }
            for tensor in file.tensors.values {
                let data = file.bytes(of: tensor)
                var sum = 0
                if let first = data.first, let last = data.last { sum += Int(first) + Int(last) }
                if let values = try? file.dequantize(tensor) { sum += values.count }
                #expect(sum >= 0)
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

/// One to three random changes to a file's header.
struct HeaderMutation {
    private var file: GGUFWriter.File
    private let headerByteCount: Int
    private var random: SplitMix64

    init(_ file: GGUFWriter.File, seed: UInt64) {
        self.file = file
        headerByteCount = file.fields.last?.range.upperBound ?? file.bytes.count
        random = SplitMix64(seed: seed)
    }

    mutating func apply() -> [UInt8] {
        let changes = [1, 1, 1, 2, 3][random.below(5)]
        for _ in 0..<changes { change() }
        // Changes of the length come last: the fields' places no longer hold after them.
        switch random.below(10) {
        case 0: file.bytes.removeLast(random.below(file.bytes.count))
        case 1: file.bytes.insert(contentsOf: random.bytes(1 + random.below(16)), at: random.below(headerByteCount))
        case 2:
            let start = random.below(headerByteCount)
            file.bytes.removeSubrange(start..<min(file.bytes.count, start + 1 + random.below(16)))
        default: break
        }
        return file.bytes
    }

    private mutating func change() {
        switch random.below(6) {
        case 0, 1, 2:
            let field = file.fields[random.below(file.fields.count)]
            file.replace(field.name, with: number(near: file.number(field.name)))
        case 3:
            let other = file.fields[random.below(file.fields.count)].name
            file.replace(file.fields[random.below(file.fields.count)].name, with: file.number(other))
        case 4:
            copyText()
        default:
            for _ in 0...random.below(8) {
                file.bytes[random.below(headerByteCount)] ^= 1 << UInt8(random.below(8))
            }
        }
    }

    /// Writes one string over another of its length, so that keys and names occur twice.
    private mutating func copyText() {
        let lengths = file.fields.filter { $0.name.hasPrefix("length of ") }
        let source = lengths[random.below(lengths.count)]
        let byteCount = file.number(source.name)
        let targets = lengths.filter { file.number($0.name) == byteCount }
        let target = targets[random.below(targets.count)].range.upperBound
        let text = file.bytes.dropFirst(source.range.upperBound).prefix(Int(min(byteCount, 64)))
        guard target + text.count <= file.bytes.count else { return }
        file.bytes.replaceSubrange(target..<target + text.count, with: Array(text))
    }

    /// A number that lies at some reader's edge: of a width, of a sign, of the file, or beside the sound one.
    private mutating func number(near sound: UInt64) -> UInt64 {
        let edges: [UInt64] = [
            0, 1, 2, 4, 5, 8, 9, 12, 13, 31, 32, 33, 64, 65, 255, 65_535, 65_536, 1 << 20, 1 << 24, 1 << 30,
            (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, 1 << 40, 1 << 60, 1 << 62, (1 << 63) - 1, 1 << 63,
            .max - 63, .max - 31, .max - 7, .max - 1, .max, UInt64(file.bytes.count), UInt64(headerByteCount),
        ]
        switch random.below(4) {
        case 0: return sound &+ UInt64(random.below(65)) &- 32
        case 1: return sound &* UInt64(2 + random.below(15))
        case 2: return random.next() >> UInt64(random.below(64))
        default: return edges[random.below(edges.count)]
        }
    }
}
