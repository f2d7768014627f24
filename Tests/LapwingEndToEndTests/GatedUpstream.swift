import Foundation
import LapwingTestSupport
import NIOCore
import NIOPosix

/// An OpenAI-compatible server that says one word at once, and a second one when the test lets it.
final class GatedUpstream: Sendable {
    private let channel: any Channel

    init(first: String, second: String, gate: Gate) async throws {
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(first: first, second: second, gate: gate))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    deinit { _ = channel.close() }

    var url: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)/v1" }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let first: String
        private let second: String
        private let gate: Gate
        private var text = ""

        init(first: String, second: String, gate: Gate) { (self.first, self.second, self.gate) = (first, second, gate) }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            text += String(buffer: unwrapInboundIn(data))
            // Every request here ends with its body's closing brace.
            guard text.hasSuffix("}") else { return }
            text = ""
            Self.answer(first, then: second, after: gate, on: context.channel)
        }

        private static func answer(_ first: String, then second: String, after gate: Gate, on channel: any Channel) {
            Task {
                try await channel.writeAndFlush(ByteBuffer(string: head + chunk(first)))
                try await gate.wait()
                try await channel.writeAndFlush(ByteBuffer(string: chunk(second) + end))
                try await channel.close()
            }
        }

        private static let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"

        private static func chunk(_ text: String) -> String {
            #"data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"#
                + #""delta":{"role":"assistant","content":"\#(text)"},"finish_reason":null}]}"# + "\n\n"
        }

        private static let end =
            #"data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"#
            + #""finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}"#
            + "\n\ndata: [DONE]\n\n"
    }
}
