import HTTPTypes
import Hummingbird
import LapwingAPI

/// Asks the provider and sends what it says, as one body or as server-sent events.
struct AnswerService: Sendable {
    let provider: any ChatProvider
    let clock: any Clock<Duration>
    let keepAlive: Duration

    /// Holds the answer together until the provider has completed it, and so until the ledger has it.
    func whole(
        _ request: GenerationRequest, context: LapwingAPI.RequestContext, exchange: Exchange,
        format: some BodyFormat, headers: HTTPFields
    ) async throws -> Response {
        let feed = feed(request, context: context, exchange: exchange, keepAlive: nil)
        defer { exchange.client?.stopWatching() }
        var format = format
        while true {
            switch await feed.next() {
            case .event(.completed(let model, let usage, let receipt)):
                await drain(feed)
                var headers = headers
                if let receipt { headers.set(receipt) }
                return try JSONBody.response(
                    format.body(model: model, usage: usage, receipt: receipt), headers: headers)
            case .event(let event): format.add(event)
            case .tick: break
            case .ended(let error): throw error ?? Self.endedEarly
            }
        }
    }

    /// Sends no head before the first event of the answer itself, or `keepAlive` without one: until then an error
    /// still has its proper status.
    func stream(
        _ request: GenerationRequest, context: LapwingAPI.RequestContext, exchange: Exchange,
        format: some StreamFormat, headers: HTTPFields
    ) async throws -> Response {
        let feed = feed(request, context: context, exchange: exchange, keepAlive: keepAlive)
        var headers = headers
        var format = format
        var first: GenerationEvent?
        waiting: while true {
            switch await feed.next() {
            case .event(.committed(let commitment)):
                headers.set(commitment)
                format.envelope.identity.model = commitment.model
            case .event(let event):
                first = event
                break waiting
            case .tick: break waiting
            case .ended(let error): throw error ?? Self.endedEarly
            }
        }
        headers[.contentType] = "text/event-stream; charset=utf-8"
        headers[.cacheControl] = "no-cache"
        // nginx would gather the events otherwise.
        headers.set("x-accel-buffering", "no")
        let body = ResponseBody { [format, first] writer in
            var events = EventStream(format: format, exchange: exchange)
            defer {
                feed.cancel()
                exchange.client?.stopWatching()
            }
            do {
                try await events.send(feed, after: first, to: &writer)
                try await writer.finish(nil)
            } catch {
                exchange.note(ErrorResponse(RequestError.cancelled))
                throw error
            }
            if events.isComplete { await drain(feed) }
        }
        return Response(status: .ok, headers: headers, body: body)
    }

    private func feed(
        _ request: GenerationRequest, context: LapwingAPI.RequestContext, exchange: Exchange, keepAlive: Duration?
    ) -> AnswerFeed {
        let feed = AnswerFeed(clock: clock, keepAlive: keepAlive) { [provider] in
            try await provider.generate(request, context: context)
        }
        // The feed lives as long as the response that reads it; this must not keep it.
        exchange.client?.watch { [weak feed] in feed?.cancel() }
        return feed
    }

    static let endedEarly = RequestError.internal(reason: "the provider's stream ended before it was completed")
}

/// Lets the provider finish in its own time after its last event, so that it does not take the end for a cancellation.
private func drain(_ feed: AnswerFeed) async {
    while true {
        if case .ended = await feed.next() { return }
    }
}
