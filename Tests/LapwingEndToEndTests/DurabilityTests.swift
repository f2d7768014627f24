import AsyncHTTPClient
import Foundation
import LapwingTestSupport
import NIOCore
import NIOHTTP1
import Testing

/// What the kernel was asked to do, in order: the ledger's log is on disk before the answer's last byte leaves.
@Suite(
    .serialized, .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/strace"), "needs strace"))
struct DurabilityTests {
    @Test("The log's last fdatasync returns before the last byte goes to the socket", arguments: [false, true])
    func durableBeforeTheLastByte(stream: Bool) async throws {
        let calls = try await trace(stream: stream, options: [])
        #expect(try Self.isDurable(calls))
    }

    @Test("The same check fails when SQLite does not sync each commit")
    func theCheckCanFail() async throws {
        let calls = try await trace(stream: false, options: ["--ledger-durability", "deferred"])
        #expect(try !Self.isDurable(calls))
    }

    @Test("An intent reaches the disk although its call never ends")
    func intentIsFlushed() async throws {
        let silent = try SilentUpstream()
        let folder = try TestFolder()
        try folder.write(models: ["tiny: { provider: openai-compatible, endpoints: [\"\(silent.baseURL)\"] }"])
        let log = folder.path + "/strace"
        let server = try ServerProcess.start(in: folder, prefix: Self.strace(log))
        let asking = Task { [url = server.baseURL] in _ = try? await Self.ask(url, stream: false) }
        defer {
            asking.cancel()
            server.kill()
        }
        var found: [SystemCall] = []
        for _ in 0..<200 {
            found = SystemCall.parse(try String(contentsOfFile: log, encoding: .utf8))
            let called = found.firstIndex { $0.isSend && $0.text.contains("POST /v1/chat/completions") }
            if let called, found[called...].contains(where: \.isFlushOfLog) { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("no flush of the log after the call: \(found.map(\.name))")
    }

    /// Whether the ledger's log was last written before the answer's last byte, with a completed `fdatasync` of the same
    /// file between the two. An entry that is written after the answer is thus seen, although the intent was synced
    /// before it.
    private static func isDurable(_ calls: [SystemCall]) throws -> Bool {
        let end = try #require(
            calls.lastIndex { $0.isSend && ($0.text.contains("[DONE]") || $0.text.contains("chat.completion")) },
            "no answer was sent")
        let written = try #require(
            calls.lastIndex { $0.name == "pwrite64" && $0.text.contains("ledger.sqlite-wal>") },
            "the log was not written")
        return written < end
            && calls[written..<end].contains(where: \.isFlushOfLog)
    }

    private static func strace(_ log: String) -> [String] {
        [
            "strace", "-D", "-f", "-y", "-s", "65536", "-o", log, "-e",
            "trace=fdatasync,fsync,pwrite64,write,writev,sendto,sendmsg",
        ]
    }

    private static func ask(_ baseURL: String, stream: Bool) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: "\(baseURL)/v1/chat/completions")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(
            ByteBuffer(
                string:
                    #"{"model":"tiny","max_tokens":8,"stream":\#(stream),"messages":[{"role":"user","content":"hi"}]}"#
            ))
        return try await HTTPClient.shared.execute(request, timeout: .seconds(30))
    }

    private func trace(stream: Bool, options: [String]) async throws -> [SystemCall] {
        let folder = try TestFolder()
        let model = try TinyModel().write()
        try folder.configure(model: model.path, name: "tiny", context: 512)
        let log = folder.path + "/strace"
        let server = try ServerProcess.start(in: folder, prefix: Self.strace(log), options: options)
        let response = try await Self.ask(server.baseURL, stream: stream)
        let body = String(buffer: try await response.body.collect(upTo: 1 << 20))
        #expect(response.status == .ok, "\(body)")
        // What would be written late comes by then, and before the signal: after it the server writes that its run ended.
        try await Task.sleep(for: .milliseconds(500))
        let text = try String(contentsOfFile: log, encoding: .utf8)
        server.stop()
        return SystemCall.parse(text)
    }
}

/// A server that takes connections and never says a word.
private final class SilentUpstream {
    let baseURL: String
    private let descriptor: Int32

    init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                // The kernel takes connections for whoever listens.
                guard bind(descriptor, pointer, length) == 0, listen(descriptor, 8) == 0,
                    getsockname(descriptor, pointer, &length) == 0
                else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EINVAL) }
            }
            return UInt16(bigEndian: pointer.pointee.sin_port)
        }
        baseURL = "http://127.0.0.1:\(port)/v1"
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }
}

/// One line of strace's output: a send stands where it was issued, any other call where it returned.
struct SystemCall {
    let name: String
    let text: String

    var isSend: Bool { Self.sends.contains(name) && (text.contains("<TCP:") || text.contains("<socket:")) }
    var isFlushOfLog: Bool { name == "fdatasync" && text.contains("ledger.sqlite-wal>") && text.hasSuffix("= 0") }

    private static let sends: Set<String> = ["write", "writev", "sendto", "sendmsg"]

    static func parse(_ log: String) -> [SystemCall] {
        var open: [Substring: String] = [:]
        return log.split(separator: "\n").compactMap { line in
            guard let space = line.firstIndex(of: " ") else { return nil }
            let thread = line[..<space]
            var text = String(line[space...].drop(while: { $0 == " " }))
            if text.hasPrefix("<... ") {
                guard let start = open.removeValue(forKey: thread) else { return nil }
                text = start + text
            }
            let name = String(text.prefix(while: { $0 != "(" }))
            if text.hasSuffix("<unfinished ...>"), !sends.contains(name) {
                open[thread] = text
                return nil
            }
            return SystemCall(name: name, text: text)
        }
    }
}
