import AsyncHTTPClient
import Foundation
import LapwingHub
import Synchronization
import Testing

@Suite struct HubClientTests {
    private let hub = HubFixture(count: 1000)

    @Test("A redirect to another host is followed without the token")
    func redirectKeepsTheToken() async throws {
        var pull = try Pull()
        defer { pull.remove() }
        pull.environment = ["HF_TOKEN": "hf_secret"]
        try await ScriptedServer.run { request, _ in
            hub.file(request)
        } body: { store in
            try await ScriptedServer.run { request, _ in
                hub.listing(request) ?? .init(status: 302, headers: ["location": "\(store.url)/blob?sig=1"])
            } body: { front in
                try await pull.run("acme/lark", from: front)
                #expect(front.seen.allSatisfy { $0.headers["authorization"] == "Bearer hf_secret" })
            }
            #expect(store.seen.map(\.path) == ["/blob?sig=1"])
            #expect(store.seen.allSatisfy { $0.headers["authorization"] == nil })
        }
        #expect(pull.bytes(hub.fileName) == hub.content)
    }

    @Test("A redirect within the hub, given as a path, keeps the token")
    func relativeRedirect() async throws {
        var pull = try Pull()
        defer { pull.remove() }
        pull.environment = ["HF_TOKEN": "hf_secret"]
        try await ScriptedServer.run { request, _ in
            if let listing = hub.listing(request) { return listing }
            return request.path == "/cache/1"
                ? hub.file(request) : .init(status: 307, headers: ["location": "/cache/1"])
        } body: { server in
            try await pull.run("acme/lark", from: server)
            #expect(server.seen.last?.headers["authorization"] == "Bearer hf_secret")
        }
    }

    @Test("Redirects in a circle end in an error, which does not show a signed address's signature")
    func redirectLoop() async throws {
        let pull = try Pull()
        defer { pull.remove() }
        try await ScriptedServer.run { request, _ in
            hub.listing(request) ?? .init(status: 302, headers: ["location": "/blob?signature=secret"])
        } body: { server in
            let error = await #expect(throws: HubError.self) { try await pull.run("acme/lark", from: server) }
            #expect(error?.description.contains("\(server.url)/blob gave an answer") == true)
            #expect(server.seen.count == 8)
        }
    }

    @Test(
        "Each refusal is told by what it means, at once and without another attempt",
        arguments: [
            (401, "", nil, HubError.repositoryNotFound(repository: "acme/lark", hasToken: false)),
            (401, "", "t", .badToken(repository: "acme/lark")),
            (401, "GatedRepo", nil, .gated(repository: "acme/lark", hasToken: false)),
            (403, "GatedRepo", "t", .gated(repository: "acme/lark", hasToken: true)),
            (403, "", nil, .forbidden(repository: "acme/lark", hasToken: false, reason: "Forbidden")),
            (403, "", "t", .forbidden(repository: "acme/lark", hasToken: true, reason: "Forbidden")),
            (404, "RevisionNotFound", nil, .revisionNotFound(repository: "acme/lark", revision: "main")),
            (404, "RepoNotFound", "t", .repositoryNotFound(repository: "acme/lark", hasToken: true)),
        ] as [(Int, String, String?, HubError)])
    func refusals(status: Int, code: String, token: String?, expected: HubError) async throws {
        var pull = try Pull()
        defer { pull.remove() }
        pull.environment = token.map { ["HF_TOKEN": $0] } ?? [:]
        try await ScriptedServer.run { _, _ in
            .init(status: status, headers: code.isEmpty ? [:] : ["X-Error-Code": code])
        } body: { server in
            await #expect(throws: expected) { try await pull.run("acme/lark", from: server) }
            #expect(server.seen.count == 1)
        }
    }

    @Test("A gated model's error says how to give a token, and what else is needed where there is one")
    func gatedText() {
        #expect("\(HubError.gated(repository: "a/b", hasToken: false))".contains("HF_TOKEN=hf_… lapwing pull a/b"))
        #expect("\(HubError.gated(repository: "a/b", hasToken: true))".contains("has no access: accept its terms"))
    }

    @Test("Where a redirect's host refuses, the hub is asked for another address, and no token is blamed")
    func refusalElsewhere() async throws {
        var pull = try Pull()
        defer { pull.remove() }
        pull.environment = ["HF_TOKEN": "hf_secret"]
        try await ScriptedServer.run { request, count in
            count == 1 ? .init(status: 403) : hub.file(request)
        } body: { store in
            try await ScriptedServer.run { request, _ in
                hub.listing(request) ?? .init(status: 302, headers: ["location": "\(store.url)/blob?sig=1"])
            } body: { front in
                try await pull.run("acme/lark", from: front)
                #expect(front.seen.count == 4)
            }
            #expect(store.seen.allSatisfy { $0.headers["authorization"] == nil })
        }
        #expect(pull.waits.delays.withLock { $0 } == [.seconds(1)])
        #expect(pull.bytes(hub.fileName) == hub.content)
    }

    @Test("A model's description that names no commit is an error", arguments: ["{}", "{\"sha\": \"main\"}", "[]"])
    func noCommit(body: String) async throws {
        let pull = try Pull()
        defer { pull.remove() }
        try await ScriptedServer.run { _, _ in
            .init(body: Array(body.utf8))
        } body: { server in
            await #expect(throws: HubError.self) { try await pull.run("acme/lark", from: server) }
            #expect(server.seen.count == 1)
        }
    }

    @Test("A gated file of a listed model is told in the same way")
    func gatedFile() async throws {
        let pull = try Pull()
        defer { pull.remove() }
        try await ScriptedServer.run { request, _ in
            hub.listing(request) ?? .init(status: 401, headers: ["x-error-code": "GatedRepo"])
        } body: { server in
            await #expect(throws: HubError.gated(repository: "acme/lark", hasToken: false)) {
                try await pull.run("acme/lark", from: server)
            }
        }
    }

    @Test("A hub that is busy is asked again after the time it names; one that stays down is given up")
    func retries() async throws {
        let pull = try Pull()
        defer { pull.remove() }
        try await ScriptedServer.run { request, count in
            if count == 1 { return .init(status: 429, headers: ["retry-after": "7"]) }
            return hub.listing(request) ?? hub.file(request)
        } body: { server in
            try await pull.run("acme/lark", from: server)
        }
        #expect(pull.waits.delays.withLock { $0 } == [.seconds(7)])

        let other = try Pull()
        defer { other.remove() }
        try await ScriptedServer.run { _, _ in
            .init(status: 502)
        } body: { server in
            let error = await #expect(throws: HubError.self) { try await other.run("acme/lark", from: server) }
            #expect(error?.description.contains("in 5 attempts: status 502") == true)
            #expect(server.seen.count == 5)
        }
        #expect(other.waits.delays.withLock { $0 } == [1, 2, 4, 8].map { .seconds($0) })
    }

    @Test("A list of files in pages is read to its end")
    func pages() async throws {
        let pull = try Pull()
        defer { pull.remove() }
        try await ScriptedServer.run { request, _ in
            guard hub.isTree(request), !request.path.contains("cursor=2") else {
                return hub.listing(request) ?? hub.file(request)
            }
            let tree = "http://\(request.headers["host"] ?? "")/api/models/acme/lark/tree/\(HubFixture.commit)"
            let next = "<\(tree)?cursor=2>; rel=\"next\""
            return .init(headers: ["link": next], body: Array("[]".utf8))
        } body: { server in
            try await pull.run("acme/lark", from: server)
            #expect(server.seen.count == 4)
        }
    }

    @Test("A list that is not one is an error, not a crash", arguments: ["", "{}", "[1]", "<html>", "[{\"type\": 3}]"])
    func badList(body: String) async throws {
        let pull = try Pull()
        defer { pull.remove() }
        try await ScriptedServer.run { request, _ in
            hub.isTree(request) ? .init(body: Array(body.utf8)) : hub.listing(request) ?? hub.file(request)
        } body: { server in
            let error = await #expect(throws: HubError.self) { try await pull.run("acme/lark", from: server) }
            #expect(error?.description.contains("not a list of files") == true)
        }
    }

    @Test(
        "An endpoint that is no address is refused, without showing its password",
        arguments: [
            ("huggingface.co", "huggingface.co"), ("ftp://a", "ftp://a"), ("http://", "http://"), ("no", "no"),
            ("ftp://user:secret@host/x", "ftp://…@host/x"), ("user:se/cret@host?token=secret", "…@host"),
        ])
    func badEndpoint(text: String, shown: String) async throws {
        let http = HubClient.makeHTTPClient()
        #expect(throws: HubError.malformedEndpoint(shown)) {
            try HubClient(http: http, environment: ["HF_ENDPOINT": text])
        }
        try await http.shutdown()
    }
}
