import ArgumentParser
import Foundation
import LapwingAPI
import LapwingEngine
import LapwingServer
import LapwingStore
import Logging
import NIOCore

/// `lapwing serve`: the OpenAI-compatible server.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve models and routes over the OpenAI API.",
        discussion: """
            Loads the configured models, listens, and enters every request in the ledger. SIGTERM and Ctrl-C let what is in \
            progress end first; a second Ctrl-C ends at once. SIGHUP reads the configuration again: what is wrong changes nothing \
            and is logged.

            Only this machine reaches it unless `server.host` says otherwise, and then it takes keys alone: `lapwing keys`.

              lapwing serve
              lapwing serve --port 0 --log-level notice
              curl http://127.0.0.1:8080/v1/models
            """)

    @OptionGroup var options: ConfigurationOptions
    @Option(help: "The port to listen on, in place of the configuration's; 0 takes a free one.") var port: Int?
    @Option(help: MemoryLimit.help) var memory: MemoryLimit?
    @Option(
        help: ArgumentHelp(
            "When an entry is on the disk: grouped, or for measurements each, deferred or off.", visibility: .hidden))
    var ledgerDurability = Durability.grouped
    @Option(help: "trace, debug, info, notice, warning, error or critical, in place of the configuration's.")
    var logLevel: Logger.Level?
    @Option(help: "text or json, in place of the configuration's.") var logFormat: LogOptions.Format?

    func validate() throws {
        if let port, !(0...65535).contains(port) { throw ValidationError("--port is \(port), expected 0 to 65535.") }
    }

    func run() async throws {
        // A reload that comes before there is anything to reload is none.
        signal(SIGHUP, SIG_IGN)
        var configuration = try options.load()
        try configuration.checkCertificate()
        configuration.machine.memory = memory ?? configuration.machine.memory
        var server = configuration.server
        if let refusal = try configuration.keylessRefusal() { throw Failure("server.host: \(refusal)") }
        server.port = port ?? server.port
        options.warn(of: configuration)
        var ledgerOptions = LedgerOptions()
        ledgerOptions.durability = ledgerDurability
        let start = ContinuousClock.now
        let log = configuration.log
        let logger = CommandLog.make(logLevel ?? log.level, format: logFormat ?? log.format)
        let assembly = try await Assembly.make(configuration, ledger: ledgerOptions, logger: logger)
        let seconds = Figures.fixed(start.duration(to: .now) / .seconds(1), places: 2)
        if let line = assembly.memoryLine { Output.error.line("memory: \(line)") }
        if assembly.recoveredCount > 0 {
            let count = assembly.recoveredCount
            Output.standard.line(
                "\(count) \(count == 1 ? "request" : "requests") of an earlier run had no end and \(count == 1 ? "is" : "are") "
                    + "in the ledger as lost")
        }
        for id in assembly.ledger.unreadableIntents {
            Output.error.line(
                "the open intent of request '\(id)' cannot be read and is left as it is; the request has no entry")
        }
        for line in assembly.targetLines { Output.standard.line(line) }
        let names = assembly.localNames.joined(separator: ", ")
        let serving = try Serving(
            assembly, gatekeeper: assembly.accounts, options: server, logger: logger,
            reading: { [path = options.config, memory] in try Self.read(path, memory: memory) }
        ) { [server] port in
            Output.standard.line(
                "listening on \(server.address(port: port)) "
                    + (names.isEmpty ? "(no model runs here)" : "(\(names) ready in \(seconds) s)"))
            ProgramImage.releasePages()
        }
        do {
            try await onInterrupt {
                Output.error.line("ending what is in progress; Ctrl-C once more ends at once")
                Task { await serving.stop() }
            } during: {
                try await serving.run()
            }
        } catch {
            await assembly.shutDown()
            let reason = (error as? IOError).map { String(cString: strerror($0.errnoCode)).lowercased() } ?? "\(error)"
            throw Failure("cannot serve on \(server.address(port: server.port)): \(reason)")
        }
    }
}

extension Serve {
    /// What is to be served after a reload, with what the command line says in place of the file.
    private static func read(_ path: String, memory: MemoryLimit?) throws -> Configuration {
        var configuration = try Configuration.read(path: path)
        try configuration.checkCertificate()
        configuration.machine.memory = memory ?? configuration.machine.memory
        return configuration
    }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
extension Durability: ExpressibleByArgument {}
extension LogOptions.Format: ExpressibleByArgument {}
