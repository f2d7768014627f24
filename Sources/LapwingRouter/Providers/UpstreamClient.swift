import AsyncHTTPClient
import LapwingAPI
import NIOCore
import NIOHTTP1

/// What bounds a call to an upstream.
package struct UpstreamOptions: Sendable {
    package var timeouts = UpstreamTimeouts()
    /// Most bytes of one event, and of an error's body.
    package var eventByteLimit = 1 << 20
    /// Most bytes of one answer's stream.
    package var answerByteLimit = 16 << 20

    package init() {}
}

/// Makes the calls to one address, in whatever API it speaks.
struct UpstreamClient: Sendable {
    /// Our name for the model, for errors.
    let model: String
    let endpoint: UpstreamEndpoint
    let options: UpstreamOptions
    let http: HTTPClient
    let clock: any Clock<Duration>
    /// What the API wants to be told with every request, beside the key.
    private let headers: [(name: String, value: String)]
    private let watches: UpstreamWatches

    init(
        model: String, endpoint: UpstreamEndpoint, options: UpstreamOptions, http: HTTPClient,
        clock: any Clock<Duration>, headers: [(name: String, value: String)] = []
    ) {
        self.model = model
        self.endpoint = endpoint
        self.options = options
        self.http = http
        self.clock = clock
        self.headers = headers
        watches = UpstreamWatches(clock: clock)
    }

    /// Asks for an answer. Answers always come as a stream, so that one that is not wanted any more can be cut off.
    func stream(_ answer: some AnswerReader, body: [UInt8], to path: String) -> GenerationStream {
        let call = call(path, body: body, accept: "text/event-stream", options.timeouts)
        let (stream, output) = GenerationStream.makeStream()
        call.start(answer, into: output)
        return stream
    }

    /// Asks for the list of models, which costs nothing. Throws `RequestError` where nothing comes within ten seconds or the
    /// server is in trouble; one that has no such list, or refuses it, is up.
    func probe() async throws {
        var timeouts = options.timeouts
        timeouts.firstToken = .seconds(10)
        timeouts.total = timeouts.firstToken
        let call = call("/models", body: nil, accept: "application/json", timeouts)
        do {
            _ = try await call.body(atMost: 4 << 20)
        } catch {
            if FailureClass(RequestError(error)).isBreakage { throw error }
        }
    }

    /// A request, not sent yet; its time begins now. Without a body it only asks.
    func call(_ path: String, body: [UInt8]?, accept: String, _ timeouts: UpstreamTimeouts) -> UpstreamCall {
        var message = HTTPClientRequest(url: endpoint.url(of: path))
        message.headers.add(name: "accept", value: accept)
        message.headers.add(name: "user-agent", value: "lapwing")
        for header in headers { message.headers.add(name: header.name, value: header.value) }
        if let header = endpoint.key?.header(for: message.url) {
            message.headers.add(name: header.name, value: header.value)
        }
        if let body {
            message.method = .POST
            message.headers.add(name: "content-type", value: "application/json")
            message.body = .bytes(ByteBuffer(bytes: body))
        }
        return UpstreamCall(
            model: model, message: message, key: endpoint.key, options: options, client: http,
            watch: UpstreamWatch(model: model, timeouts: timeouts, clock: clock), watches: watches)
    }
}
