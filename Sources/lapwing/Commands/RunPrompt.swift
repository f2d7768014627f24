import ArgumentParser
import Foundation
import LapwingAPI
import LapwingEngine

/// `lapwing run`: one prompt, one answer, no server.
struct RunPrompt: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Answer one prompt.",
        discussion: """
            The answer goes to standard output as it comes, the speed to standard error. Nothing is entered in the ledger.

              lapwing run "Why is the sky blue?"
              lapwing run --model models/file.gguf --temperature 0 --max-tokens 64 "Name three rivers."
              lapwing run --system "Answer in French." - < question.txt
            """)

    @OptionGroup var model: ModelOptions
    @OptionGroup var sampling: SamplingOptions
    @Argument(help: "The prompt; - or nothing reads standard input.") var prompt: String?

    func run() async throws {
        var text = prompt ?? "-"
        if text == "-" { text = try Self.standardInput() }
        guard !text.isEmpty else { throw ValidationError("The prompt is empty.") }
        let engine = try model.load()
        let request = sampling.request(model: engine.name, conversation: [ChatMessage(role: "user", content: text)])
        let answer = try await cancellingOnInterrupt {
            do {
                return try await StreamedAnswer.stream(request, from: engine, to: .standard)
            } catch {
                Output.standard.line()
                throw error
            }
        }
        Output.standard.line()
        Output.error.line(Output.error.terminal.paint(answer.summary, .dim))
        await engine.shutDown()
    }

    private static func standardInput() throws -> String {
        let data = try FileHandle.standardInput.readToEnd() ?? Data()
        guard let text = String(validating: data, as: UTF8.self) else {
            throw Failure("standard input is not UTF-8 text")
        }
        return text.trimmingCharacters(in: .newlines)
    }
}
