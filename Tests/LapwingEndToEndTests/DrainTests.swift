import AsyncHTTPClient
import Foundation
import LapwingTestSupport
import Testing

/// How the program ends when it is asked to.
@Suite(.serialized, .timeLimit(.minutes(2))) struct DrainTests {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func write(_ upstream: GatedUpstream, timeouts: String) throws {
        try folder.write(models: ["big: { provider: openai-compatible, endpoints: [\"\(upstream.url)\"] }"])
        let yaml = try String(contentsOfFile: folder.configuration, encoding: .utf8)
        try yaml.replacing("port: 8080", with: "port: 8080, timeouts: \(timeouts)").write(
            toFile: folder.configuration, atomically: true, encoding: .utf8)
    }

    @Test(
        "On SIGTERM /readyz says 503 at once and new requests are told to come back, while a stream ends in peace, and then the program with 0"
    )
    func inPeace() async throws {
        let gate = Gate()
        let upstream = try await GatedUpstream(first: "half", second: "whole", gate: gate)
        try write(upstream, timeouts: "{ drain: 60s }")
        let server = try ServerProcess.start(in: folder)
        var stream = try await Ask.stream(server.baseURL, "big")
        _ = try await stream.read(through: "half")
        #expect(try await Ask.get(server.baseURL + "/readyz").status == 200)
        server.terminate()
        try await eventually("it is not ready") {
            try await Ask.get(server.baseURL + "/readyz").status == 503
        }
        let ready = try await Ask.get(server.baseURL + "/readyz")
        #expect(ready.header("retry-after") == "1" && ready.text.contains("shutting down"))
        let refused = try await Ask.chat(server.baseURL, "big")
        #expect(refused.status == 503 && refused.header("retry-after") == "5")
        #expect(try await Ask.get(server.baseURL + "/healthz").status == 200)
        gate.open()
        let rest = try await stream.read(through: "[DONE]")
        #expect(rest.contains("whole") && rest.contains("[DONE]"))
        #expect(server.wait() == 0)
        withExtendedLifetime(upstream) {}
    }

    @Test(
        "A stream that does not end within the limit is told that it was cut, has its entry, and the program ends with 0"
    )
    func limit() async throws {
        let upstream = try await GatedUpstream(first: "half", second: "never", gate: Gate())
        try write(upstream, timeouts: "{ drain: 1s }")
        let server = try ServerProcess.start(in: folder)
        var stream = try await Ask.stream(server.baseURL, "big")
        _ = try await stream.read(through: "half")
        server.terminate()
        let rest = try await stream.read(through: "[DONE]")
        #expect(rest.contains(#""error""#) && !rest.contains("[DONE]"))
        #expect(server.wait() == 0)
        let export = try Binary.run("ledger", "export", "--config", folder.configuration)
        #expect(export.standardOutput.contains(/"status":"(cancelled|aborted)"/))
        withExtendedLifetime(upstream) {}
    }
}
