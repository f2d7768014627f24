import HTTPTypes
import LapwingServer
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

/// What a slow client may take, on an event loop whose time the test moves.
@Suite("Slow clients")
struct ReadTimeoutTests {
    private let channel: EmbeddedChannel

    init() throws {
        var options = ServerOptions()
        options.headTimeout = .seconds(20)
        options.bodyTimeout = .seconds(60)
        options.idleTimeout = .seconds(75)
        channel = EmbeddedChannel(handler: ReadTimeout(options))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    private func read(_ part: HTTPRequestPart) throws { try channel.writeInbound(part) }

    private func end() throws { try read(.end(nil)) }

    private let start = HTTPRequestPart.head(HTTPRequest(method: .post, scheme: nil, authority: "x", path: "/"))

    /// A request without a body.
    private func ask() throws {
        try read(start)
        try end()
    }

    private func body(_ byteCount: Int) -> HTTPRequestPart {
        .body(ByteBuffer(repeating: 0, count: byteCount))
    }

    private func answer() throws {
        try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .ok)))
        try channel.writeOutbound(HTTPResponsePart.end(nil))
    }

    /// Whether the connection is there just before the time, and gone at it.
    private func closes(after seconds: Int64) -> Bool {
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(seconds * 1000 - 1))
        let isThere = channel.isActive
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        return isThere && !channel.isActive
    }

    @Test("A connection on which no whole head comes is closed, however many bytes of one did")
    func head() throws { #expect(closes(after: 20)) }

    @Test("A body that trickles in is cut off at its deadline, not kept by each byte")
    func trickle() throws {
        try read(start)
        try read(body(1))
        for _ in 0..<5 {
            channel.embeddedEventLoop.advanceTime(by: .seconds(10))
            try read(body(1))
        }
        #expect(closes(after: 10))
    }

    @Test("A large body that comes at a good pace has the time that it takes")
    func largeBody() throws {
        try read(start)
        for _ in 0..<20 {
            channel.embeddedEventLoop.advanceTime(by: .seconds(10))
            try read(body(10 * 16384))
        }
        #expect(channel.isActive)
        // 60 s and 200 more were given, and 200 are over.
        #expect(closes(after: 60))
    }

    @Test("While an answer is made there is no deadline; after it the next request has one")
    func idle() throws {
        try ask()
        channel.embeddedEventLoop.advanceTime(by: .hours(2))
        #expect(channel.isActive)
        try answer()
        channel.embeddedEventLoop.advanceTime(by: .seconds(70))
        try ask()
        try answer()
        #expect(closes(after: 75))
    }

    @Test(
        "Of a request that was answered before its body came, the rest is taken for five seconds, however fast it comes"
    )
    func lingering() throws {
        try read(start)
        try read(body(1000))
        try answer()
        for _ in 0..<4 {
            channel.embeddedEventLoop.advanceTime(by: .seconds(1))
            try read(body(1 << 20))
        }
        #expect(closes(after: 1))
    }

    @Test("Where the rest does come, the connection is kept for the next request")
    func restComes() throws {
        try read(start)
        try read(body(1000))
        try answer()
        try read(body(1000))
        try end()
        #expect(closes(after: 75))
    }

    @Test("Requests that follow at once are all answered before the time between them begins")
    func pipelined() throws {
        try ask()
        try ask()
        try answer()
        channel.embeddedEventLoop.advanceTime(by: .hours(1))
        #expect(channel.isActive)
        try answer()
        #expect(closes(after: 75))
    }
}
