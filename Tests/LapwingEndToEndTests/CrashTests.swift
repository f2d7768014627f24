import AsyncHTTPClient
import Foundation
import LapwingStatistics
import LapwingTestSupport
import NIOCore
import NIOHTTP1
import Synchronization
import Testing

/// The server is killed at random moments under load; nothing that a client saw whole may be missing.
@Suite(.serialized) struct CrashTests {
    @Test(
        "After twenty kills every whole answer is in the ledger once, what was in flight is closed as lost, and what was signed before a kill still holds"
    )
    func killsLoseNothing() async throws {
        let folder = try TestFolder()
        let model = try TinyModel().write()
        try folder.configure(model: model.path, name: "tiny", context: 512)
        var random = SplitMix64(seed: 20)
        let seen = Seen()

        for _ in 0..<20 {
            let server = try ServerProcess.start(in: folder)
            let url = server.baseURL
            let lifetime = Duration.milliseconds(Int64.random(in: 150...900, using: &random))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for client in 0..<6 {
                    group.addTask { await Self.load(url, stream: client.isMultiple(of: 2), into: seen) }
                }
                // Signed in the midst of writing, and killed at any moment after.
                try await Task.sleep(for: lifetime / 2)
                let signed = try Binary.run("ledger", "checkpoint", "--config", folder.configuration)
                #expect(signed.status == 0, "\(signed.standardError)")
                try await Task.sleep(for: lifetime / 2)
                server.kill()
                try await group.waitForAll()
            }
        }

        // One more start closes what the last kill left open.
        #expect(try ServerProcess.start(in: folder).stop() == 0)
        let verified = try Binary.run(
            "ledger", "verify", "--config", folder.configuration, "--checkpoint", folder.data + "/checkpoints.jsonl")
        #expect(verified.status == 0, "\(verified.standardOutput)\(verified.standardError)")
        #expect(verified.standardOutput.contains("All 20 checkpoints hold"), "\(verified.standardOutput)")
        let export = try Binary.run("ledger", "export", "--format", "jsonl", "--config", folder.configuration)
        let entries = try export.standardOutput.split(separator: "\n").map { line in
            try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
        let statuses = Dictionary(
            grouping: entries, by: { $0["request_id"] as? String ?? "" }
        ).mapValues { $0.compactMap { $0["status"] as? String } }
        let (whole, started) = seen.identifiers
        #expect(whole.count > 50, "too little load to mean anything: \(whole.count)")
        for id in whole { #expect(statuses[id] == ["completed"], "\(id)") }
        for id in started.subtracting(whole) {
            let closed = try #require(statuses[id], "\(id) was in flight and is not in the ledger")
            #expect(closed == ["lost"] || closed == ["completed"], "\(id): \(closed)")
        }
        #expect(statuses.values.allSatisfy { $0.count == 1 })
        #expect(statuses.values.contains(["lost"]), "no kill met a request in flight")
    }

    /// Sends requests until the server is gone, noting ids as the client comes to know them.
    private static func load(_ url: String, stream: Bool, into seen: Seen) async {
        var request = HTTPClientRequest(url: "\(url)/v1/chat/completions")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        while true {
            let body =
                #"{"model":"support","max_tokens":40,"ignore_eos":true,"stream":\#(stream),"#
                + #""messages":[{"role":"user","content":"hello there"}]}"#
            request.body = .bytes(ByteBuffer(string: body))
            do {
                let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
                guard let id = response.headers.first(name: "x-lapwing-request-id"), response.status == .ok else {
                    continue
                }
                seen.start(id)
                let text = String(buffer: try await response.body.collect(upTo: 1 << 20))
                if !stream || text.hasSuffix("data: [DONE]\n\n") { seen.finish(id) }
            } catch {
                return
            }
        }
    }

    /// The request ids that clients saw, and those whose answer arrived whole.
    private final class Seen: Sendable {
        private let state = Mutex<(whole: Set<String>, started: Set<String>)>(([], []))
        var identifiers: (whole: Set<String>, started: Set<String>) { state.withLock { $0 } }
        func start(_ id: String) { state.withLock { _ = $0.started.insert(id) } }
        func finish(_ id: String) { state.withLock { _ = $0.whole.insert(id) } }
    }
}
