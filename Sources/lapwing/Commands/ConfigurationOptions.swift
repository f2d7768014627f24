import ArgumentParser
import Foundation
import LapwingAPI
import LapwingHub
import LapwingServer
import LapwingStore

/// `--config`, for every command that reads the configuration.
struct ConfigurationOptions: ParsableArguments {
    static let defaultPath = "lapwing.yaml"

    @Option(name: .long, help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config = ConfigurationOptions.defaultPath

    /// Whether no file was named and there is none by the usual name.
    var isAbsent: Bool { config == Self.defaultPath && !FileManager.default.fileExists(atPath: config) }

    func load() throws -> Configuration {
        guard !isAbsent else {
            throw Failure("there is no lapwing.yaml here; `lapwing demo` writes one, or name yours with --config FILE")
        }
        return try Configuration.read(path: config)
    }

    /// nil where no file was named and there is none by the usual name.
    func loadIfPresent() throws -> Configuration? { isAbsent ? nil : try load() }

    /// Tells on standard error what the operator should know.
    func warn(of configuration: Configuration) {
        for warning in configuration.allWarnings {
            Output.error.line(Output.error.terminal.paint("warning: ", .yellow) + "\(config): \(warning)")
        }
    }
}

extension Configuration {
    /// Where the ledger lies, with the prices that were imported.
    package var ledgerPath: String { dataFolder + "/ledger.sqlite" }

    /// Where judged answers and their outcomes lie.
    package var evidencePath: String { dataFolder + "/" + EvidenceStore.fileName }

    /// Those of the file itself, an address that wants keys where there are none, and models without a price. A ledger that cannot be read is told by who needs it.
    package var allWarnings: [Finding] {
        let refusal = (try? keylessRefusal()) ?? nil
        return warnings + unpriced(in: (try? PriceBook.assembled(for: self)) ?? .builtIn)
            + [refusal].compactMap(\.self).map { Finding(line: nil, key: "server.host", message: $0) }
    }

    /// Throws `ConfigurationError` where the certificate cannot be shown.
    func checkCertificate() throws(ConfigurationError) {
        guard let files = server.tls else { return }
        do { _ = try Certificate(files) } catch {
            throw .invalid(file: file, findings: [Finding(line: nil, key: "server.tls", message: "\(error)")])
        }
    }

    /// What a request's `model` may be.
    package var names: [String] { routes.map(\.name) + models.map(\.name) }

    /// Why `serve` does not listen where it is to; nil where it does. Off this machine a client's key must hold.
    package func keylessRefusal() throws -> String? {
        guard !server.isLoopback else { return nil }
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        let keys = FileManager.default.fileExists(atPath: keysPath) ? try KeyStore(folder: dataFolder).keys() : []
        guard !keys.contains(where: { $0.draft.role == .client && $0.state(at: now) == .active }) else { return nil }
        return "\(server.host) can be reached by other machines, and no key has been made to ask them for, so `serve` "
            + "refuses it; make one with `lapwing keys create NAME`, or listen on 127.0.0.1"
    }

    private var keysPath: String { dataFolder + "/keys.sqlite" }

    /// Makes the data folder where there is none, for this user alone: who asked what is nobody else's.
    func makeDataFolder() throws {
        do {
            try FileManager.default.createDirectory(
                atPath: dataFolder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch let error as CocoaError {
            throw Failure("cannot make the data folder '\(dataFolder)': \(error.reason)")
        }
    }
}
