import Hummingbird
import HummingbirdCore
import LapwingAPI
import Logging
import NIOCore

/// Makes the HTTP server; the one way for `serve` and for tests. Run it in a service group: on graceful shutdown it
/// takes no new requests and lets the running ones end.
///
/// `onRunning` is told the port that is listened on.
package func buildApplication(
    services: any ServingProvider, gatekeeper: any Gatekeeper, operations: (any Operations)? = nil,
    options: ServerOptions, logger: Logger, time: ServerTime = .system,
    requestIDs: RequestIDGenerator? = nil, onRunning: @escaping @Sendable (Int) async -> Void = { _ in }
) -> Application<Responder> {
    let connections = Connections()
    let responder = Responder(
        routes: Routes(services: services, operations: operations, options: options, time: time),
        gatekeeper: gatekeeper,
        requestIDs: requestIDs ?? RequestIDGenerator(milliseconds: time.milliseconds),
        connections: connections, logger: logger)
    var decoder = HTTP1Channel.Configuration.DecoderConfiguration()
    // Far beyond our own limit, so that a request over it gets an answer that says why; past this one it is cut off.
    decoder.maxHeaderListSize = max(1 << 20, 4 * options.maxHeaderBytes)
    decoder.maxHeaderFieldSize = decoder.maxHeaderListSize
    decoder.maxHeaderFieldCount = 1 << 14
    let channel = HTTP1Channel.Configuration(
        additionalChannelHandlers: [
            ClientPresence.Handler(connections: connections), WriteTimeout(TimeAmount(options.writeTimeout)),
        ],
        idleTimeout: TimeAmount(options.idleTimeout), httpDecoderConfiguration: decoder)
    return Application(
        responder: responder,
        server: .http1(configuration: channel),
        configuration: ApplicationConfiguration(
            address: .hostname(options.host, port: options.port), serverName: "lapwing",
            availableConnectionsDelegate: MaximumAvailableConnections(options.maxConnections)),
        onServerRunning: { await onRunning($0.localAddress?.port ?? 0) },
        logger: logger)
}
