import ArgumentParser
import Foundation
import LapwingHub

/// The command line's root; each subcommand is a file under `Commands/`.
@main
package struct Lapwing: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "lapwing",
        abstract: "Answers with open weights first, escalates where it pays, and keeps a receipt for both.",
        discussion: """
            Most commands read ./lapwing.yaml, or the file named with --config. `lapwing demo` writes one where there is \
            none.

            Exit codes: 0 success, 1 the work failed, 2 bad usage, 130 interrupted.
            """,
        version: "lapwing 0.1.0",
        groupedSubcommands: [
            CommandGroup(name: "Answer", subcommands: [Demo.self, Serve.self, RunPrompt.self, Chat.self, Embed.self]),
            CommandGroup(name: "Models", subcommands: [Models.self, Pull.self, Quantize.self, Bench.self]),
            CommandGroup(
                name: "Quality", subcommands: [Calibrate.self, Eval.self, Parity.self, Canary.self]),
            CommandGroup(name: "Receipts", subcommands: [ReportCommand.self, LedgerCommand.self, Prices.self]),
            CommandGroup(name: "Setup", subcommands: [Check.self, Doctor.self, KeysCommand.self]),
        ])

    package init() {}

    package static func main() async {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            let ending = Ending(of: error)
            if let message = ending.message { (ending.stream == .output ? Output.standard : .error).line(message) }
            Foundation.exit(ending.status)
        }
    }

    /// What the process says last and what it exits with.
    package struct Ending {
        package var status: Int32
        package var message: String?
        package var stream: Terminal.Stream

        /// The one place where an error becomes text for a terminal.
        package init(of error: any Error) {
            stream = .error
            switch error {
            case is CancellationError:
                (status, message) = (130, nil)
            case let code as ExitCode where !code.isSuccess:
                // The command has said what there is to say.
                (status, message) = (code.rawValue, nil)
            case let failure as Failure:
                (status, message) = (1, failure.message.map { "lapwing: \($0)" })
            default:
                let code = Lapwing.exitCode(for: error)
                let text = Lapwing.fullMessage(for: error)
                switch code {
                case .success:
                    stream = .output
                    (status, message) = (0, text.isEmpty ? nil : text)
                case .validationFailure: (status, message) = (2, text)
                default: (status, message) = (1, "lapwing: \(Self.sentence(of: error))")
                }
            }
        }

        private static func sentence(of error: any Error) -> String {
            (error as? CocoaError)?.sentence ?? "\(error)"
        }
    }
}

/// The work failed, and this is all there is to say about it; nil where it was said already.
package struct Failure: Error {
    package var message: String?

    package init(_ message: String? = nil) { self.message = message }
}
