import ArgumentParser
import Foundation
import LapwingAPI
import LapwingEngine

/// `lapwing chat`: a conversation in the terminal.
struct Chat: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Talk with a model in the terminal.",
        discussion: """
            Ctrl-C stops an answer; without one under way it ends the conversation, as Ctrl-D and /exit do.

              lapwing chat
              lapwing chat --model models/file.gguf --system "You are a ship's cook."
            """)

    @OptionGroup var model: ModelOptions
    @OptionGroup var answering: AnswerOptions

    func run() async throws {
        let engine = try model.load(chatTemplate: answering.chatTemplate)
        let output = Output.standard
        let prompt = output.terminal.isInteractive ? output.terminal.paint("> ", .bold, .cyan) : ""
        var opening = "\(engine.name), context \(engine.contextLength) tokens. /help says what you can type.\n"
        var conversation = Conversation()
        while true {
            guard let line = await readTyped(after: opening + prompt) else { break }
            opening = ""
            switch conversation.take(line) {
            case .nothing: continue
            case .say(let text): output.line(text)
            case .exit:
                await engine.shutDown()
                return
            case .ask: try await answer(&conversation, engine, output)
            }
        }
        output.line()
        await engine.shutDown()
    }

    /// The next line; nil at the end. Ctrl-C meanwhile ends the process, with the cursor on a line of its own.
    private func readTyped(after text: String) async -> String? {
        await onInterrupt {
            Output.standard.line()
            Foundation.exit(130)
        } during: {
            Output.standard.write(text)
            return readLine()
        }
    }

    private func answer(_ conversation: inout Conversation, _ engine: Engine, _ output: Output) async throws {
        let request = answering.request(model: engine.name, conversation: conversation.messages)
        do {
            let answer = try await cancellingOnInterrupt {
                try await StreamedAnswer.stream(request, from: engine, to: output)
            }
            conversation.add(answer: answer.text)
            output.line()
            Output.error.line(Output.error.terminal.paint(answer.summary, .dim))
        } catch is CancellationError {
            conversation.withdraw()
            output.line("\n(stopped; your last message was taken back)")
        } catch let error as RequestError {
            conversation.withdraw()
            output.line("\n\(error)")
        }
    }
}

/// What was said so far, and what a typed line does to it.
package struct Conversation: Sendable {
    package enum Step: Hashable, Sendable {
        case nothing
        case say(String)
        /// `messages` ends with the user's, and is to be answered.
        case ask
        case exit
    }

    package private(set) var messages: [ChatMessage] = []

    package init() {}

    package mutating func take(_ line: String) -> Step {
        let text = line.trimmingCharacters(in: .whitespaces)
        switch text {
        case "": return .nothing
        case "/exit", "/quit": return .exit
        case "/clear":
            messages = []
            return .say("The conversation begins anew.")
        case "/help":
            return .say("/clear begins anew, /exit ends; Ctrl-C stops an answer. Anything else is said to the model.")
        case _ where text.hasPrefix("/") && !text.contains(" "):
            return .say("\(text) is not a command; /help lists them.")
        default:
            messages.append(ChatMessage(role: "user", content: text))
            return .ask
        }
    }

    package mutating func add(answer: String) { messages.append(ChatMessage(role: "assistant", content: answer)) }

    /// Takes back the message that was not answered.
    package mutating func withdraw() { if messages.last?.role == "user" { messages.removeLast() } }
}
