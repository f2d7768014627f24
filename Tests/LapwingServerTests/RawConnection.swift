import HummingbirdTesting
import LapwingServer
import NIOCore
import NIOPosix

/// A TCP connection on which a test writes and reads what it likes.
struct RawConnection {
    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private let channel: any Channel
    /// What has been read and not yet taken.
    private var buffer = ""

    /// Connects, runs the body, and closes.
    static func open(
        port: Int, _ body: (inout RawConnection) async throws -> Void
    ) async throws {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "localhost", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
                }
            }
        try await channel.executeThenClose { inbound, outbound in
            var connection = RawConnection(
                inbound: inbound.makeAsyncIterator(), outbound: outbound, channel: channel.channel)
            try await body(&connection)
        }
    }

    private init(
        inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
        outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>, channel: any Channel
    ) {
        self.inbound = inbound
        self.outbound = outbound
        self.channel = channel
    }

    func send(_ text: String) async throws { try await outbound.write(ByteBuffer(string: text)) }

    func post(_ path: String, _ body: String, headers: String = "") async throws {
        try await send(
            "POST \(path) HTTP/1.1\r\nHost: localhost\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    func get(_ path: String) async throws { try await send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n") }

    /// Reads up to and including the text; what was read so far where the other side closes first.
    mutating func read(through end: String) async throws -> String {
        while true {
            if let range = buffer.firstRange(of: end) {
                defer { buffer.removeSubrange(..<range.upperBound) }
                return String(buffer[..<range.upperBound])
            }
            guard let bytes = try await inbound.next() else {
                defer { buffer = "" }
                return buffer
            }
            buffer += String(buffer: bytes)
        }
    }

    /// Closes the sending half only.
    func finishSending() { outbound.finish() }

    func close() async throws { try await channel.close() }
}
