import ArgumentParser
import Foundation
import LapwingHub
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

    /// Those of the file itself, and models without a price. A ledger that cannot be read is told by who needs it.
    package var allWarnings: [Finding] {
        warnings + unpriced(in: (try? PriceBook.assembled(for: self)) ?? .builtIn)
    }

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
