import LapwingAPI
import LapwingServer
import LapwingTestSupport
import Testing

@Suite("Who gets where", .timeLimit(.minutes(1)))
struct AccessTableTests {
    /// What is served, written down a second time: a new line must be put here with whom it is for.
    static let expected: [AccessRule] = lines.map { line in
        let words = line.split(separator: " ").map(String.init)
        return AccessRule(method: words[0], path: words[1], access: Access(rawValue: words[2]) ?? .admin)
    }

    private static let lines: [String] = [
        "POST /v1/chat/completions client", "POST /v1/completions client", "POST /v1/embeddings client",
        "POST /v1/rerank client", "POST /v2/rerank client", "POST /rerank client", "POST /v1/feedback client",
        "GET /v1/models client",
        "GET /v1/models/* client", "POST /tokenize client", "POST /detokenize client", "GET /tokenizer_info client",
        "GET /metrics watch", "GET /healthz anyone", "GET /readyz anyone", "GET /openapi.json anyone",
        "GET /admin/v1/keys admin",
        "POST /admin/v1/keys admin",
        "GET /admin/v1/keys/* admin", "DELETE /admin/v1/keys/* admin", "POST /admin/v1/reload admin",
    ]

    enum Shown: String, CaseIterable {
        case nothing, garbage, client, admin
    }

    private func harness() -> ServerHarness {
        var harness = ServerHarness()
        harness.gatekeeper = ScriptedGate([
            "client": .sample("key_c"), "admin": .sample("key_a") { $0.role = .admin },
        ])
        harness.operations = ScriptedOperations()
        return harness
    }

    @Test("The table has these lines and no others")
    func complete() {
        #expect(Set(AccessRule.all) == Set(Self.expected))
        #expect(AccessRule.all.count == Self.expected.count)
    }

    @Test("Each line lets in whom it names, and nobody else", arguments: expected, Shown.allCases)
    func walk(rule: AccessRule, shown: Shown) async throws {
        let harness = harness()
        let path = rule.path.replacing("*", with: "m")
        let headers = shown == .nothing ? [:] : ["authorization": "Bearer \(shown.rawValue)"]
        let status = try await harness.send(rule.method, path, body: "{}", headers: headers).status
        let isIn = ![401, 403].contains(status)
        let role = rule.access == .watch ? Access.admin : rule.access
        let mayEnter = rule.access == .anyone || role.rawValue == shown.rawValue
        #expect(isIn == mayEnter, "\(status)")
        if !mayEnter { #expect(status == (shown == .client || shown == .admin ? 403 : 401)) }
        // HEAD is no way around GET's line.
        guard rule.method == "GET" else { return }
        #expect(try await harness.send("HEAD", path, headers: headers).status == status)
    }

    @Test("The body of a request that is not let in is not read, and no provider is asked")
    func nothingHappens() async throws {
        let harness = harness()
        for (path, body) in [("/v1/chat/completions", chatBody()), ("/v1/completions", completionBody())] {
            let reply = try await harness.post(path, body)
            #expect(reply.status == 401 && reply.header("www-authenticate") == "Bearer")
            let error = try reply.error
            #expect(error.type == "invalid_request_error" && error.code == "invalid_api_key" && error.param == nil)
        }
        #expect(harness.provider.calls.isEmpty)
    }

    @Test(
        "A path is a line's own, byte by byte",
        arguments: [
            "/admin/v1/keys/", "/admin//v1/keys", "/ADMIN/v1/keys", "/v1/../admin/v1/keys", "/admin/v1/keys%20",
        ])
    func pathsAreLiteral(path: String) async throws {
        let headers = ["authorization": "Bearer client", "host": "admin", "x-original-url": "/admin/v1/keys"]
        #expect(try await harness().send("GET", path, headers: headers).status == 404)
    }
}

/// Administration that knows one key, and remembers what it was asked to make.
final class ScriptedOperations: Operations {
    private static let standing = KeyStanding(key: .sample("m"), state: .active, budgets: [])
    private let reloading: ReloadOutcome

    init(reloading: ReloadOutcome = .applied(ReloadReport(changed: [], needsRestart: [], warnings: []))) {
        self.reloading = reloading
    }

    func keys(of caller: Caller) async throws -> [KeyStanding] { [Self.standing] }

    func key(_ id: String, of caller: Caller) async throws -> KeyStanding {
        guard id == "m" else { throw RequestError.unknownKey(id: id) }
        return Self.standing
    }

    func createKey(_ draft: KeyDraft, by caller: Caller) async throws -> NewKey {
        NewKey(key: Key(id: "key_n", draft: draft, hint: "lw-abcd", createdAt: 5), secret: Secret("lw-abcdef"))
    }

    func revokeKey(_ id: String, by caller: Caller) async throws -> KeyStanding { try await key(id, of: caller) }

    func reload(by caller: Caller) async throws -> ReloadOutcome { reloading }
}
