import NIOCore

/// Closes a connection whose client takes nothing of its answer for a while. The HTTP layer only watches what is read.
final class WriteTimeout: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private let timeout: TimeAmount
    private var check: Scheduled<Void>?

    init(_ timeout: TimeAmount) { self.timeout = timeout }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        check?.cancel()
        check = nil
        if !context.channel.isWritable { watch(context, waiting: Self.waitingBytes(context)) }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        check?.cancel()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { check?.cancel() }

    /// A slow client may take long to make room, but some bytes leave all the time.
    private func watch(_ context: ChannelHandlerContext, waiting before: Int) {
        check = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) {
            let now = Self.waitingBytes(context)
            if now < before { self.watch(context, waiting: now) } else { context.close(promise: nil) }
        }
    }

    private static func waitingBytes(_ context: ChannelHandlerContext) -> Int {
        (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }
}
