import Foundation
import LapwingTestSupport
import Testing

/// A configuration that changes while the program serves.
@Suite(.serialized, .timeLimit(.minutes(2))) struct ReloadTests {
    private let folder: TestFolder
    private let model: WrittenModel

    init() throws {
        folder = try TestFolder()
        model = try TinyModel().write()
    }

    private func write(upstream: GatedUpstream, routes: String = "", more: String = "") throws {
        try folder.write(
            models: [
                "tiny: { weights: \"\(model.path)\", context: 512 }",
                "big: { provider: openai-compatible, endpoints: [\"\(upstream.url)\"], price: { input: 1, output: 2 } }",
            ], routes: routes + more)
    }

    private func names(_ server: ServerProcess, key: String? = nil) async throws -> [String] {
        let list = try await Ask.get(server.baseURL + "/v1/models", key: key).json["data"] as? [[String: Any]]
        return (list ?? []).compactMap { $0["id"] as? String }
    }

    private var log: String { (try? String(contentsOfFile: folder.log, encoding: .utf8)) ?? "" }

    @Test(
        "SIGHUP serves what the file says from the next request on; a stream that had begun ends on what it began with, and a wrong file changes nothing"
    )
    func hangUp() async throws {
        let (opened, held) = (Gate(), Gate())
        opened.open()
        let old = try await GatedUpstream(first: "old", second: "oldest", gate: held)
        let new = try await GatedUpstream(first: "new", second: "newest", gate: opened)
        try write(upstream: old)
        let server = try ServerProcess.start(in: folder, options: ["--log-level", "notice"])
        var stream = try await Ask.stream(server.baseURL, "big")
        #expect(try await stream.read(through: "old").contains("old"))

        try write(upstream: new, routes: "routes: { fresh: { open: tiny } }\n", more: "server: { port: 1 }")
        // A key that stands twice.
        server.hangUp()
        try await eventually("the file is refused") { log.contains("the configuration is refused") }
        #expect(log.contains("more than once"))
        #expect(try await names(server) == ["tiny", "big"])

        try write(upstream: new, routes: "routes: { fresh: { open: tiny } }")
        let yaml = try String(contentsOfFile: folder.configuration, encoding: .utf8)
        try yaml.replacing("port: 8080", with: "port: 8081").write(
            toFile: folder.configuration, atomically: true, encoding: .utf8)
        server.hangUp()
        try await eventually("the route is there") { try await names(server).contains("fresh") }
        #expect(try await names(server) == ["fresh", "tiny", "big"])
        #expect(try await Ask.chat(server.baseURL, "big").text.contains("newnewest"))
        #expect(try await Ask.chat(server.baseURL, "fresh").status == 200)
        #expect(log.contains("this waits for a restart, and stays as it was") && log.contains("server.port"))

        held.open()
        let rest = try await stream.read(through: "[DONE]")
        #expect(rest.contains("oldest") && rest.contains("[DONE]"))

        try write(upstream: new, routes: "routes: { fresh: { open: nobody } }")
        server.hangUp()
        try await eventually("the route is refused") { log.contains("routes.fresh.open") }
        #expect(try await names(server) == ["fresh", "tiny", "big"])
        #expect(server.stop() == 0)
        let verified = try Binary.run("ledger", "verify", "--config", folder.configuration)
        // The file of now is wrong, so nothing reads it.
        #expect(verified.status == 1)
        try write(upstream: new)
        #expect(try Binary.run("ledger", "verify", "--config", folder.configuration).status == 0)
        withExtendedLifetime((old, new, model)) {}
    }

    @Test("An administrator reloads over HTTP and is told what changed; a tenant's administrator and a client may not")
    func overHTTP() async throws {
        let upstream = try await GatedUpstream(first: "a", second: "b", gate: Gate())
        try write(upstream: upstream)
        func key(_ arguments: String...) throws -> String {
            let outcome = try Command.run(
                [try Binary.path(), "keys", "create"] + arguments + ["--json", "--config", folder.configuration])
            let json = try JSONSerialization.jsonObject(with: Data(outcome.standardOutput.utf8)) as? [String: Any]
            return try #require(json?["key"] as? String)
        }
        let (admin, bound) = (try key("ops", "--admin"), try key("theirs", "--admin", "--tenant", "acme"))
        let client = try key("bot", "--budget-day", "5")
        let server = try ServerProcess.start(in: folder)
        let url = server.baseURL + "/admin/v1/reload"
        #expect(try await Ask.chat(server.baseURL, "tiny", key: client).status == 200)
        for (key, status) in [(client, 403), (bound, 403), ("lw-none", 401)] {
            #expect(try await Ask.post(url, "", key: key).status == status)
        }
        try write(upstream: upstream, routes: "routes: { fresh: { open: tiny } }")
        let reply = try await Ask.post(url, "", key: admin)
        #expect(reply.status == 200)
        #expect(try reply.json["changed"] as? [String] == ["routes.fresh"])
        #expect(try await names(server, key: client) == ["fresh", "tiny", "big"])
        // What a route reads of files of its own is a change too, and only where it is another.
        let labels = folder.configuration + ".labels"
        let labelled = "routes: { fresh: { open: tiny, labels: { file: \"\(labels)\" } } }"
        for (text, changed) in [("a\nb\n", ["routes.fresh"]), ("a\nc\n", ["routes.fresh"]), ("a\nc\n", [])] {
            try text.write(toFile: labels, atomically: true, encoding: .utf8)
            try write(upstream: upstream, routes: labelled)
            #expect(try await Ask.post(url, "", key: admin).json["changed"] as? [String] == changed)
        }
        // What was spent before is spent.
        let keys = try await Ask.get(server.baseURL + "/admin/v1/keys", key: admin).text
        #expect(keys.contains(/"spent_usd":0\.0*[1-9]/))
        try "models: []".write(toFile: folder.configuration, atomically: true, encoding: .utf8)
        let refused = try await Ask.post(url, "", key: admin)
        #expect(refused.status == 422 && refused.text.contains("line 1: models: found a list"))
        #expect(try await Ask.chat(server.baseURL, "fresh", key: client).status == 200)
        #expect(server.stop() == 0)
        withExtendedLifetime((upstream, model)) {}
    }
}
