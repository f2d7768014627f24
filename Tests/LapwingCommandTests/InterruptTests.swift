import Foundation
import LapwingStore
import LapwingTestSupport
import Testing

/// What Ctrl-C does to a command that is waiting or at work.
@Suite struct InterruptTests {
    /// A program under way, with what it has written so far.
    private final class Running {
        private let process: Process
        /// Kept, as its folder goes with it.
        private let program: Program
        private let output = Pipe()
        private let error = Pipe()
        private let input = Pipe()

        init(_ program: Program, _ arguments: String...) throws {
            self.program = program
            process = try program.process(arguments)
            (process.standardInput, process.standardOutput, process.standardError) = (input, output, error)
            try process.run()
        }

        deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

        /// Reads standard output up to `text`; all of it where the program ends before.
        func output(upTo text: String) throws -> String { try read(output, upTo: text) }
        func error(upTo text: String) throws -> String { try read(error, upTo: text) }

        private func read(_ pipe: Pipe, upTo text: String) throws -> String {
            var seen = ""
            while !seen.hasSuffix(text), let byte = try pipe.fileHandleForReading.read(upToCount: 1), !byte.isEmpty {
                seen += String(decoding: byte, as: UTF8.self)
            }
            return seen
        }

        func interrupt() { kill(process.processIdentifier, SIGINT) }

        /// The exit status; nil where a signal ended it.
        func status() -> Int32? {
            process.waitUntilExit()
            return process.terminationReason == .exit ? process.terminationStatus : nil
        }
    }

    private func house() throws -> Program {
        let program = try Program(yaml: "models: { tiny: { weights: tiny.gguf } }")
        _ = try program.folder.write(TinyModel().bytes(), to: "tiny.gguf")
        return program
    }

    @Test("serve ends cleanly at the first Ctrl-C where nothing is in progress")
    func idleServe() throws {
        let serve = try Running(house(), "serve", "--port", "0", "--log-level", "error")
        #expect(try serve.output(upTo: "\n").hasPrefix("listening on http://127.0.0.1:"))
        serve.interrupt()
        #expect(serve.status() == 0)
    }

    @Test("serve waits for a request at the first Ctrl-C, and ends at once at the second")
    func stalledServe() throws {
        let upstream = try Socket.listening()
        let program = try Program(
            yaml:
                "models: { m: { provider: openai-compatible, endpoints: [\"http://127.0.0.1:\(upstream.port)/v1\"], "
                + "price: { input: 1, output: 1 } } }")
        let serve = try Running(program, "serve", "--port", "0", "--log-level", "error")
        let line = try serve.output(upTo: "\n")
        let port = try #require(line.firstMatch(of: /127.0.0.1:([0-9]+)/).flatMap { UInt16($0.1) })
        let client = try Socket.connected(to: port)
        let body = #"{"model": "m", "messages": [{"role": "user", "content": "Hi"}]}"#
        try client.send(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
                + "content-length: \(body.utf8.count)\r\n\r\n\(body)")
        // An upstream that never answers: from here on the request is in progress.
        let call = try upstream.accept()
        serve.interrupt()
        #expect(try serve.error(upTo: "at once\n") == "ending what is in progress; Ctrl-C once more ends at once\n")
        serve.interrupt()
        #expect(serve.status() == 130)
        withExtendedLifetime((client, call)) {}
    }

    @Test("chat that waits for a line ends with the cursor on a new one")
    func idleChat() throws {
        let chat = try Running(house(), "chat")
        #expect(try chat.output(upTo: "type.\n").hasPrefix("tiny, context 512 tokens."))
        chat.interrupt()
        #expect(try chat.output(upTo: "\n") == "\n")
        #expect(chat.status() == 130)
    }

    @Test("A cancelled verification or copy of the ledger stops, and leaves no half-written file")
    func cancelledLedger() async throws {
        let program = try Program()
        try await program.enter("ann", "bob")
        let ledger = "\(program.path)/data/ledger.sqlite"
        let copy = "\(program.path)/copy.sqlite"
        try LedgerReader(path: ledger).backup(to: "\(program.path)/kept.sqlite")
        let works: [@Sendable () throws -> Void] = [
            { _ = try LedgerReader(path: ledger).verify() },
            { try LedgerReader(path: ledger).backup(to: copy) },
            { try Ledger.restore(from: "\(program.path)/kept.sqlite", to: ledger, force: true) },
        ]
        for work in works {
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try work()
            }
            await #expect(throws: CancellationError.self) { try await task.value }
        }
        #expect(program.files == ["data", "kept.sqlite"])
        let data = try FileManager.default.contentsOfDirectory(atPath: "\(program.path)/data")
        #expect(data.allSatisfy { !$0.contains("restoring") })
        #expect(try LedgerReader(path: ledger).verify().entryCount == 2)
    }
}

/// A TCP socket on loopback, closed when the last reference to it goes.
private final class Socket {
    private let descriptor: Int32
    private(set) var port: UInt16

    private struct Failed: Error { let number = errno }

    private init(_ descriptor: Int32, port: UInt16) throws {
        guard descriptor >= 0 else { throw Failed() }
        (self.descriptor, self.port) = (descriptor, port)
    }

    deinit { close(descriptor) }

    static func listening() throws -> Socket {
        let made = try Socket(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0), port: 0)
        // Whom nobody calls does not wait for ever.
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(made.descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        try made.withAddress { address in
            guard bind(made.descriptor, address, size) == 0, listen(made.descriptor, 8) == 0,
                getsockname(made.descriptor, address, &size) == 0
            else { throw Failed() }
        }
        return made
    }

    static func connected(to port: UInt16) throws -> Socket {
        let made = try Socket(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0), port: port)
        try made.withAddress { address in
            guard connect(made.descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 else {
                throw Failed()
            }
        }
        return made
    }

    func accept() throws -> Socket { try Socket(Foundation.accept(descriptor, nil, nil), port: port) }

    func send(_ text: String) throws {
        guard write(descriptor, text, text.utf8.count) == text.utf8.count else { throw Failed() }
    }

    /// Calls `body` with the loopback address and this port, and takes the port that it leaves there.
    private func withAddress(_ body: (UnsafeMutablePointer<sockaddr>) throws -> Void) throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1, body)
        }
        port = UInt16(bigEndian: address.sin_port)
    }
}
