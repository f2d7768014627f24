import ArgumentParser
import Foundation

/// `--config`, for every command that reads the configuration.
struct ConfigurationOptions: ParsableArguments {
    static let defaultPath = "lapwing.yaml"

    @Option(name: .long, help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config = ConfigurationOptions.defaultPath

    /// The configuration. With `warns` its warnings are told on standard error.
    func load(warns: Bool = false) throws -> Configuration {
        if config == Self.defaultPath, !FileManager.default.fileExists(atPath: config) {
            throw Failure(
                "there is no lapwing.yaml here; `lapwing demo` writes one, or name yours with --config FILE")
        }
        let configuration = try Configuration.read(path: config)
        for warning in configuration.warnings where warns {
            Output.error.line(Output.error.terminal.paint("warning: ", .yellow) + "\(config): \(warning)")
        }
        return configuration
    }

    /// nil where no file was named and there is none by the usual name.
    func loadIfPresent() throws -> Configuration? {
        if config == Self.defaultPath, !FileManager.default.fileExists(atPath: config) { return nil }
        return try load()
    }
}

extension Configuration {
    /// Where the ledger lies, with the prices that were imported.
    package var ledgerPath: String { dataFolder + "/ledger.sqlite" }
}
