import Hummingbird
import HummingbirdTesting
import LapwingAPI
import LapwingServer
import LapwingTestSupport
import ServiceLifecycle
import Testing

/// What only a real socket can show.
@Suite("Connections", .timeLimit(.minutes(1)))
struct ConnectionTests {
    typealias Step = ScriptedProvider.Step

    static let streamed = chatBody(#""stream":true"#)
    static let half = Step.event(.delta(choice: 0, text: "half", tokens: []))

    func live(_ harness: ServerHarness, _ test: @Sendable @escaping (Int) async throws -> Void) async throws {
        try await harness.application.test(.live) { client in
            try await test(try #require(client.port))
        }
    }

    /// As `serve` runs it: the test framework's own server takes neither the limit of connections nor a shutdown. The
    /// test ends it through the group.
    func serve(
        _ harness: ServerHarness, _ test: @Sendable @escaping (Int, ServiceGroup) async throws -> Void
    ) async throws {
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        var options = harness.options
        options.port = 0
        let application = buildApplication(
            services: harness.provider, gatekeeper: harness.gatekeeper, options: LiveOptions(options),
            certificate: harness.certificate, logger: harness.logger, onRunning: { port.yield($0) })
        let group = ServiceGroup(
            configuration: .init(services: [application], gracefulShutdownSignals: [], logger: harness.logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            try await test(try #require(await ports.first { _ in true }), group)
            try await tasks.waitForAll()
        }
    }

    @Test("A client that goes away ends the work, whether it reads a stream", arguments: [true, false])
    func clientGone(streaming: Bool) async throws {
        let harness = ServerHarness([Self.half, .wait(Gate())] + Step.answer(["never"]))
        try await live(harness) { port in
            try await RawConnection.open(port: port) { connection in
                try await connection.post("/v1/chat/completions", streaming ? Self.streamed : chatBody())
                if streaming { _ = try await connection.read(through: "half") }
                while harness.provider.pulledEventCount == 0 { await Task.yield() }
                try await connection.close()
            }
            #expect(await harness.provider.nextCancellation() == ServerHarness.requestID)
        }
    }

    @Test("A client that goes away before the provider took the request ends that, too")
    func clientGoneEarly() async throws {
        let asked = Gate()
        let released = Gate()
        let provider = ScriptedProvider { _, _ in
            asked.open()
            defer { released.open() }
            try await Gate().wait()
            return []
        }
        try await live(ServerHarness(provider: provider)) { port in
            try await RawConnection.open(port: port) { connection in
                try await connection.post("/v1/completions", completionBody())
                try await asked.wait()
                try await connection.close()
            }
            try await released.wait()
        }
    }

    @Test("Events are on the wire as soon as the provider says them, and the end only after the last event")
    func immediate() async throws {
        let beforeEnd = Gate()
        var steps = Step.answer(["one", "two"])
        steps.insert(.wait(beforeEnd), at: steps.count - 1)
        try await live(ServerHarness(steps)) { port in
            try await RawConnection.open(port: port) { connection in
                try await connection.post("/v1/chat/completions", Self.streamed)
                let head = try await connection.read(through: "\r\n\r\n")
                #expect(head.contains("200 OK") && head.contains("x-lapwing-decision: open"))
                let early = try await connection.read(through: "two")
                #expect(!early.contains("stop"))
                beforeEnd.open()
                let rest = try await connection.read(through: "[DONE]\n\n")
                #expect(rest.contains(#""finish_reason":"stop""#) && rest.contains(#""lapwing":{"#))
                #expect(!rest.contains("error"))
            }
        }
    }

    @Test("After its last event the provider runs to its own end and is not cut off", arguments: [true, false])
    func drained(streaming: Bool) async throws {
        let ended = Gate()
        let reply = try await ServerHarness(Step.answer(["x"]) + [.reached(ended)]).chat(
            streaming ? Self.streamed : chatBody())
        #expect(reply.status == 200)
        try await ended.wait()
    }

    @Test("A slow first event: nothing for five seconds, then the head and comments, then the answer with its object")
    func keepAlive() async throws {
        let clock = ManualClock()
        let gate = Gate()
        var harness = ServerHarness([.wait(gate)] + Step.answer(["late"]))
        harness.clock = clock
        try await live(harness) { port in
            try await RawConnection.open(port: port) { connection in
                try await connection.post("/v1/chat/completions", Self.streamed)
                await clock.waitForSleepers(1)
                clock.advance(by: .seconds(5))
                let head = try await connection.read(through: "\r\n\r\n")
                #expect(head.contains("200 OK") && head.contains("x-lapwing-request-id: \(ServerHarness.requestID)"))
                #expect(!head.contains("x-lapwing-route") && !head.contains("x-lapwing-decision"))
                #expect(try await connection.read(through: "\n\n").contains("\r\n: "))
                await clock.waitForSleepers(1)
                clock.advance(by: .seconds(5))
                #expect(try await connection.read(through: "\n\n").contains("\r\n: "))
                gate.open()
                let rest = try await connection.read(through: "[DONE]\n\n")
                #expect(rest.contains("late") && rest.contains(#""decision":"open""#))
            }
        }
    }

    @Test("Before five seconds nothing is sent, so that a late refusal has its status")
    func lateRefusal() async throws {
        let clock = ManualClock()
        let gate = Gate()
        var harness = ServerHarness([
            .wait(gate), .fail(RequestError.overloaded(what: "The queue", retryAfterSeconds: 1)),
        ])
        harness.clock = clock
        try await live(harness) { port in
            try await RawConnection.open(port: port) { connection in
                try await connection.post("/v1/chat/completions", Self.streamed)
                await clock.waitForSleepers(1)
                clock.advance(by: .milliseconds(4999))
                gate.open()
                #expect(try await connection.read(through: "\r\n").contains("429"))
            }
        }
    }

    @Test("A failure after the head ends the stream with an error frame, and the connection goes on")
    func failureMidStream() async throws {
        let harness = ServerHarness([
            Self.half, .fail(RequestError.upstreamFailed(model: "big", status: 500, reason: "broken")),
        ])
        try await live(harness) { port in
            try await RawConnection.open(port: port) { connection in
                try await connection.post("/v1/chat/completions", Self.streamed)
                let stream = try await connection.read(through: "0\r\n\r\n")
                #expect(stream.contains(#"data: {"error":{"code":"upstream_failed""#) && !stream.contains("[DONE]"))
                try await connection.get("/healthz")
                #expect(try await connection.read(through: "}").contains(#"{"status":"ok"}"#))
            }
        }
    }

    @Test("Requests follow one another on one connection")
    func keepsConnection() async throws {
        let harness = ServerHarness()
        try await live(harness) { port in
            try await RawConnection.open(port: port) { connection in
                for _ in 1...3 {
                    try await connection.post("/v1/chat/completions", Self.streamed)
                    #expect(try await connection.read(through: "0\r\n\r\n").contains("[DONE]"))
                    try await connection.post("/v1/chat/completions", chatBody())
                    #expect(try await connection.read(through: "total_tokens\":7}}").contains("Hello world"))
                }
            }
            #expect(harness.provider.calls.count == 6)
        }
    }

    @Test("A body announced as too large is refused before it is sent")
    func hugeBody() async throws {
        let harness = ServerHarness()
        try await live(harness) { port in
            try await RawConnection.open(port: port) { connection in
                try await connection.send(
                    "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n")
                let reply = try await connection.read(through: "}}")
                #expect(reply.contains("413") && reply.contains("request_too_large"))
            }
        }
    }

    @Test("Headers far over the limit get a 431 that says so")
    func hugeHeaders() async throws {
        try await live(ServerHarness()) { port in
            try await RawConnection.open(port: port) { connection in
                let long = String(repeating: "x", count: 500_000)
                try await connection.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: \(long)\r\n\r\n")
                let reply = try await connection.read(through: "}}")
                #expect(reply.contains("431") && reply.contains("headers_too_large"))
            }
        }
    }

    @Test("A client that closes only its sending half has gone, too")
    func halfClosed() async throws {
        let harness = ServerHarness([Self.half, .wait(Gate())])
        try await live(harness) { port in
            try await RawConnection.open(port: port) { connection in
                try await connection.post("/v1/chat/completions", Self.streamed)
                _ = try await connection.read(through: "half")
                connection.finishSending()
                #expect(await harness.provider.nextCancellation() == ServerHarness.requestID)
            }
        }
    }

    @Test(
        "A connection that asks nothing, or stalls within a head, is closed", arguments: ["", "POST /x HTT"])
    func idle(sent: String) async throws {
        var harness = ServerHarness()
        harness.options.headTimeout = .milliseconds(50)
        try await live(harness) { port in
            try await RawConnection.open(port: port) { connection in
                // On a busy machine it is closed before.
                try? await connection.send(sent)
                let reply = try? await connection.read(through: "never")
                #expect(reply?.isEmpty != false)
            }
        }
    }

    @Test("A client that takes nothing of its answer is cut off, and the work ends")
    func stalledReader() async throws {
        let long = String(repeating: "x", count: 1 << 20)
        let steps = Array(repeating: Step.event(.delta(choice: 0, text: long, tokens: [])), count: 1000)
        var harness = ServerHarness(steps)
        harness.options.writeTimeout = .milliseconds(200)
        try await live(harness) { [harness] port in
            try await RawConnection.open(port: port) { connection in
                try await connection.post("/v1/chat/completions", Self.streamed)
                #expect(await harness.provider.nextCancellation() == ServerHarness.requestID)
            }
        }
    }

    @Test("Connections past the limit wait until one is closed")
    func maxConnections() async throws {
        var harness = ServerHarness()
        harness.options.maxConnections = 1
        try await serve(harness) { [harness] port, group in
            try await RawConnection.open(port: port) { first in
                try await first.post("/v1/chat/completions", chatBody())
                _ = try await first.read(through: "total_tokens\":7}}")
                try await withThrowingTaskGroup(of: Void.self) { others in
                    for _ in 1...20 {
                        others.addTask {
                            try await RawConnection.open(port: port) { other in
                                try await other.post("/v1/chat/completions", chatBody())
                                let reply = try await other.read(through: "total_tokens\":7}}")
                                #expect(reply.contains("200 OK"))
                            }
                        }
                    }
                    for _ in 1...20 {
                        try await first.post("/v1/chat/completions", chatBody())
                        _ = try await first.read(through: "total_tokens\":7}}")
                    }
                    // A few were on their way in when the first was counted.
                    #expect(harness.provider.calls.count < 41)
                    try await first.close()
                    try await others.waitForAll()
                }
                #expect(harness.provider.calls.count == 41)
            }
            await group.triggerGracefulShutdown()
        }
    }

    @Test("Bodies are bounded together: one too many is 503 until another is answered")
    func bodiesInFlight() async throws {
        let gate = Gate()
        var harness = ServerHarness([.wait(gate)] + Step.answer(["x"]))
        harness.options.maxBodyBytes = 100
        harness.options.maxBodyBytesInFlight = 100
        try await live(harness) { [harness] port in
            try await RawConnection.open(port: port) { first in
                try await first.post("/v1/chat/completions", chatBody())
                while harness.provider.calls.isEmpty { await Task.yield() }
                try await RawConnection.open(port: port) { second in
                    try await second.post("/v1/chat/completions", chatBody())
                    let refusal = try await second.read(through: "}}")
                    #expect(refusal.contains("503") && refusal.contains("Retry-After: 1"))
                    gate.open()
                    _ = try await first.read(through: "total_tokens\":6}}")
                    // A small body finds room again.
                    try await second.post("/tokenize", #"{"prompt":"a"}"#)
                    #expect(try await second.read(through: "}").contains("200 OK"))
                }
            }
        }
    }

    @Test("What is not HTTP gets a 400 and a closed connection")
    func notHTTP() async throws {
        try await live(ServerHarness()) { port in
            try await RawConnection.open(port: port) { connection in
                try await connection.send("\u{16}\u{3}\u{1} nonsense\r\n\r\n")
                #expect(try await connection.read(through: "never").contains("400"))
            }
        }
    }

    @Test("On graceful shutdown a running stream ends in peace, and then the server")
    func gracefulShutdown() async throws {
        let gate = Gate()
        try await serve(ServerHarness([Self.half, .wait(gate)] + Step.answer(["whole"]))) { port, group in
            try await RawConnection.open(port: port) { connection in
                try await connection.post("/v1/chat/completions", Self.streamed)
                _ = try await connection.read(through: "half")
                await group.triggerGracefulShutdown()
                gate.open()
                let rest = try await connection.read(through: "never")
                #expect(rest.contains("[DONE]"))
            }
        }
    }
}
