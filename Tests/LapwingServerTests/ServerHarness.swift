import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LapwingAPI
import LapwingMetrics
import LapwingServer
import LapwingTestSupport
import Logging
import Testing

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The server over a scripted provider, with time standing still at 2001-09-09 unless a test moves it.
struct ServerHarness {
    var provider: ScriptedProvider
    var options = ServerOptions()
    /// In place of `options`, where a test changes them meanwhile.
    var live: LiveOptions?
    var clock: any Clock<Duration> = ManualClock()
    var gatekeeper: any Gatekeeper = OpenDoor()
    var operations: (any Operations)?
    var feedback: (any FeedbackTaking)? = ScriptedFeedback()
    var certificate: LiveCertificate?
    var metrics = PrometheusRegistry()
    var logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init(_ steps: [ScriptedProvider.Step] = ScriptedProvider.Step.answer(["Hello", " world"])) {
        provider = ScriptedProvider(steps)
    }

    init(provider: ScriptedProvider) { self.provider = provider }

    var application: some ApplicationProtocol {
        let time = ServerTime(clock: clock) { 1_000_000_000_000 }
        return buildApplication(
            services: provider, gatekeeper: gatekeeper, operations: operations, feedback: feedback,
            options: live ?? LiveOptions(options),
            certificate: certificate, logger: logger, time: time, metrics: metrics,
            requestIDs: RequestIDGenerator(milliseconds: time.milliseconds) { (1, 0) })
    }

    static let requestID = "req_00X3AAA4000000000000000001"

    /// One request against the handlers, without a socket.
    @discardableResult
    func send(
        _ method: String, _ path: String, body: String? = nil, headers: [String: String] = [:]
    ) async throws -> Reply {
        var fields = HTTPFields()
        for (name, value) in headers { fields[try #require(HTTPField.Name(name))] = value }
        let method = try #require(HTTPRequest.Method(method))
        return try await application.test(.router) { [fields] client in
            let response = try await client.execute(
                uri: path, method: method, headers: fields, body: body.map { ByteBuffer(string: $0) })
            return Reply(
                status: response.status.code, headers: response.headers, text: String(buffer: response.body))
        }
    }

    func post(_ path: String, _ body: String) async throws -> Reply { try await send("POST", path, body: body) }
    func chat(_ body: String) async throws -> Reply { try await post("/v1/chat/completions", body) }
    func complete(_ body: String) async throws -> Reply { try await post("/v1/completions", body) }
}

/// An HTTP answer, read in whichever way a test needs.
struct Reply {
    var status: Int
    var headers: HTTPFields
    var text: String

    func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }

    func decode<T: Decodable>(_ type: T.Type) throws -> T { try JSONDecoder().decode(type, from: Data(text.utf8)) }

    var json: JSONValue { get throws { try decode(JSONValue.self) } }
    var error: OpenAI.ErrorBody.Detail { get throws { try decode(OpenAI.ErrorBody.self).error } }

    /// The events of a stream, without `data: `; comments keep their colon.
    var events: [String] {
        text.split(separator: "\n\n").map { $0.hasPrefix("data: ") ? String($0.dropFirst(6)) : String($0) }
    }

    /// The events of a stream that are JSON.
    var chunks: [JSONValue] {
        get throws {
            try events.filter { $0.hasPrefix("{") }.map {
                try JSONDecoder().decode(JSONValue.self, from: Data($0.utf8))
            }
        }
    }
}

/// A minimal chat request with more members, such as `"stream":true`.
func chatBody(_ more: String = "", model: String? = "m") -> String {
    let model = model.map { #""model":"\#($0)","# } ?? ""
    return #"{\#(model)"messages":[{"role":"user","content":"hi"}]\#(more.isEmpty ? "" : ",")\#(more)}"#
}

/// A minimal completion request with more members.
func completionBody(_ more: String = "") -> String {
    #"{"model":"m","prompt":"hi"\#(more.isEmpty ? "" : ",")\#(more)}"#
}
