import HTTPTypes
import Hummingbird
import LapwingAPI

/// Asks the provider and sends what it says, as one body or as server-sent events.
struct AnswerService: Sendable {
    let provider: any ChatProvider
    let clock: any Clock<Duration>
    let keepAlive: Duration

    /// Holds the answer together until the provider has completed it, and so until the ledger has it.
    func whole<Format: BodyFormat>(
        _ request: GenerationRequest, context: LapwingAPI.RequestContext, exchange: Exchange,
        format: Format, headers: HTTPFields
    ) async throws -> Response {
        let end = try await exchange.whileClientStays { [provider] in
            var (format, end) = (format, (body: Format.Body, receipt: Receipt?)?.none)
            // Read to the stream's end, or the provider would take the last event for a cancellation.
            for try await event in try await provider.generate(request, context: context) {
                if case .completed(let model, let usage, let receipt) = event {
                    end = (format.body(model: model, usage: usage, receipt: receipt), receipt)
                } else {
                    format.add(event)
                }
            }
            guard let end else { throw Task.isCancelled ? RequestError.cancelled : Self.endedEarly }
            return end
        }
        var headers = headers
        if let receipt = end.receipt { headers.set(receipt) }
        return try JSONBody.response(end.body, headers: headers)
    }

    /// Sends no head before the first event of the answer itself, or `keepAlive` without one: until then an error
    /// still has its proper status.
    func stream(
        _ request: GenerationRequest, context: LapwingAPI.RequestContext, exchange: Exchange,
        format: some StreamFormat, headers: HTTPFields
    ) async throws -> Response {
        let feed = feed(request, context: context, exchange: exchange)
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
        _ request: GenerationRequest, context: LapwingAPI.RequestContext, exchange: Exchange
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
