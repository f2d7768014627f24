#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension OpenAI {
    /// The body of `POST /v1/embeddings`.
    package struct EmbeddingRequest: Hashable, Sendable {
        package var model: String
        package var input: TextInput
        package var dimensions: Int?
        package var encodingFormat: EmbeddingEncoding?
        package var user: String?
        package var metadata: [String: String]?

        package init(model: String, input: TextInput) {
            self.model = model
            self.input = input
        }
    }

    /// How a vector travels: as numbers, or as the base64 of its little-endian 32-bit floats.
    package enum EmbeddingEncoding: String, Hashable, Sendable, Codable, CaseIterable { case float, base64 }

    /// The answer to an embeddings request.
    package struct EmbeddingList: Hashable, Sendable {
        package var data: [Embedding]
        package var model: String
        package var usage: EmbeddingUsage?

        package init(data: [Embedding], model: String, usage: EmbeddingUsage?) {
            self.data = data
            self.model = model
            self.usage = usage
        }
    }

    package struct Embedding: Hashable, Sendable {
        package var index: Int
        package var vector: [Float]
        package var encoding: EmbeddingEncoding

        package init(index: Int, vector: [Float], encoding: EmbeddingEncoding) {
            self.index = index
            self.vector = vector
            self.encoding = encoding
        }
    }

    /// Embeddings generate nothing, and their usage does not speak of it.
    package struct EmbeddingUsage: Hashable, Sendable, Codable {
        package var promptTokens: Int
        package var totalTokens: Int

        package init(promptTokens: Int) { (self.promptTokens, totalTokens) = (promptTokens, promptTokens) }

        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            let total = try container.decodeIfPresent(Int.self, forKey: .totalTokens)
            promptTokens = try container.decodeIfPresent(Int.self, forKey: .promptTokens) ?? total ?? 0
            totalTokens = total ?? promptTokens
        }

        private enum CodingKeys: String, CodingKey {
            case promptTokens = "prompt_tokens"
            case totalTokens = "total_tokens"
        }
    }
}

extension OpenAI.EmbeddingRequest: Encodable {
    private enum CodingKeys: String, CodingKey {
        case model, input, dimensions, user, metadata
        case encodingFormat = "encoding_format"
    }
}

extension OpenAI.EmbeddingList: Codable {
    private enum CodingKeys: CodingKey { case object, data, model, usage }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        data = try container.decode([OpenAI.Embedding].self, forKey: .data)
        model = try container.decodeIfPresent(String.self, forKey: .model) ?? ""
        usage = try container.decodeIfPresent(OpenAI.EmbeddingUsage.self, forKey: .usage)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode("list", forKey: .object)
        try container.encode(data, forKey: .data)
        try container.encode(model, forKey: .model)
        try container.encode(usage, forKey: .usage)
    }
}

extension OpenAI.Embedding: Codable {
    private enum CodingKeys: CodingKey { case object, index, embedding }

    /// Takes either encoding, whatever was asked for: not every server honours `encoding_format`.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        index = try container.decode(Int.self, forKey: .index)
        if let text = try? container.decode(String.self, forKey: .embedding) {
            guard let floats = [Float](base64: text) else {
                throw DecodingError.dataCorruptedError(
                    forKey: .embedding, in: container, debugDescription: "not the base64 of 32-bit floats")
            }
            (vector, encoding) = (floats, .base64)
        } else {
            (vector, encoding) = (try container.decode([Float].self, forKey: .embedding), .float)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode("embedding", forKey: .object)
        try container.encode(index, forKey: .index)
        switch encoding {
        case .float: try container.encode(vector, forKey: .embedding)
        case .base64: try container.encode(vector.base64, forKey: .embedding)
        }
    }
}

extension [Float] {
    /// Little-endian, whatever the machine is.
    package var littleEndianBytes: Data {
        map(\.bitPattern.littleEndian).withUnsafeBytes { Data($0) }
    }

    package var base64: String { littleEndianBytes.base64EncodedString() }

    /// nil for what is no base64, or no whole number of floats.
    package init?(base64 text: String) {
        guard let data = Data(base64Encoded: text), data.count.isMultiple(of: 4) else { return nil }
        self = data.withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map { index in
                let bits = bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)
                return Float(bitPattern: UInt32(littleEndian: bits))
            }
        }
    }
}
