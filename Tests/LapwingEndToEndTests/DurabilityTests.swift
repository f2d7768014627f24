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
        let calls = try await trace(stream: false, options: ["--ledger-synchronous", "NORMAL"])
        #expect(try !Self.isDurable(calls))
    }

    /// Whether the last write to the ledger's log that there was came before the answer's last byte, and between the two a
    /// completed `fdatasync` of the same file. An entry that is written after the answer is thus seen, although the
    /// intent was synced before it.
    private static func isDurable(_ calls: [SystemCall]) throws -> Bool {
        let end = try #require(
            calls.lastIndex { $0.isSend && ($0.text.contains("[DONE]") || $0.text.contains("chat.completion")) },
            "no answer was sent")
        let written = try #require(
            calls.lastIndex { $0.name == "pwrite64" && $0.text.contains("-wal>") }, "the log was not written")
        return written < end
            && calls[written..<end].contains { $0.name == "fdatasync" && $0.text.contains("-wal>") && $0.succeeded }
    }

    private func trace(stream: Bool, options: [String]) async throws -> [SystemCall] {
        let folder = try TestFolder()
        let model = try TinyModel().write()
        try folder.configure(model: model.path, name: "tiny", context: 512)
        let log = folder.path + "/strace"
        let server = try ServerProcess.start(
            in: folder,
            prefix: [
                "strace", "-D", "-f", "-y", "-s", "65536", "-o", log, "-e",
                "trace=fdatasync,fsync,pwrite64,write,writev,sendto,sendmsg",
            ], options: options)
        var request = HTTPClientRequest(url: "\(server.baseURL)/v1/chat/completions")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(
            ByteBuffer(
                string:
                    #"{"model":"tiny","max_tokens":8,"stream":\#(stream),"messages":[{"role":"user","content":"hi"}]}"#
            ))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        let body = String(buffer: try await response.body.collect(upTo: 1 << 20))
        #expect(response.status == .ok, "\(body)")
        server.stop()
        // The tracer is not our child (-D), so that the server is; it ends its log a moment after the server's end.
        for _ in 0..<100 {
            let text = try String(contentsOfFile: log, encoding: .utf8)
            if text.contains("\n\(server.processID) +++ exited") || text.contains("\(server.processID)  +++ exited") {
                return SystemCall.parse(text)
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("strace did not finish its log")
        return []
    }
}

/// One line of strace's output: a send stands where it was issued, any other call where it returned.
struct SystemCall {
    let name: String
    let text: String

    var isSend: Bool { Self.sends.contains(name) && (text.contains("<TCP:") || text.contains("<socket:")) }
    var succeeded: Bool { text.hasSuffix("= 0") }

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
