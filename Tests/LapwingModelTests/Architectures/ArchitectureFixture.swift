import Foundation
import LapwingModel
import LapwingStatistics
import LapwingTestSupport
import Testing

/// A tiny model of one architecture with what transformers and llama.cpp compute from it, made by
/// `Scripts/architectures.sh`.
struct ArchitectureFixture: Decodable {
    /// Those of its folder by name, but for the weights.
    let files: [String: String]
    let seed: UInt64
    let tensors: [Tensor]
    /// `mean` or `cls` for an encoder of texts, `score` for one of pairs of texts; nil for a decoder.
    let pooling: String?
    let prompts: [Prompt]
    /// Why llama.cpp gives other logits than transformers, where it does by design.
    let llamaDifference: String?
    /// What the GGUF file does not say, so that only the folder gives what transformers gives.
    let ggufLacks: String?
    let gguf: GGUF

    /// A tensor of the folder, filled with `base + scale * x` of seeded numbers x.
    struct Tensor: Decodable {
        let name: String
        /// Slowest dimension first, as the folder has it.
        let shape: [Int]
        let base: Float
        let scale: Float
    }

    struct Prompt: Decodable {
        let tokens: [Int32]
        /// Token types, of pairs of texts only.
        let types: [Int32]?
        /// The positions whose rows are kept.
        let positions: [Int]
        /// A decoder's logits, or an encoder's hidden states, by transformers.
        let rows: FloatText
        /// What an encoder's hidden states are pooled to: a vector of length one, or a score.
        let pooled: FloatText?
        /// The largest KL divergence of llama.cpp's rows from transformers', in nats; nil for an encoder.
        let llamaDivergence: Double?
        let llamaRows: FloatText?

        private enum CodingKeys: String, CodingKey {
            case tokens, types, positions, rows, pooled
            case llamaDivergence = "llama_cpp_kl", llamaRows = "llama_cpp_rows"
        }
    }

    /// The file that llama.cpp's converter makes of the folder.
    struct GGUF: Decodable {
        /// All but the tokenizer's.
        let metadata: [String: MetadataValue]
        let tensors: [ConvertedTensor]
    }

    private enum CodingKeys: String, CodingKey {
        case files, seed, tensors, pooling, prompts, gguf
        case llamaDifference = "llama_cpp_differs", ggufLacks = "gguf_lacks"
    }
}

extension ArchitectureFixture {
    /// The names of all fixtures.
    static let names: [String] = {
        let folder = Bundle.module.url(forResource: "Fixtures/Architectures", withExtension: nil)
        let files = folder.flatMap { try? FileManager.default.contentsOfDirectory(atPath: $0.path) } ?? []
        return files.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
    }()

    /// The architecture that a fixture's GGUF file names.
    static func architecture(of name: String) -> String? {
        guard case .string(let architecture)? = try? read(name).gguf.metadata["general.architecture"]?.value else {
            return nil
        }
        return architecture
    }

    static func read(_ name: String) throws -> ArchitectureFixture {
        let url = try #require(Bundle.module.url(forResource: "Fixtures/Architectures/\(name)", withExtension: "json"))
        return try JSONDecoder().decode(ArchitectureFixture.self, from: Data(contentsOf: url))
    }

    /// The values of the folder's tensors by name.
    func values() -> [String: [Float]] {
        Dictionary(
            uniqueKeysWithValues: tensors.map { tensor in
                var random = SplitMix64(seed: Self.hash(tensor.name) ^ seed)
                let count = tensor.shape.reduce(1, *)
                return (tensor.name, (0..<count).map { _ in tensor.base + tensor.scale * random.symmetric() })
            })
    }

    /// The 64-bit hash FNV-1a of a name.
    private static func hash(_ name: String) -> UInt64 {
        name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}

/// Floats as little-endian bytes in base64.
struct FloatText: Decodable {
    let floats: [Float]

    init(from decoder: any Decoder) throws {
        let bytes = [UInt8](try decoder.singleValueContainer().decode(Data.self))
        floats = stride(from: 0, to: bytes.count - 3, by: 4).map { start in
            Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << (8 * UInt32($1)) })
        }
    }

    /// Cut into rows of one length.
    func rows(_ count: Int) -> [[Float]] {
        let length = floats.count / count
        return (0..<count).map { Array(floats[$0 * length..<($0 + 1) * length]) }
    }
}
