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
    @OptionGroup var answering: AnswerOptions
    @Argument(help: "The prompt; - or nothing reads standard input.") var prompt: String?

    func validate() throws {
        if let prompt, prompt.allSatisfy(\.isWhitespace) { throw ValidationError("The prompt is empty.") }
    }

    func run() async throws {
        let text = try prompt.flatMap { $0 == "-" ? nil : $0 } ?? Self.standardInput()
        let engine = try model.load(chatTemplate: answering.chatTemplate)
        let request = answering.request(model: engine.name, conversation: [ChatMessage(role: "user", content: text)])
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
        let prompt = text.trimmingCharacters(in: .newlines)
        guard !prompt.isEmpty else { throw Failure("standard input is empty, expected a prompt") }
        return prompt
    }
}
