import LapwingAPI
import LapwingServer
import LapwingTestSupport
import Testing

@Suite("Reloading over HTTP", .timeLimit(.minutes(1)))
struct AdminReloadTests {
    private func send(_ outcome: ReloadOutcome) async throws -> Reply {
        var harness = ServerHarness()
        harness.gatekeeper = ScriptedGate(["admin": .sample("key_a") { $0.role = .admin }])
        harness.operations = ScriptedOperations(reloading: outcome)
        return try await harness.send("POST", "/admin/v1/reload", headers: ["authorization": "Bearer admin"])
    }

    @Test("What changed and what waits for a restart is said in the file's keys")
    func applied() async throws {
        let report = ReloadReport(changed: ["routes.support"], needsRestart: ["server.port"], warnings: ["w"])
        let reply = try await send(.applied(report))
        #expect(reply.status == 200)
        #expect(
            try reply.json == [
                "object": "reload", "changed": ["routes.support"], "needs_restart": ["server.port"], "warnings": ["w"],
            ])
    }

    @Test("A file that is wrong is 422 with its findings")
    func refused() async throws {
        let reply = try await send(.refused(["line 3: routes.a: found x", "line 4: y"]))
        #expect(reply.status == 422)
        #expect(try reply.error.code == "configuration_refused")
        #expect(try reply.error.message.contains("line 3: routes.a: found x; line 4: y"))
    }

    @Test("Limits that are replaced hold from the next request on")
    func limits() async throws {
        var harness = ServerHarness()
        let live = LiveOptions(ServerOptions())
        harness.live = live
        #expect(try await harness.chat(chatBody()).status == 200)
        var options = ServerOptions()
        (options.maxBodyBytes, options.maxBodyBytesInFlight) = (10, 10)
        live.replace(with: options)
        #expect(try await harness.chat(chatBody()).status == 413)
    }
}
