import Hummingbird
import HummingbirdCore
import LapwingAPI
import LapwingMetrics
import Logging
import NIOCore

/// Makes the HTTP server; the one way for `serve` and for tests. Run it in a service group: on graceful shutdown it
/// takes no new requests and lets the running ones end.
///
/// `options` may be replaced while it runs, but for address and number of connections; so may `certificate`, without which it
/// speaks HTTP in the clear. `onRunning` is told the port that is listened on.
package func buildApplication(
    services: any ServingProvider, gatekeeper: any Gatekeeper, operations: (any Operations)? = nil,
    feedback: (any FeedbackTaking)? = nil, options live: LiveOptions, certificate: LiveCertificate? = nil,
    logger: Logger, time: ServerTime = .system,
    metrics: PrometheusRegistry = PrometheusRegistry(), requestIDs: RequestIDGenerator? = nil,
    onRunning: @escaping @Sendable (Int) async -> Void = { _ in }
) -> Application<Responder> {
    let connections = Connections()
    let options = live.current
    let responder = Responder(
        routes: Routes(
            services: services, operations: operations, feedback: feedback, options: options, time: time,
            metrics: ServerMetrics(metrics)),
        live: live, gatekeeper: gatekeeper,
        requestIDs: requestIDs ?? RequestIDGenerator(milliseconds: time.milliseconds),
        connections: connections, logger: logger)
    var decoder = HTTP1Channel.Configuration.DecoderConfiguration()
    // Far beyond our own limit, so that a request over it gets an answer that says why; past this one it is cut off.
    decoder.maxHeaderListSize = max(2 << 20, 4 * options.maxHeaderBytes)
    decoder.maxHeaderFieldSize = decoder.maxHeaderListSize
    decoder.maxHeaderFieldCount = 1 << 14
    let channel = HTTP1Channel.Configuration(
        additionalChannelHandlers: {
            let options = live.current
            return [
                ClientPresence.Handler(connections: connections), WriteTimeout(TimeAmount(options.writeTimeout)),
                ReadTimeout(options),
            ]
        }(),
        httpDecoderConfiguration: decoder)
    let server = HTTPServerBuilder { responder -> any ServerChildChannel in
        let plain = HTTP1Channel(responder: responder, configuration: channel)
        guard let certificate else { return plain }
        return TLSChannel(base: plain, certificate: certificate)
    }
    return Application(
        responder: responder,
        server: server,
        configuration: ApplicationConfiguration(
            address: .hostname(options.host, port: options.port), serverName: "lapwing",
            availableConnectionsDelegate: MaximumAvailableConnections(options.maxConnections)),
        onServerRunning: { await onRunning($0.localAddress?.port ?? 0) },
        logger: logger)
}
