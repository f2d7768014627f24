import Foundation
import LapwingTestSupport
import NIOCore
import NIOPosix
import Synchronization

/// A TCP server that answers each request with the bytes that a test wrote down, and remembers what was asked.
final class ScriptedUpstream: Sendable {
    enum Step: Sendable {
        case send(String)
        /// One packet a byte, as far as the system lets it.
        case trickle(String)
        /// Waits for the test.
        case wait(Gate)
        case close
        /// Ends the connection with a reset instead of an orderly end.
        case reset
    }

    /// Requests as they came, head and body.
    private let received = Mutex<[String]>([])
    private let requests: AsyncStream<String>
    private let arrived: AsyncStream<String>.Continuation
    private let closings: AsyncStream<Void>
    private let closed: AsyncStream<Void>.Continuation
    private let channel = Mutex<(any Channel)?>(nil)

    /// Each request of the server's life gets the next script; the last one serves all that follow.
    convenience init(_ scripts: [Step]...) async throws { try await self.init(scripts: scripts) }

    init(scripts: [[Step]]) async throws {
        (requests, arrived) = AsyncStream.makeStream()
        (closings, closed) = AsyncStream.makeStream()
        let turn = Mutex(0)
        let next: @Sendable () -> [Step] = {
            turn.withLock { turn in
                defer { turn += 1 }
                return scripts[min(turn, scripts.count - 1)]
            }
        }
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { [weak self] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(owner: self, next: next))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        channel.withLock { $0 = server }
    }

    deinit { channel.withLock { _ = $0?.close() } }

    var port: Int { channel.withLock { $0?.localAddress?.port ?? 0 } }
    var url: String { "http://127.0.0.1:\(port)/v1" }
    var all: [String] { received.withLock { $0 } }

    /// Waits until a request has been read whole. For one waiter at a time.
    func nextRequest() async -> String {
        var iterator = requests.makeAsyncIterator()
        return await iterator.next() ?? ""
    }

    /// Waits until a client has closed its connection. For one waiter at a time.
    func nextClosing() async {
        var iterator = closings.makeAsyncIterator()
        _ = await iterator.next()
    }

    private func start(_ steps: [Step], on channel: any Channel) {
        Task { try? await play(steps, on: channel) }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private weak var owner: ScriptedUpstream?
        private let next: @Sendable () -> [Step]
        private var text = ""

        init(owner: ScriptedUpstream?, next: @escaping @Sendable () -> [Step]) {
            self.owner = owner
            self.next = next
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            text += String(buffer: unwrapInboundIn(data))
            guard let head = text.range(of: "\r\n\r\n") else { return }
            let length =
                text[..<head.lowerBound].lowercased().split(separator: "\r\n")
                .first { $0.hasPrefix("content-length:") }
                .flatMap { Int($0.split(separator: " ").last ?? "") } ?? 0
            guard text[head.upperBound...].utf8.count >= length else { return }
            let request = text
            text = ""
            owner?.received.withLock { $0.append(request) }
            owner?.arrived.yield(request)
            let channel = context.channel
            let steps = next()
            owner?.start(steps, on: channel)
        }

        func channelInactive(context: ChannelHandlerContext) { owner?.closed.yield() }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}

private func play(_ steps: [ScriptedUpstream.Step], on channel: any Channel) async throws {
    for step in steps {
        switch step {
        case .send(let text): try await channel.writeAndFlush(ByteBuffer(string: text))
        case .trickle(let text):
            for byte in text.utf8 { try await channel.writeAndFlush(ByteBuffer(bytes: [byte])) }
        case .wait(let gate): try await gate.wait()
        case .close: try await channel.close()
        case .reset:
            let lingering = linger(l_onoff: 1, l_linger: 0)
            try await (channel as? any SocketOptionProvider)?.setSoLinger(lingering).get()
            try await channel.close()
        }
    }
}

/// The head of a stream of events that ends with its connection.
let streamHead = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\nconnection: close\r\n\r\n"

/// A whole reply with a status.
func reply(_ status: String, _ body: String, headers: String = "content-type: application/json\r\n") -> String {
    "HTTP/1.1 \(status)\r\n\(headers)content-length: \(body.utf8.count)\r\n\r\n\(body)"
}

/// One event of a chat stream with a piece of text.
func piece(_ text: String) -> String {
    #"data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"vendor/m","choices":[{"index":0,"delta":{"content":"\#(text)"},"logprobs":null,"finish_reason":null}]}"#
        + "\n\n"
}

/// The events at the end of a chat stream, as vLLM and OpenAI send them.
let stopEvent =
    #"data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"vendor/m","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]}"#
    + "\n\n"
let usageEvent =
    #"data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"vendor/m","choices":[],"usage":{"prompt_tokens":11,"completion_tokens":2,"total_tokens":13}}"#
    + "\n\n"
let doneEvent = "data: [DONE]\n\n"
