import Hummingbird
import LapwingAPI

/// Writes an answer as server-sent events, in the OpenAI API's order, one write an event.
///
/// A failure is one `error` frame and no `[DONE]`, so that nobody takes a broken answer for a whole one.
struct EventStream<Format: StreamFormat> {
    private var format: Format
    private let exchange: Exchange
    private var isQuiet = true
    /// Whether the provider said its last event.
    private(set) var isComplete = false

    init(format: Format, exchange: Exchange) {
        self.format = format
        self.exchange = exchange
    }

    /// Throws only where the client cannot be written to.
    mutating func send(
        _ feed: AnswerFeed, after first: GenerationEvent?, to writer: inout any ResponseBodyWriter
    ) async throws {
        if let first {
            try await send(first, to: &writer)
        } else {
            try await comment(to: &writer)
        }
        while !isComplete {
            switch await feed.next() {
            case .event(let event):
                isQuiet = false
                try await send(event, to: &writer)
            case .tick:
                if isQuiet { try await comment(to: &writer) }
                isQuiet = true
            case .ended(let error):
                let failure = ErrorResponse(error ?? AnswerService.endedEarly)
                exchange.note(failure)
                return try await writer.write(Self.frame(failure.body))
            }
        }
    }

    private mutating func send(_ event: GenerationEvent, to writer: inout any ResponseBodyWriter) async throws {
        switch event {
        case .committed(let commitment): format.envelope.identity.model = commitment.model
        case .completed(_, let usage, let receipt):
            isComplete = true
            var end = ByteBuffer()
            for chunk in format.envelope.closing(usage: usage, receipt: receipt) {
                end.writeImmutableBuffer(try Self.frame(chunk))
            }
            end.writeString("data: [DONE]\n\n")
            try await writer.write(end)
        case .prompt, .delta, .reasoning, .toolCall, .checked, .finished:
            for chunk in format.chunks(for: event) { try await writer.write(Self.frame(chunk)) }
        }
    }

    private func comment(to writer: inout any ResponseBodyWriter) async throws {
        try await writer.write(ByteBuffer(string: ": waiting\n\n"))
    }

    private static func frame(_ value: some Encodable) throws -> ByteBuffer {
        var buffer = ByteBuffer(string: "data: ")
        buffer.writeBytes(try JSONBody.encode(value))
        buffer.writeString("\n\n")
        return buffer
    }
}
