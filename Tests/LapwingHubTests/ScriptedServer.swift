import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// An HTTP server on a free loopback port that answers as a closure says and remembers what it was asked.
final class ScriptedServer: Sendable {
    struct Request: Sendable {
        var path: String
        var headers: [String: String]
    }

    struct Reply: Sendable {
        var status = 200
        var headers: [String: String] = [:]
        var body: [UInt8] = []
        /// Closes the connection after so many bytes of the body, with the whole length promised.
        var dropAfter: Int?
    }

    let port: Int
    private let channel: any Channel
    private let log: Log

    var url: String { "http://127.0.0.1:\(port)" }
    /// All requests so far, in order.
    var seen: [Request] { log.requests.withLock { $0 } }

    private final class Log: Sendable {
        let requests = Mutex<[Request]>([])
    }

    /// Runs `body` with a server that answers with `reply`, and stops it afterwards. `count` is 1 for the first request.
    @discardableResult
    static func run<Value>(
        reply: @escaping @Sendable (_ request: Request, _ count: Int) -> Reply,
        body: (ScriptedServer) async throws -> Value
    ) async throws -> Value {
        let server = try await ScriptedServer(reply: reply)
        do {
            let value = try await body(server)
            try await server.channel.close()
            return value
        } catch {
            try? await server.channel.close()
            throw error
        }
    }

    private init(reply: @escaping @Sendable (Request, Int) -> Reply) async throws {
        let log = Log()
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(
                        Handler { request in
                            let count = log.requests.withLock { requests in
                                requests.append(request)
                                return requests.count
                            }
                            return reply(request, count)
                        })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
        self.log = log
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let answer: (Request) -> Reply

        init(answer: @escaping (Request) -> Reply) { self.answer = answer }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .head(let head) = unwrapInboundIn(data) else { return }
            var headers: [String: String] = [:]
            for (name, value) in head.headers { headers[name.lowercased()] = value }
            let reply = answer(Request(path: head.uri, headers: headers))
            var fields = HTTPHeaders(reply.headers.map { ($0.key, $0.value) })
            fields.replaceOrAdd(name: "content-length", value: "\(reply.body.count)")
            let status = HTTPResponseStatus(statusCode: reply.status)
            context.write(
                wrapOutboundOut(.head(.init(version: .http1_1, status: status, headers: fields))), promise: nil)
            let sent = reply.body.prefix(reply.dropAfter ?? reply.body.count)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: sent)))), promise: nil)
            guard reply.dropAfter != nil else {
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
                return
            }
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer())))).whenComplete { _ in
                bound.value.close(promise: nil)
            }
        }
    }
}
