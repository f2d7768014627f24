import Foundation
import LapwingTestSupport
import Testing

/// What a running server tells of itself, read with Prometheus's own parser and searched for what it must not tell.
@Suite(.enabled(if: Resources.python != nil, "needs .cache/clients"))
struct MetricsTests {
    @Test("/metrics is what Prometheus's parser takes, counts each request once, and has no label of a client's own")
    func metrics() throws {
        let folder = try TestFolder()
        let model = try TinyModel().write()
        defer { withExtendedLifetime(model) {} }
        try folder.configure(model: model.path, name: "tiny", context: 512)
        let server = try ServerProcess.start(in: folder)
        let outcome = try Command.run([
            try #require(Resources.python), Resources.script("clients/metrics_client.py"), server.baseURL, "support",
        ])
        #expect(outcome.status == 0, "\(outcome.standardOutput)\(outcome.standardError)")
        #expect(outcome.standardOutput.contains(/([5-9]\d|1\d\d) checks passed/), "\(outcome.standardOutput)")
        #expect(server.stop() == 0)
    }

    @Test("A secret planted in each input is found in no line of the log, no metric and no row of the ledger")
    func secrets() throws {
        let folder = try TestFolder()
        let outcome = try Command.run([
            try #require(Resources.python), Resources.script("clients/secrets_client.py"), try Binary.path(),
            folder.path,
        ])
        #expect(outcome.status == 0, "\(outcome.standardOutput)\(outcome.standardError)")
        #expect(outcome.standardOutput.contains(/([5-9]\d|[1-9]\d\d) checks passed/), "\(outcome.standardOutput)")
    }
}
