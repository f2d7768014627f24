import Synchronization

/// What a running server is held to. It may be replaced meanwhile: requests and connections that are there already keep to
/// what they began with.
package final class LiveOptions: Sendable {
    private let options: Mutex<ServerOptions>

    package init(_ options: ServerOptions) { self.options = Mutex(options) }

    package var current: ServerOptions { options.withLock { $0 } }

    package func replace(with options: ServerOptions) { self.options.withLock { $0 = options } }
}
