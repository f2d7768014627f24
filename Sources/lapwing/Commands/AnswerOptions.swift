import ArgumentParser
import LapwingAPI
import LapwingText

/// How a model is asked and its answer drawn, for commands that talk to one.
struct AnswerOptions: ParsableArguments {
    @Option(help: "What the model is told before the conversation.") var system: String?
    @Option(help: "Most tokens of an answer.") var maxTokens: Int?
    @Option(help: "0 takes the most probable token each time.") var temperature: Double = 0.7
    @Option(help: "Same seed and prompt, same answer.") var seed: UInt64?
    @Option(help: "In place of the file's own: chatml, llama2, llama3, zephyr or gemma.")
    var chatTemplate: NamedTemplate?

    func validate() throws {
        if !(0...2).contains(temperature) { throw ValidationError("--temperature is \(temperature), expected 0 to 2.") }
        if let maxTokens, maxTokens < 1 { throw ValidationError("--max-tokens is \(maxTokens), expected 1 or more.") }
    }

    /// A request to continue `conversation`, with the system message before it.
    func request(model: String, conversation: [ChatMessage]) -> GenerationRequest {
        let opening = system.map { [ChatMessage(role: "system", content: $0)] } ?? []
        var request = GenerationRequest(model: model, prompts: [.messages(opening + conversation)])
        request.sampling.temperature = temperature
        request.sampling.seed = seed
        request.maxTokens = maxTokens
        request.stream = true
        return request
    }
}

extension NamedTemplate: ExpressibleByArgument {}
