import Foundation
import Testing

/// Kills, faulty upstreams and clients of all manners at once; the long form is Scripts/chaos.sh.
@Suite(.serialized) struct ChaosTests {
    @Test("Whatever fails, the ledger has every answer once, no stream ends cleanly but cut, and no budget is passed")
    func chaos() throws {
        let outcome = try Command.run([
            "python3", Resources.script("chaos/run.py"), try Binary.path(), "--requests", "1200", "--kill-every", "1.5",
        ])
        #expect(outcome.status == 0, "\(outcome.standardOutput)\(outcome.standardError.suffix(2000))")
    }
}
