import Hummingbird
import LapwingAPI
import LapwingMetrics
import LapwingRouter
import LapwingServer
import Logging
import ServiceLifecycle
import UnixSignals

/// An assembly behind HTTP: what `serve` runs until a signal and `demo` until it has its answers.
package struct Serving: Sendable {
    private let group: ServiceGroup

    /// `gatekeeper` is the assembly's accounts, unless nobody but this process is to know of the server.
    ///
    /// `onListening` is told the port. With `reading`, SIGTERM ends it gracefully, and SIGHUP serves by the configuration that
    /// `reading` gives then. Throws `CertificateError`.
    package init(
        _ assembly: Assembly, gatekeeper: any Gatekeeper, options: ServerOptions, logger: Logger,
        reading: (@Sendable () throws -> Configuration)? = nil,
        onListening: @escaping @Sendable (Int) async -> Void
    ) throws {
        let live = LiveOptions(options)
        let certificate = try options.tls.map { files in LiveCertificate(try Certificate(files)) }
        let reloader = reading.map {
            Reloader(assembly, options: live, certificate: certificate, logger: logger, read: $0)
        }
        let application = buildApplication(
            services: CurrentRouter(assembly: assembly), gatekeeper: gatekeeper,
            operations: ServerOperations(assembly, reloader: reloader),
            feedback: ClientFeedback(
                assembly.evidence, keepsTexts: assembly.configuration.evidence.keepsTexts,
                onOutcome: { [weak assembly] in assembly?.router.note($0) }),
            options: live, certificate: certificate,
            logger: logger, metrics: assembly.metrics, onRunning: onListening)
        assembly.metrics.beforeReading { [weak assembly] in assembly?.readGauges() }
        // Shut down in reverse: requests end while new ones are still told why they are refused, then the server stops
        // listening, then the rest is taken apart.
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = [
            .init(service: Keeper(assembly: assembly)),
            .init(service: application, successTerminationBehavior: .gracefullyShutdownGroup),
            .init(service: Drain(assembly: assembly, limit: options.drainTimeout, logger: logger)),
        ]
        if let reloader { services.append(.init(service: Reloader.OnHangUp(reloader: reloader))) }
        var configuration = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: reading == nil ? [] : [.sigterm], logger: logger)
        // For clients that do not take what they were sent.
        configuration.maximumGracefulShutdownDuration = options.drainTimeout + .seconds(10)
        group = ServiceGroup(configuration: configuration)
    }

    /// Serves until it is told to stop; throws where it cannot listen.
    package func run() async throws { try await group.run() }

    package func stop() async { await group.triggerGracefulShutdown() }

    /// From the signal on no request is taken, and `/readyz` says so; those in progress end.
    private struct Drain: Service {
        let assembly: Assembly
        let limit: Duration
        let logger: Logger

        func run() async throws {
            guard (try? await gracefulShutdown()) != nil else { return }
            let running = assembly.router.running
            let count = running.count
            await assembly.drain(within: limit)
            logger.notice(
                "the requests in progress have ended",
                metadata: ["requests": .stringConvertible(count), "cut_off": .stringConvertible(running.cutOffCount)])
        }
    }

    /// Keeps the assembly while the server runs, and takes it apart after it.
    private struct Keeper: Service {
        let assembly: Assembly

        func run() async throws {
            // Throws when the grace period is over; what is still in progress is then cut off and entered as it stands.
            do {
                try await gracefulShutdown()
            } catch {
                assembly.router.cancelAll()
            }
            await assembly.shutDown()
        }
    }
}
