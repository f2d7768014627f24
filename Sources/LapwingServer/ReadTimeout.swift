import NIOCore
import NIOHTTPTypes

/// Closes a connection whose client is slow to ask: to begin, to send the rest of a body, or to come back after an answer.
///
/// The whole head has one deadline and the body another, so that a byte now and then does not keep a connection. While an
/// answer is made there is none.
package final class ReadTimeout: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias InboundOut = HTTPRequestPart
    package typealias OutboundIn = HTTPResponsePart
    package typealias OutboundOut = HTTPResponsePart

    /// Bytes of a body that come with another second, so that large ones from far away arrive and slow ones end.
    private static let bytesPerSecond = 16 << 10
    /// How long what is left of a body is taken in, once its request has been answered without it.
    private static let lingering = TimeAmount.seconds(5)

    private let options: ServerOptions
    private var deadline: NIODeadline?
    /// The check that is to come, and when: before the deadline or at it.
    private var check: (task: Scheduled<Void>, at: NIODeadline)?
    private var isReading = false
    private var unansweredCount = 0
    private var bodyByteCount = 0

    package init(_ options: ServerOptions) { self.options = options }

    package func handlerAdded(context: ChannelHandlerContext) { expect(options.headTimeout, context) }

    package func handlerRemoved(context: ChannelHandlerContext) { stop() }

    package func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            (isReading, bodyByteCount) = (true, 0)
            unansweredCount += 1
            deadline = nil
        case .body(let bytes): bodyByteCount += bytes.readableBytes
        case .end:
            isReading = false
            if unansweredCount == 0 { expect(options.idleTimeout, context) } else { deadline = nil }
        }
        context.fireChannelRead(data)
    }

    /// Most requests are whole by now, and need no deadline for a body.
    package func channelReadComplete(context: ChannelHandlerContext) {
        if isReading, unansweredCount > 0 {
            if deadline == nil { expect(options.bodyTimeout, context) }
            let seconds = bodyByteCount / Self.bytesPerSecond
            bodyByteCount -= seconds * Self.bytesPerSecond
            deadline = deadline.map { $0 + .seconds(Int64(seconds)) }
        }
        context.fireChannelReadComplete()
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) {
            unansweredCount = max(0, unansweredCount - 1)
            if isReading {
                deadline = context.eventLoop.now + Self.lingering
                arm(context)
            } else if unansweredCount == 0 {
                expect(options.idleTimeout, context)
            }
        }
        context.write(data, promise: promise)
    }

    private func expect(_ time: Duration, _ context: ChannelHandlerContext) {
        deadline = context.eventLoop.now + TimeAmount(time)
        arm(context)
    }

    /// Checks are few: one that comes too early looks again at the deadline of then.
    private func arm(_ context: ChannelHandlerContext) {
        guard let deadline else { return }
        if let check, check.at <= deadline { return }
        check?.task.cancel()
        let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.look(context) }
        check = (task, deadline)
    }

    private func look(_ context: ChannelHandlerContext) {
        check = nil
        guard let deadline else { return }
        if deadline <= context.eventLoop.now { context.close(promise: nil) } else { arm(context) }
    }

    private func stop() {
        check?.task.cancel()
        (check, deadline) = (nil, nil)
    }
}
