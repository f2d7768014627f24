import LapwingAPI

/// A chunk of either API's stream.
protocol StreamChunk: Encodable, Sendable {
    associatedtype Choice: Sendable

    var usage: OpenAI.Usage? { get set }
    var reportsUsage: Bool { get set }
    var lapwing: OpenAI.ReceiptObject? { get set }

    init(id: String, created: Int, model: String, choices: [Choice])
}

extension OpenAI.ChatChunk: StreamChunk {}
extension OpenAI.Completion: StreamChunk {}

/// What all chunks of a stream have in common, and how the stream ends: the choices' reasons, the usage, the receipt.
struct StreamEnvelope<Chunk: StreamChunk>: Sendable {
    var identity: AnswerIdentity
    let reportsUsage: Bool
    private var ends: [Chunk.Choice] = []

    init(identity: AnswerIdentity, reportsUsage: Bool) {
        self.identity = identity
        self.reportsUsage = reportsUsage
    }

    func chunk(_ choices: [Chunk.Choice]) -> Chunk {
        var chunk = Chunk(id: identity.id, created: identity.created, model: identity.model, choices: choices)
        chunk.reportsUsage = reportsUsage
        return chunk
    }

    /// Keeps a choice's end for `closing`.
    mutating func keep(end: Chunk.Choice) { ends.append(end) }

    /// The chunks that end the stream; the last one carries the receipt.
    func closing(usage: Usage, receipt: Receipt?) -> [Chunk] {
        var chunks = ends.map { chunk([$0]) }
        if reportsUsage {
            var last = chunk([])
            last.usage = OpenAI.Usage(usage)
            chunks.append(last)
        }
        if !chunks.isEmpty { chunks[chunks.count - 1].lapwing = receipt.map(OpenAI.ReceiptObject.init) }
        return chunks
    }
}
