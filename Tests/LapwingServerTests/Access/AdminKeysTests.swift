import LapwingAPI
import LapwingServer
import LapwingTestSupport
import Testing

@Suite("Keys over HTTP", .timeLimit(.minutes(1)))
struct AdminKeysTests {
    private static let bearer = ["authorization": "Bearer admin"]

    private func send(_ method: String, _ path: String, _ body: String? = nil) async throws -> Reply {
        var harness = ServerHarness()
        harness.gatekeeper = ScriptedGate(["admin": .sample("key_a") { $0.role = .admin }])
        harness.operations = ScriptedOperations()
        return try await harness.send(method, path, body: body, headers: Self.bearer)
    }

    @Test("What may be written is, money to the billionth, and the key is told once")
    func create() async throws {
        let reply = try await send(
            "POST", "/admin/v1/keys",
            #"""
            {"name":"bot","tenant":"acme","tier":"gold","project":"birds","routes":["support"],"expires_at_ms":9000,
            "requests_per_minute":60,"tokens_per_minute":1000,"concurrent_requests":4,"budget_day_usd":0.1,
            "budget_month_usd":"12.345678901"}
            """#)
        #expect(reply.status == 201 && reply.header("cache-control") == "no-store")
        let json = try reply.json
        #expect(json["key"]?.string == "lw-abcdef" && json["id"]?.string == "key_n" && json["role"]?.string == "client")
        for (name, value) in [("name", "bot"), ("tenant", "acme"), ("tier", "gold"), ("project", "birds")] {
            #expect(json[name]?.string == value)
        }
        #expect(json["routes"] == ["support"] && json["expires_at_ms"] == 9000)
        #expect(json["requests_per_minute"] == 60 && json["tokens_per_minute"] == 1000)
        #expect(json["concurrent_requests"] == 4 && json["budget_day_usd"]?.double == 0.1)
        #expect(reply.text.contains(#""budget_month_usd":12.345678901"#))
        for (path, text) in [
            ("/admin/v1/keys", try await send("GET", "/admin/v1/keys").text),
            ("m", try await send("GET", "/admin/v1/keys/m").text),
        ] {
            #expect(!text.contains("\"key\":\""), "\(path)")
        }
    }

    @Test(
        "A member that may not be written is refused by name, and nothing is made",
        arguments: [
            "role", "id", "key", "hash", "hint", "created_at_ms", "revoked_at_ms", "state", "user_role",
            "allowed_routes",
            "limits", "admin",
        ])
    func selfPromotion(member: String) async throws {
        let reply = try await send("POST", "/admin/v1/keys", #"{"name":"bot","\#(member)":"admin"}"#)
        #expect(reply.status == 400)
        #expect(try reply.error.param == member && reply.error.code == "unsupported_parameter")
    }

    @Test(
        "A wrong value is refused with what was expected",
        arguments: [
            ("name", "1"), ("routes", "\"a\""), ("routes", "[1]"), ("requests_per_minute", "0"),
            ("budget_day_usd", "0"),
            ("budget_day_usd", "-1"), ("budget_day_usd", "1e300"), ("budget_month_usd", "\"1e3\""),
            ("budget_month_usd", "[]"), ("expires_at_ms", "-1"),
        ])
    func wrong(member: String, value: String) async throws {
        let name = member == "name" ? "" : #""name":"bot","#
        let reply = try await send("POST", "/admin/v1/keys", #"{\#(name)"\#(member)":\#(value)}"#)
        #expect(reply.status == 400)
        #expect(try reply.error.param?.hasPrefix(member) == true)
    }

    @Test("A key that there is not is 404 in the API's own words")
    func unknown() async throws {
        for method in ["GET", "DELETE"] {
            let reply = try await send(method, "/admin/v1/keys/none")
            #expect(reply.status == 404)
            #expect(try reply.error.code == "key_not_found")
        }
        #expect(try await send("DELETE", "/admin/v1/keys/m").status == 200)
    }
}
