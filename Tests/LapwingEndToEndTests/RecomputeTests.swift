import Foundation
import LapwingTestSupport
import Testing

/// The real server with the default model as the open one and a scripted closed one, against a recomputation that shares
/// no code with it.
@Suite(
    .enabled(if: Resources.python != nil && Resources.model != nil, "needs .cache/clients and models/"),
    .timeLimit(.minutes(8)))
struct RecomputeTests {
    @Test("Decisions, headers, ledger, report and metrics are what an offline recomputation says, to the nano-dollar")
    func recompute() throws {
        let outcome = try Command.run([
            try #require(Resources.python), Resources.script("clients/recompute.py"), try Binary.path(),
            try #require(Resources.model), "10",
        ])
        #expect(outcome.status == 0, "\(outcome.standardOutput)\(outcome.standardError)")
        #expect(outcome.standardOutput.contains(#""requests": 380"#), "\(outcome.standardOutput)")
    }
}
