import AsyncHTTPClient
import Foundation
import LapwingTestSupport
import NIOCore
import NIOHTTP1
import Testing

/// Keys with the program itself: made beside a running server, used, limited, revoked, and their budgets after a kill.
@Suite(.serialized) struct KeyTests {
    private func configure() throws -> (TestFolder, WrittenModel) {
        let folder = try TestFolder()
        let model = try TinyModel().write()
        try folder.configure(model: model.path, name: "tiny", context: 512)
        return (folder, model)
    }

    private func keys(_ folder: TestFolder, _ arguments: [String]) throws -> [String: Any] {
        let outcome = try Command.run(
            [try Binary.path(), "keys"] + arguments + ["--json", "--config", folder.configuration])
        #expect(outcome.status == 0, "\(outcome.standardError)")
        return try #require(
            JSONSerialization.jsonObject(with: Data(outcome.standardOutput.utf8)) as? [String: Any])
    }

    private func send(
        _ url: String, key: String?, method: HTTPMethod = .POST,
        body: String = #"{"model":"support","max_tokens":4,"messages":[{"role":"user","content":"hello"}]}"#
    ) async throws -> (status: Int, headers: HTTPHeaders, text: String) {
        var request = HTTPClientRequest(url: url)
        request.method = method
        if let key { request.headers.add(name: "authorization", value: "Bearer \(key)") }
        if method == .POST { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
        let text = String(buffer: try await response.body.collect(upTo: 1 << 20))
        return (Int(response.status.code), response.headers, text)
    }

    private func entries(_ folder: TestFolder) throws -> [[String: Any]] {
        let export = try Binary.run("ledger", "export", "--format", "jsonl", "--config", folder.configuration)
        return try export.standardOutput.split(separator: "\n").map { line in
            try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }

    @Test(
        "From the first key on a server asks for one; entries say whose it is, and a revoked one is refused within a second"
    )
    func life() async throws {
        let (folder, model) = try configure()
        defer { withExtendedLifetime(model) {} }
        let server = try ServerProcess.start(in: folder)
        let chat = server.baseURL + "/v1/chat/completions"
        #expect(try await send(chat, key: "anything").status == 200)
        let made = try keys(
            folder, ["create", "bot", "--tier", "gold", "--tenant", "acme", "--requests-per-minute", "9"])
        let key = try #require(made["key"] as? String)
        let id = try #require(made["id"] as? String)
        let answered = try await send(chat, key: key)
        #expect(answered.status == 200)
        #expect(answered.headers.first(name: "x-ratelimit-remaining-requests") == "8")
        try await eventually { try await send(chat, key: nil).status == 401 }
        #expect(try await send(server.baseURL + "/healthz", key: nil, method: .GET).status == 200)
        let keyed = try entries(folder).filter { $0["key"] as? String == id }
        #expect(keyed.count == 1)
        #expect(keyed[0]["tier"] as? String == "gold" && keyed[0]["tenant"] as? String == "acme")

        let admin = try #require(try keys(folder, ["create", "ops", "--admin"])["key"] as? String)
        let administration = server.baseURL + "/admin/v1/keys"
        #expect(try await send(administration, key: key, method: .GET).status == 403)
        #expect(try await send(administration, key: admin, method: .GET).text.contains(id))
        let second = try await send(administration, key: admin, body: #"{"name":"web","routes":["support"]}"#)
        let web = try #require(
            (JSONSerialization.jsonObject(with: Data(second.text.utf8)) as? [String: Any])?["key"] as? String)
        #expect(try await send(chat, key: web).status == 200)
        #expect(try await send(administration + "/" + id, key: admin, method: .DELETE).status == 200)
        #expect(try await send(chat, key: key).status == 401)
        #expect(server.stop() == 0)

        let report = try Binary.run("report", "--by", "key", "--config", folder.configuration)
        #expect(report.standardOutput.contains(id))
        let log = try String(contentsOfFile: folder.log, encoding: .utf8)
        #expect(log.contains("/admin/v1/keys"))
        for secret in [key, admin, web] {
            #expect(!log.contains(secret.dropFirst(7)))
            #expect(!(try entries(folder).description.contains(secret.dropFirst(7))))
        }
    }

    @Test(
        "After a kill the budget has spent what the ledger says, with the lost request at its estimate, and never its limit"
    )
    func kill() async throws {
        let (folder, model) = try configure()
        defer { withExtendedLifetime(model) {} }
        let made = try keys(folder, ["create", "bot", "--budget-day", "0.001", "--budget-month", "1"])
        let admin = try #require(try keys(folder, ["create", "ops", "--admin"])["key"] as? String)
        let (key, id) = (try #require(made["key"] as? String), try #require(made["id"] as? String))
        for _ in 0..<4 {
            let server = try ServerProcess.start(in: folder)
            let chat = server.baseURL + "/v1/chat/completions"
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        for _ in 0..<200 {
                            let body =
                                #"{"model":"tiny","max_tokens":60,"ignore_eos":true,"#
                                + #""messages":[{"role":"user","content":"hello there"}]}"#
                            guard (try? await send(chat, key: key, body: body)) != nil else { return }
                        }
                    }
                }
                try await Task.sleep(for: .milliseconds(400))
                server.kill()
                try await group.waitForAll()
            }
        }
        let server = try ServerProcess.start(in: folder)
        let text = try await send(server.baseURL + "/admin/v1/keys/" + id, key: admin, method: .GET).text
        let json = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let day = try #require((json["budgets"] as? [[String: Any]])?.first)
        let (spent, overrun) = (try nano(day["spent_usd"]), try nano(day["overrun_usd"]))
        #expect(try nano(day["reserved_usd"]) == 0)
        #expect(spent + overrun <= 1_000_000)
        let entries = try entries(folder).filter { $0["key"] as? String == id }
        #expect(try entries.reduce(0) { try $0 + nano($1["cost_usd"]) } == spent + overrun)
        #expect(entries.contains { $0["status"] as? String == "lost" }, "no kill met a request in flight")
        #expect(server.stop() == 0)
    }

    private func nano(_ dollars: Any?) throws -> Int64 {
        let number = try #require(dollars as? NSNumber)
        return Int64((number.doubleValue * 1e9).rounded())
    }

    /// The lag of a second is the program's promise; more is only patience with a busy machine.
    private func eventually(_ condition: () async throws -> Bool) async throws {
        for _ in 0..<100 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("it never came true")
    }
}
