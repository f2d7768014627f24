import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Testing

/// Requests as these tests send them.
enum Ask {
    struct Reply {
        let status: Int
        let headers: HTTPHeaders
        let text: String

        func header(_ name: String) -> String? { headers.first(name: name) }

        var json: [String: Any] {
            get throws {
                try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
            }
        }
    }

    static func get(_ url: String, key: String? = nil) async throws -> Reply {
        try await send(request(url, key: key))
    }

    static func post(_ url: String, _ body: String, key: String? = nil) async throws -> Reply {
        var request = request(url, key: key)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(ByteBuffer(string: body))
        return try await send(request)
    }

    static func chat(_ url: String, _ model: String, key: String? = nil) async throws -> Reply {
        try await post(
            url + "/v1/chat/completions",
            #"{"model":"\#(model)","max_tokens":4,"messages":[{"role":"user","content":"hello"}]}"#, key: key)
    }

    /// A stream that has begun: what has come and what is to come.
    static func stream(_ url: String, _ model: String) async throws -> HTTPClientResponse.Body.AsyncIterator {
        var request = request(url + "/v1/chat/completions", key: nil)
        request.method = .POST
        request.body = .bytes(
            ByteBuffer(string: #"{"model":"\#(model)","stream":true,"messages":[{"role":"user","content":"hello"}]}"#))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        #expect(response.status == .ok)
        return response.body.makeAsyncIterator()
    }

    private static func request(_ url: String, key: String?) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url)
        if let key { request.headers.add(name: "authorization", value: "Bearer \(key)") }
        return request
    }

    private static func send(_ request: HTTPClientRequest) async throws -> Reply {
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
        let text = String(buffer: try await response.body.collect(upTo: 1 << 22))
        return Reply(status: Int(response.status.code), headers: response.headers, text: text)
    }
}

extension HTTPClientResponse.Body.AsyncIterator {
    /// Reads up to a piece that holds the text, or to the end.
    mutating func read(through end: String) async throws -> String {
        var text = ""
        while !text.contains(end), let buffer = try await next() { text += String(buffer: buffer) }
        return text
    }
}

/// Waits for what another process does in its own time; more than a moment is only patience with a busy machine.
func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
    for _ in 0..<200 {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(50))
    }
    Issue.record("it never came true: \(what)")
}
