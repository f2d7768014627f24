import Hummingbird
import LapwingAPI
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
    /// `onListening` is told the port. With `endsOnTermination`, SIGTERM ends it gracefully.
    package init(
        _ assembly: Assembly, gatekeeper: any Gatekeeper, options: ServerOptions, logger: Logger,
        endsOnTermination: Bool,
        onListening: @escaping @Sendable (Int) async -> Void
    ) {
        let application = buildApplication(
            services: assembly.router, gatekeeper: gatekeeper, operations: assembly.operations, options: options,
            logger: logger, onRunning: onListening)
        // Shut down in reverse: first the server stops listening and answers what it has, then the rest is taken apart.
        var configuration = ServiceGroupConfiguration(
            services: [
                .init(service: Keeper(assembly: assembly)),
                .init(service: application, successTerminationBehavior: .gracefullyShutdownGroup),
            ],
            gracefulShutdownSignals: endsOnTermination ? [.sigterm] : [], logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(30)
        group = ServiceGroup(configuration: configuration)
    }

    /// Serves until it is told to stop; throws where it cannot listen.
    package func run() async throws { try await group.run() }

    package func stop() async { await group.triggerGracefulShutdown() }

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
