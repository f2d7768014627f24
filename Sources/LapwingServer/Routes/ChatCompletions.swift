import HTTPTypes
import Hummingbird
import LapwingAPI

extension Routes {
    func chatCompletions(_ exchange: Exchange) async throws -> Response {
        var reader = try await exchange.fields(options)
        let chat = try OpenAI.ChatRequest(&reader, options: options)
        let request = GenerationRequest(chat)
        let headers = HTTPFields.ignoring(reader.unasked)
        let context = context(exchange, user: chat.sampling.user, metadata: chat.metadata)
        let identity = identity("chatcmpl-", exchange, model: chat.model)
        let reportsLogprobs = request.topLogProbabilities != nil
        if request.stream {
            let format = ChatStreamFormat(
                envelope: StreamEnvelope(identity: identity, reportsUsage: chat.sampling.wantsUsage),
                reportsLogprobs: reportsLogprobs)
            return try await answers(for: exchange).stream(
                request, context: context, exchange: exchange, format: format, headers: headers)
        }
        let format = ChatBodyFormat(
            identity: identity, reportsLogprobs: reportsLogprobs, choiceCount: request.choiceCount)
        return try await answers(for: exchange).whole(
            request, context: context, exchange: exchange, format: format, headers: headers)
    }

    func context(_ exchange: Exchange, user: String?, metadata: [String: String]?) -> LapwingAPI.RequestContext {
        var context = LapwingAPI.RequestContext(requestID: exchange.id)
        context.user = user
        context.metadata = metadata ?? [:]
        context.cache = CacheUse(exchange.request.headers)
        context.onEnd = { [weak exchange] in exchange?.note($0) }
        return context
    }

    func identity(_ prefix: String, _ exchange: Exchange, model: String) -> AnswerIdentity {
        AnswerIdentity(
            id: prefix + exchange.id.dropFirst(RequestIDGenerator.prefix.count),
            created: Int(time.milliseconds() / 1000), model: model)
    }
}

extension OpenAI.SamplingFields {
    var wantsUsage: Bool { streamOptions?.includeUsage ?? false }
}
