import HTTPTypes
import Hummingbird
import LapwingAPI

extension Routes {
    func completions(_ exchange: Exchange) async throws -> Response {
        var reader = try await exchange.fields(options)
        let completion = try OpenAI.CompletionRequest(&reader, options: options)
        let request = GenerationRequest(completion)
        let headers = HTTPFields.ignoring(reader.unasked)
        let context = context(exchange, user: completion.sampling.user, metadata: completion.metadata)
        let identity = identity("cmpl-", exchange, model: completion.model)
        let echo = PromptEcho(prompts: request.prompts, choicesPerPrompt: request.choiceCount)
        let reportsLogprobs = request.topLogProbabilities != nil
        if request.stream {
            let format = CompletionStreamFormat(
                envelope: StreamEnvelope(identity: identity, reportsUsage: completion.sampling.wantsUsage),
                echo: echo, reportsLogprobs: reportsLogprobs)
            return try await answers(for: exchange).stream(
                request, context: context, exchange: exchange, format: format, headers: headers)
        }
        let format = CompletionBodyFormat(
            identity: identity, echo: echo, reportsLogprobs: reportsLogprobs,
            choiceCount: request.prompts.count * request.choiceCount)
        return try await answers(for: exchange).whole(
            request, context: context, exchange: exchange, format: format, headers: headers)
    }
}
