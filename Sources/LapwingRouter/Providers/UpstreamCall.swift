import AsyncHTTPClient
import LapwingAPI
import NIOCore
import NIOHTTP1

/// One request to an upstream, from sending it to the end of its answer.
struct UpstreamCall: Sendable {
    let model: String
    let message: HTTPClientRequest
    let key: UpstreamKey?
    let options: UpstreamOptions
    let client: HTTPClient
    let watch: UpstreamWatch
    let watches: UpstreamWatches

    /// Reads until the answer is whole or has failed; finishes `output` in each case, whose end or being dropped ends the
    /// call.
    func start(_ answer: some AnswerReader, into output: GenerationStream.Continuation) {
        let id = watches.begin(watch)
        let task = Task {
            defer { watches.end(id) }
            do {
                try await read(answer, into: output)
                output.finish()
            } catch {
                let error = watch.verdict ?? error
                output.finish(throwing: UpstreamFailure.transport(error, model: model, hasAnswered: true))
            }
        }
        watch.whenUp { task.cancel() }
        output.onTermination = { _ in task.cancel() }
    }

    private func read(_ answer: some AnswerReader, into output: GenerationStream.Continuation) async throws {
        var answer = answer
        // The watch keeps the time; the client has no deadline of its own.
        let reply: HTTPClientResponse
        do {
            reply = try await send()
        } catch {
            throw UpstreamFailure.transport(error, model: model, hasAnswered: false)
        }
        try await check(reply)
        do {
            try await read(reply.body, &answer, into: output)
        } catch  where answer.isWhole && !(answer.isDone && answer.hasGap) {
            // Every choice has ended. At most the usage is missing: it is estimated, or the answer is taken for broken.
        }
        if !answer.isDone { for event in try answer.completed() { output.yield(event) } }
    }

    /// Sends the request, and once more where a kept connection turned out to be closed before any byte of an answer.
    /// Nothing else is sent again: what an upstream may have begun to answer, it may have charged for.
    func send() async throws -> HTTPClientResponse {
        do {
            return try await client.execute(message, deadline: .distantFuture)
        } catch  where StaleConnection.caused(error) {
            return try await client.execute(message, deadline: .distantFuture)
        }
    }

    private func read(
        _ body: HTTPClientResponse.Body, _ answer: inout some AnswerReader, into output: GenerationStream.Continuation
    ) async throws {
        var events = ServerSentEvents(limit: options.eventByteLimit)
        var byteCount = 0
        for try await buffer in body {
            byteCount += buffer.readableBytes
            guard byteCount <= options.answerByteLimit else {
                throw failure("its answer is longer than \(options.answerByteLimit) bytes")
            }
            // After the last event the rest is read only so that the connection can be used again.
            if answer.isDone { continue }
            for data in try cut(buffer, &events) where !answer.isDone { try deliver(data, &answer, to: output) }
        }
        if !answer.isDone, let rest = try events.finish() { try deliver(rest, &answer, to: output) }
    }

    private func deliver(
        _ data: [UInt8], _ answer: inout some AnswerReader, to output: GenerationStream.Continuation
    ) throws {
        let count = answer.tokenCount
        let events = try answer.receive(data)
        if answer.tokenCount > count { watch.progressed() }
        for event in events { output.yield(event) }
        if answer.isWhole { watch.becameWhole() }
        if answer.isDone { for event in try answer.completed() { output.yield(event) } }
    }

    private func cut(_ buffer: ByteBuffer, _ events: inout ServerSentEvents) throws -> [[UInt8]] {
        do {
            return try events.append(buffer.readableBytesView)
        } catch {
            throw failure("it sent an event of more than \(error.limit) bytes")
        }
    }

    /// Throws unless the reply is a stream of events.
    private func check(_ reply: HTTPClientResponse) async throws {
        try await checkStatus(reply)
        let type = reply.headers.first(name: "content-type")?.lowercased() ?? ""
        // Some servers name no type; one that names another one does not stream.
        guard type.isEmpty || type.hasPrefix("text/event-stream") else {
            throw failure("it answered with '\(UpstreamFailure.bounded(type))' where a stream of events was asked for")
        }
    }

    func checkStatus(_ reply: HTTPClientResponse) async throws {
        guard reply.status != .ok else { return }
        let body = try await reply.beginningOfBody(limit: 64 << 10)
        throw UpstreamFailure.status(
            Int(reply.status.code),
            retryAfter: RetryAfter.seconds(
                reply.headers.first(name: "retry-after"), sentAt: reply.headers.first(name: "date")),
            body: body, model: model, key: key)
    }

    func failure(_ reason: String) -> RequestError {
        .upstreamFailed(model: model, status: nil, reason: reason)
    }
}

extension HTTPClientResponse {
    fileprivate func beginningOfBody(limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await buffer in body {
            bytes.append(contentsOf: buffer.readableBytesView.prefix(limit - bytes.count))
            if bytes.count >= limit { break }
        }
        return bytes
    }
}
