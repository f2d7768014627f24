import Foundation
import LapwingTestSupport
import Testing

/// The API by its own description, tried by a program that knows nothing else of it.
@Suite(.enabled(if: Resources.python != nil, "needs .cache/clients"), .timeLimit(.minutes(3)))
struct SchemathesisTests {
    @Test(
        "No request that can be made of the description has an answer that is a fault of ours, or that it does not know"
    )
    func description() throws {
        let folder = try TestFolder()
        let model = try TinyModel().write()
        defer { withExtendedLifetime(model) {} }
        try folder.configure(model: model.path, name: "tiny", context: 512)
        func key(_ arguments: String...) throws -> String {
            let outcome = try Command.run(
                [try Binary.path(), "keys", "create"] + arguments + ["--json", "--config", folder.configuration])
            let json = try JSONSerialization.jsonObject(with: Data(outcome.standardOutput.utf8)) as? [String: Any]
            return try #require(json?["key"] as? String)
        }
        let keys = ["CLIENT_KEY": try key("client"), "ADMIN_KEY": try key("admin", "--admin")]
        let server = try ServerProcess.start(in: folder)
        let outcome = try Command.run(
            [
                try #require(Resources.python), Resources.script("clients/schemathesis_run.py"), server.baseURL, "tiny",
                "support", "--seconds", "40",
            ], environment: keys)
        #expect(outcome.status == 0, "\(outcome.standardOutput)\(outcome.standardError)")
        #expect(outcome.standardOutput.contains(/schemathesis: 1[89] operations|schemathesis: [2-9]\d operations/))
        #expect(server.stop() == 0)
        let verified = try Binary.run("ledger", "verify", "--config", folder.configuration)
        #expect(verified.status == 0, "\(verified.standardOutput)\(verified.standardError)")
    }
}
