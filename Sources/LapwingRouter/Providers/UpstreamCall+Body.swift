import AsyncHTTPClient
import Foundation
import LapwingAPI
import NIOCore

extension UpstreamCall {
    /// The body of an answer that comes whole. Throws `RequestError`.
    func body(atMost limit: Int) async throws -> Data {
        do {
            return try await watches.during(watch) { try await read(atMost: limit) }
        } catch {
            throw UpstreamFailure.transport(error, model: model, hasAnswered: true)
        }
    }

    private func read(atMost limit: Int) async throws -> Data {
        let reply: HTTPClientResponse
        do {
            reply = try await send()
        } catch {
            throw UpstreamFailure.transport(error, model: model, hasAnswered: false)
        }
        try await checkStatus(reply)
        var body = Data()
        for try await buffer in reply.body {
            guard buffer.readableBytes <= limit - body.count else {
                throw failure("its answer is longer than \(limit) bytes")
            }
            body.append(contentsOf: buffer.readableBytesView)
        }
        return body
    }
}
