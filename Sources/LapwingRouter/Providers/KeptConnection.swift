import NIOCore
import NIOHTTP1

/// A connection that was kept from an earlier answer, and that the upstream closed before it sent any of this one.
///
/// Upstreams close what has been idle, and some close after every answer without saying so; the next request may be on
/// its way by then.
struct StaleConnection: Error {
    /// Whether a request that failed in this way may be sent again. On a new connection the same failure is the upstream's
    /// own: it may have taken the request, and fallen over it.
    static func caused(_ error: any Error) -> Bool {
        switch error {
        case is StaleConnection: true
        // The pool gave out a connection that was closed already, and sent nothing.
        case ChannelError.ioOnClosedChannel: true
        default: false
        }
    }
}

/// Makes the end of a kept connection a `StaleConnection`, which the client's own errors do not tell from others.
final class KeptConnection: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = HTTPClientRequestPart

    private var isKept = false
    private var awaitsAnswer = false

    /// Between the client's decoder and what fails its requests.
    static func watch(_ channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPResponseDecoder>.self)
            try pipeline.addHandler(KeptConnection(), position: .after(decoder))
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .head = unwrapOutboundIn(data) { awaitsAnswer = true }
        context.write(data, promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        (isKept, awaitsAnswer) = (true, false)
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.fireErrorCaught(endsUnanswered() ? StaleConnection() : error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if endsUnanswered() { context.fireErrorCaught(StaleConnection()) }
        context.fireChannelInactive()
    }

    private func endsUnanswered() -> Bool {
        defer { awaitsAnswer = false }
        return isKept && awaitsAnswer
    }
}
