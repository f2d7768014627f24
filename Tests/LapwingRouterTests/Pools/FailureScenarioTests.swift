import Foundation
import LapwingAPI
import LapwingRouter
import LapwingStore
import LapwingTestSupport
import Testing

/// The sixteen ways in which upstreams fail; `Docs/Failures.md` has the table of what these tests find.
@Suite("Failure scenarios")
struct FailureScenarioTests {
    @Test(
        "Each failure ends as it should, and is entered call by call", arguments: FailureScenario.all,
        Sending.allCases)
    func scenario(_ scenario: FailureScenario, sending: Sending) async throws {
        let primary = try await ScriptedUpstream(scripts: scenario.primary)
        let spare = try await ScriptedUpstream(scripts: scenario.spare[sending] ?? [])
        let house = try house(scenario, sending, primary, spare)
        let stream = try await house.ask("support")
        let isSeen = scenario.hasBegun && sending != .held
        async let outcome = read(stream, house, silence: isSeen ? scenario.silence : nil)
        if let silence = scenario.silence, !isSeen {
            _ = await primary.nextRequest()
            // What was held back cannot be seen to have come: the time goes on until it is given up.
            while spare.all.isEmpty {
                house.watch.advance(by: silence)
                await Task.yield()
            }
        }
        let pauses = scenario.pauses + (sending == .held ? scenario.pausesWhenHeld : [])
        for (index, pause) in pauses.enumerated() {
            await house.clock.waitForSleepers(1)
            house.clock.advance(by: pause - .milliseconds(1))
            #expect(primary.all.count == index + 1, "it is asked again too early")
            house.clock.advance(by: .milliseconds(1))
        }
        let found = await outcome
        #expect(scenario.verdict(found) == scenario.expectedVerdict(sending))
        let entry = try #require(try await house.entries().last)
        let rows = entry.calls.map(\.row)
        if sending == .held, scenario.id == "S09" {
            #expect(entry.calls.map(\.role) == [.failed, .kept])
        } else {
            #expect(rows == scenario.rows[sending])
        }
        #expect(entry.status == scenario.expectedStatus(sending))
        #expect(try await house.entries().count == 1)
        withExtendedLifetime((primary, spare)) {}
    }

    private func house(
        _ scenario: FailureScenario, _ sending: Sending, _ primary: ScriptedUpstream,
        _ spare: ScriptedUpstream
    ) throws -> PoolHouse {
        var route = Route(name: "support", open: "main")
        if sending == .held { (route.closed, route.hold, route.escalateBelow) = ("big", .all, 0.5) }
        if sending == .continued { route.continuation = .model("spare") }
        var main = PoolHouse.Model("main", primary, fallback: ["short", "spare"])
        main.context = 8192
        main.timeouts.total = .seconds(1_000_000)
        scenario.change(&main)
        var short = PoolHouse.Model("short", primary)
        // Takes fewer tokens than the first, and is otherwise down.
        (short.context, short.isDown) = (4096, true)
        var long = PoolHouse.Model("spare", spare)
        long.context = 32_768
        (long.timeouts.firstToken, long.timeouts.betweenTokens) = (
            main.timeouts.total, main.timeouts.total
        )
        long.timeouts.total = main.timeouts.total
        return try PoolHouse(main, short, long, .init("big", spare), routes: [route])
    }

    /// Reads to the end; when the first piece has come, the upstream is silent for so long.
    private func read(_ stream: GenerationStream, _ house: PoolHouse, silence: Duration?) async
        -> Outcome
    {
        await Outcome(stream) { event in
            guard let silence, case .delta(_, "Hello, ", _) = event else { return }
            await house.watch.waitForSleepers(1)
            house.watch.advance(by: silence)
        }
    }

    @Test(
        "S15: a model that is down for a minute is answered for by another, tried rarely, and asked again soon after"
    )
    func s15() async throws {
        let down = [ScriptedUpstream.Step.send(errorReply("503 Service Unavailable")), .close]
        // Five requests find it down; then the breaker lets one through after 5, 10 and 20 seconds.
        let primary = try await ScriptedUpstream(
            scripts: Array(repeating: down, count: 8) + [[.send(goodAnswer), .close]])
        let spare = try await ScriptedUpstream([.send(goodAnswer), .close])
        let house = try PoolHouse(
            .init("main", primary, fallback: ["spare"]) { $0.options.attempts = 1 }, .init("spare", spare)
        )
        var models: [String] = []
        for index in 0..<20 {
            let outcome = await Outcome(try house.ask("main", id: "r\(index)"))
            #expect(outcome.error == nil)
            models.append(outcome.receipt?.model ?? "")
            house.clock.advance(by: .seconds(4))
        }
        // It is well from the sixtieth second on, and asked at the seventy-sixth.
        #expect(models == Array(repeating: "spare", count: 19) + ["main"])
        #expect(primary.all.count == 9)
        let entries = try await house.entries()
        #expect(entries.map(\.status) == Array(repeating: .completed, count: 20))
        #expect(
            entries.map { $0.calls.count } == [
                2, 2, 2, 2, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1,
            ])
    }

    @Test("Docs/Failures.md has the verdicts that are found here")
    func document() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../../Docs/Failures.md")
        let text = try String(contentsOf: root.standardized, encoding: .utf8)
        for scenario in FailureScenario.all {
            let row = try #require(
                text.split(separator: "\n").first { $0.hasPrefix("| \(scenario.id) |") })
            let cells = row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            #expect(
                cells.suffix(3) == Sending.allCases.map { scenario.expectedVerdict($0).rawValue }[...],
                "\(scenario.id)"
            )
        }
    }
}

extension FailureScenario {
    /// Whether a part of the answer has come before it falls silent.
    fileprivate var hasBegun: Bool { id == "S09" }

    fileprivate func verdict(_ outcome: Outcome) -> Verdict {
        let isWhole = outcome.words.filter { !$0.hasPrefix("commit") } == goodWords
        if let found = outcome.error {
            if outcome.words.contains("completed") { return .fail }
            return error == found ? .pass : .safe
        }
        return isWhole && error == nil ? .pass : .fail
    }

    fileprivate func expectedStatus(_ sending: Sending) -> LedgerEntry.Status {
        if error != nil { return .failed }
        return safe.contains(sending) ? .aborted : .completed
    }
}
