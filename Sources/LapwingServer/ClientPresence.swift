import NIOCore
import Synchronization

/// Whether the client at the other end of a connection is still there.
///
/// The end of input counts as gone: a client that closes only its sending half is taken to have lost interest, as in
/// Go's server and nginx. One request at a time can watch, because HTTP/1.1 answers one at a time.
final class ClientPresence: Sendable {
    private struct State {
        var isGone = false
        var watcher: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// Calls `onGone` once when the client goes, at once if it has gone already.
    func watch(_ onGone: @escaping @Sendable () -> Void) {
        let isGone = state.withLock { state in
            if !state.isGone { state.watcher = onGone }
            return state.isGone
        }
        if isGone { onGone() }
    }

    func stopWatching() { state.withLock { $0.watcher = nil } }

    fileprivate func markGone() {
        let watcher = state.withLock { state in
            state.isGone = true
            defer { state.watcher = nil }
            return state.watcher
        }
        watcher?()
    }

    /// Sees the connection's end from within its pipeline, where the request's handler cannot look.
    final class Handler: ChannelInboundHandler, RemovableChannelHandler {
        typealias InboundIn = NIOAny

        private let connections: Connections
        private let presence = ClientPresence()

        init(connections: Connections) { self.connections = connections }

        func handlerAdded(context: ChannelHandlerContext) { connections.add(presence, for: context.channel) }

        func handlerRemoved(context: ChannelHandlerContext) {
            connections.remove(context.channel)
            presence.markGone()
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case .inputClosed? = event as? ChannelEvent { presence.markGone() }
            context.fireUserInboundEventTriggered(event)
        }

        func channelInactive(context: ChannelHandlerContext) {
            presence.markGone()
            context.fireChannelInactive()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            presence.markGone()
            context.fireErrorCaught(error)
        }
    }
}

/// The presences of all open connections, so that a request finds its own.
final class Connections: Sendable {
    private let presences = Mutex<[ObjectIdentifier: ClientPresence]>([:])

    func presence(of channel: any Channel) -> ClientPresence? {
        presences.withLock { $0[ObjectIdentifier(channel)] }
    }

    fileprivate func add(_ presence: ClientPresence, for channel: any Channel) {
        presences.withLock { $0[ObjectIdentifier(channel)] = presence }
    }

    fileprivate func remove(_ channel: any Channel) {
        _ = presences.withLock { $0.removeValue(forKey: ObjectIdentifier(channel)) }
    }
}
