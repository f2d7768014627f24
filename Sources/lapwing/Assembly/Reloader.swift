import LapwingAPI
import LapwingRouter
import LapwingServer
import Logging
import ServiceLifecycle
import UnixSignals

/// Reads the configuration of a running server anew, and puts it in the place of the one that is served, or changes nothing.
package actor Reloader {
    private let assembly: Assembly
    private let options: LiveOptions
    private let certificate: LiveCertificate?
    private let logger: Logger
    private let read: @Sendable () throws -> Configuration

    /// `read` gives the configuration that is to be served, checked.
    package init(
        _ assembly: Assembly, options: LiveOptions, certificate: LiveCertificate?, logger: Logger,
        read: @escaping @Sendable () throws -> Configuration
    ) {
        self.assembly = assembly
        self.options = options
        self.certificate = certificate
        self.logger = logger
        self.read = read
    }

    package func reload() -> ReloadOutcome {
        let change: ConfigurationChange
        let changed: [String]
        let warnings: [String]
        do {
            let found = try read()
            change = ConfigurationChange(from: assembly.configuration, to: found)
            // All that may fail comes before anything is put in its place.
            let shown = try change.effective.server.tls.map { files in try Certificate(files) }
            let refitted = try assembly.replace(with: change.effective).map { "routes.\($0)" }
            changed = change.changed + refitted.filter { !change.changed.contains($0) }
            options.replace(with: change.effective.server)
            if let shown { certificate?.replace(with: shown) }
            warnings = found.allWarnings.map(\.description)
        } catch {
            let findings = Self.findings(error)
            for finding in findings {
                logger.error(
                    "the configuration is refused, and nothing has changed", metadata: ["finding": "\(finding)"])
            }
            return .refused(findings)
        }
        logger.notice(
            "the configuration was read anew",
            metadata: ["changed": .array(changed.map { "\($0)" })])
        for line in assembly.targetLines {
            logger.notice("a route's target was sought anew", metadata: ["target": "\(line)"])
        }
        for key in change.needsRestart {
            logger.warning("this waits for a restart, and stays as it was", metadata: ["key": "\(key)"])
        }
        for warning in warnings {
            logger.warning("the configuration has a warning", metadata: ["finding": "\(warning)"])
        }
        return .applied(
            ReloadReport(changed: changed, needsRestart: change.needsRestart, warnings: warnings))
    }

    private static func findings(_ error: any Error) -> [String] {
        switch error {
        case ConfigurationError.invalid(_, let findings): findings.map(\.description)
        case let failure as Failure: [failure.message ?? "it cannot be served"]
        default: ["\(error)"]
        }
    }

    /// Reloads at each SIGHUP.
    struct OnHangUp: Service {
        let reloader: Reloader

        func run() async throws {
            for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
                _ = await reloader.reload()
            }
        }
    }
}
