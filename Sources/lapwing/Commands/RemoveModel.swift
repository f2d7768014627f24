import ArgumentParser
import Foundation
import LapwingHub

/// `lapwing models rm`: takes a model from the disk.
struct RemoveModel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove a model from the disk.",
        discussion: """
            Removes the model's files and what was kept beside them, after asking. A model that a running process has open is \
            not removed.

              lapwing models rm SmolLM2-360M-Instruct-Q8_0.gguf
              lapwing models rm gemma-3-1b-it --yes
            """)

    @OptionGroup var options: ConfigurationOptions
    @Argument(help: ArgumentHelp("A model's name in the configuration, or its file or folder.", valueName: "name"))
    var name: String
    @Flag(name: .shortAndLong, help: "Do not ask.") var yes = false

    func run() throws {
        let found = try NamedModel.find(name, try options.loadIfPresent())
        let model = found.model
        let count = model.files.count
        let used =
            found.names.isEmpty ? "" : ", which is '\(found.names.joined(separator: "', '"))' in the configuration"
        if !yes {
            guard isatty(STDIN_FILENO) == 1 else {
                throw Failure("nothing was removed: there is no terminal to ask on; say --yes")
            }
            Output.error.write("Remove \(model.path) (\(count) \(count == 1 ? "file" : "files"))\(used)? [y/N] ")
            guard ["y", "yes"].contains(readLine()?.lowercased() ?? "") else { throw Failure("nothing was removed") }
        }
        let removal = try model.remove()
        Output.standard.line("removed \(model.path)\(used): \(ByteCount(removal.byteCount))")
        if let folder = removal.leftFolder {
            Output.standard.line("\(folder) was left, as other files are in it")
        }
    }
}
