import LapwingAPI
import LapwingRouter
import Testing

/// What one call does in a test, in the order in which the router sees it.
private enum Happening {
    case open(GenerationEvent)
    case openEnds(RequestError?)
    case closed(GenerationEvent)
    case closedEnds(RequestError?)
}

private let broken = RequestError.upstreamFailed(model: "big", status: 500, reason: "broken")

private func play(
    _ policy: CommitPolicy, _ happenings: [Happening]
) -> (words: [String], commit: StreamCommit) {
    var commit = StreamCommit(
        route: "support", models: [.open: "small", .closed: "big"], policy: policy,
        confidence: ModelJudge(MeanConfidence()))
    var actions = commit.start()
    for happening in happenings {
        switch happening {
        case .open(let event): actions += commit.receive(.event(event), from: .open)
        case .openEnds(let error): actions += commit.receive(.ended(error), from: .open)
        case .closed(let event): actions += commit.receive(.event(event), from: .closed)
        case .closedEnds(let error): actions += commit.receive(.ended(error), from: .closed)
        }
    }
    return (actions.words, commit)
}

private func open(_ events: [GenerationEvent]) -> [Happening] { events.map(Happening.open) }
private func closed(_ events: [GenerationEvent]) -> [Happening] { events.map(Happening.closed) }
private let sure = -0.1
private let unsure = -3.0

@Suite("StreamCommit")
struct StreamCommitTests {
    /// Judged when the second token shows that the answer goes on past the first.
    private let held = CommitPolicy(hold: .tokens(1), threshold: 0.5, mayEscalate: true)

    @Test(
        "A request that may not escalate is committed before its first event, and judged at the hold point all the same"
    )
    func notHeld() {
        let policy = CommitPolicy(hold: .tokens(2), threshold: 0.5, mayEscalate: false)
        let kept = play(policy, open(answer(["a", "b", "c"])))
        #expect(kept.words == ["commit - small", "a", "b", "c", "<stop>", "finish"])
        #expect(kept.commit.decision == .open)
        #expect(kept.commit.confidence?.probability == 0.9)

        let low = play(policy, open(answer(["a", "b", "c"], logProbability: unsure)))
        #expect(low.words == ["commit - small", "a", "b", "c", "<stop>", "finish"])
        #expect(low.commit.decision == .wouldEscalate)
        #expect(low.commit.confidence?.probability == 0.2)
    }

    @Test("Another model's answer is not judged by the calibrator, and escalates where that made a promise")
    func otherModel() throws {
        let calibrator = try Calibrator.fitted(labels: nil)
        func answered(
            by model: String, promises: Bool, logProbability: Double? = -0.1
        ) -> (words: [String], calibrator: String?) {
            var commit = StreamCommit(
                route: "support", models: [.open: "small", .closed: "big"], policy: held,
                confidence: ModelJudge(MeanConfidence(), calibrator: calibrator, promises: promises))
            var words = commit.start().words
            commit.expect(model, billedAs: .open, on: .open)
            for event in answer(["a", "b", "c"], logProbability: logProbability) {
                words += commit.receive(.event(event), from: .open).words
            }
            return (words, commit.confidence?.calibrator)
        }
        #expect(answered(by: "small", promises: true).calibrator == "intents-v3")
        let other = answered(by: "other", promises: false)
        #expect(other.calibrator == MeanConfidence().name && other.words.first == "commit open other 0.9")
        #expect(answered(by: "other", promises: true).words == ["call closed"])
        // One whose probabilities are not told is no surer.
        #expect(answered(by: "other", promises: true, logProbability: nil).words == ["call closed"])
        #expect(answered(by: "other", promises: false, logProbability: nil).words.first == "commit open other")
    }

    @Test("Nothing is sent before the hold point; there the answer so far follows its commitment at once")
    func commitsAtHoldPoint() {
        let before = play(held, [.open(delta("a", sure))])
        #expect(before.words == [])
        let at = play(held, [.open(delta("a", sure)), .open(delta("b", sure))])
        #expect(at.words == ["commit open small 0.9", "a", "b"])
        let after = play(held, open(answer(["a", "b", "c"])))
        #expect(after.words == ["commit open small 0.9", "a", "b", "c", "<stop>", "finish"])
    }

    @Test("An answer that ends right at the hold is whole, with its end mark or without; one token more and it is cut")
    func endsAtTheHold() {
        struct LengthConfidence: ConfidenceModel {
            let name = "length"
            let isCalibrated = false
            func probability(_ evidence: Evidence) -> Double {
                Double(evidence.tokenCount) / 1024 + (evidence.finish == .stop ? 0.5 : 0)
            }
        }
        func judged(_ count: Int, endMark: Bool) -> Double? {
            let policy = CommitPolicy(hold: .tokens(48), threshold: 0.01, mayEscalate: true)
            var commit = StreamCommit(
                route: "r", models: [.open: "small", .closed: "big"], policy: policy,
                confidence: ModelJudge(LengthConfidence()))
            _ = commit.start()
            var events = (0..<count).map { _ in delta("a", sure) }
            if endMark { events.append(delta("", sure)) }
            for event in events + [.finished(choice: 0, reason: .stop)] {
                _ = commit.receive(.event(event), from: .open)
            }
            return commit.confidence?.probability
        }
        for endMark in [false, true] {
            #expect(judged(47, endMark: endMark) == 47.0 / 1024 + 0.5)
            #expect(judged(48, endMark: endMark) == 48.0 / 1024 + 0.5)
            #expect(judged(49, endMark: endMark) == 48.0 / 1024)
        }
    }

    @Test("An answer shorter than the hold is judged at its end")
    func shortAnswer() {
        let played = play(
            CommitPolicy(hold: .tokens(48), threshold: 0.5, mayEscalate: true), open(answer(["a", "b"])))
        #expect(played.words == ["commit open small 0.9", "a", "b", "<stop>", "finish"])
    }

    @Test("hold: all keeps everything back until the end")
    func holdAll() {
        let policy = CommitPolicy(hold: .all, threshold: 0.5, mayEscalate: true)
        let pieces = (0..<100).map(String.init)
        #expect(play(policy, pieces.map { .open(delta($0, sure)) }).words == [])
        #expect(play(policy, open(answer(pieces))).words.count == 103)
    }

    @Test("Tokens after the hold point do not change the judgement, held back or not", arguments: [true, false])
    func judgedAtTheSamePoint(mayEscalate: Bool) {
        var policy = held
        policy.mayEscalate = mayEscalate
        policy.hold = .tokens(2)
        let events = [delta("a", sure), delta("b", sure), delta("c", -50)] + answer(["d"], logProbability: -50)
        #expect(play(policy, open(events)).commit.confidence?.probability == 0.9)
        // Also where they come in one event with those before it.
        let tokens = [sure, sure, -50].map { ScoredToken(id: 1, bytes: [65], logProbability: $0) }
        let together = play(policy, [.open(.delta(choice: 0, text: "AAA", tokens: tokens))])
        #expect(together.commit.confidence?.probability == 0.9)
    }

    @Test("Too unsure: the closed model is called, and its first content ends the open call and is sent")
    func escalates() {
        let start: [Happening] = [.open(delta("a", unsure)), .open(delta("b", unsure))]
        #expect(play(held, start).words == ["call closed"])
        let more = start + [.open(delta("c", unsure)), .closed(delta("X", sure))]
        #expect(play(held, more).words == ["call closed", "cancel open", "commit escalated big 0.2", "X"])
        let whole = play(held, start + closed(answer(["X", "Y"])))
        #expect(
            whole.words == ["call closed", "cancel open", "commit escalated big 0.2", "X", "Y", "<stop>", "finish"])
        #expect(whole.commit.keptSide == .closed)
    }

    @Test("An open call that has ended already is not cancelled")
    func escalatesAfterEnd() {
        let played = play(held, open(answer(["a"], logProbability: unsure)) + closed(answer(["X"])))
        #expect(played.words == ["call closed", "commit escalated big 0.2", "X", "<stop>", "finish"])
    }

    @Test("What the cancelled open call still says after the switch is not sent")
    func ignoresTheLoser() {
        let happenings: [Happening] =
            [.open(delta("a", unsure)), .open(delta("b", unsure)), .closed(delta("X", sure))]
            + [.open(delta("c", unsure)), .openEnds(.cancelled), .closed(delta("Y", sure))]
        #expect(play(held, happenings).words.suffix(2) == ["X", "Y"])
    }

    @Test("The closed model fails before its first content: the open answer goes on as it was")
    func unavailable() {
        let happenings: [Happening] =
            [.open(delta("a", unsure)), .open(delta("b", unsure)), .open(delta("c", unsure))]
            + [.closedEnds(broken)] + open(answer(["d"], logProbability: unsure))
        let played = play(held, happenings)
        #expect(
            played.words == ["call closed", "commit unavailable small 0.2", "a", "b", "c", "d", "<stop>", "finish"])
        #expect(played.commit.keptSide == .open)
    }

    @Test("The same after the open answer had ended")
    func unavailableAfterEnd() {
        let played = play(held, open(answer(["a"], logProbability: unsure)) + [.closedEnds(nil)])
        #expect(played.words == ["call closed", "commit unavailable small 0.2", "a", "<stop>", "finish"])
    }

    @Test("The closed model fails after its first content: nothing is switched any more")
    func closedBreaks() {
        let happenings: [Happening] =
            open(answer(["a"], logProbability: unsure)) + [.closed(delta("X", sure)), .closedEnds(broken)]
        let played = play(held, happenings)
        #expect(played.words == ["call closed", "commit escalated big 0.2", "X", "fail \(broken)"])
        #expect(played.commit.hasSentContent)
    }

    @Test("For one body, a whole open answer is kept until the closed one is whole, so a closed model may still break")
    func notStreaming() {
        var policy = held
        policy.readsStream = false
        let openWhole = open(answer(["a"], logProbability: unsure))
        let breaks = play(policy, openWhole + [.closed(delta("X", sure)), .closedEnds(broken)])
        #expect(breaks.words == ["call closed", "commit unavailable small 0.2", "a", "<stop>", "finish"])
        let whole = play(policy, openWhole + closed(answer(["X", "Y"])))
        #expect(whole.words == ["call closed", "commit escalated big 0.2", "X", "Y", "<stop>", "finish"])
    }

    @Test("For one body too, an open call that is still running is cancelled at the closed one's first content")
    func notStreamingButRunning() {
        var policy = held
        policy.readsStream = false
        let happenings: [Happening] =
            [.open(delta("a", unsure)), .open(delta("b", unsure)), .closed(delta("X", sure))]
        #expect(play(policy, happenings).words == ["call closed", "cancel open", "commit escalated big 0.2", "X"])
    }

    @Test("Both fail before anything was sent: the request fails")
    func bothFail() {
        let happenings: [Happening] =
            [.open(delta("a", unsure)), .open(delta("b", unsure)), .openEnds(.cancelled), .closedEnds(broken)]
        let played = play(held, happenings)
        #expect(played.words == ["call closed", "fail \(broken)"])
        #expect(played.commit.decision == nil)
        #expect(!played.commit.hasSentContent)
    }

    @Test("The open call fails during the escalation: the closed answer is sent without a word of it")
    func openFailsWhileEscalating() {
        let happenings: [Happening] =
            [.open(delta("a", unsure)), .open(delta("b", unsure)), .openEnds(broken)] + closed(answer(["X"]))
        #expect(play(held, happenings).words == ["call closed", "commit escalated big 0.2", "X", "<stop>", "finish"])
    }

    @Test("An open failure before the hold point fails the request, with nothing sent")
    func openFails() {
        let played = play(held, [.open(delta("a", sure)), .openEnds(broken)])
        #expect(played.words == ["fail \(broken)"])
        #expect(!played.commit.hasSentContent)
    }

    @Test("A stream that just ends is a failure, before and after the commitment")
    func endsEarly() {
        let early =
            "fail \(RequestError.upstreamFailed(model: "small", status: nil, reason: "its answer ended before it was complete"))"
        #expect(play(held, [.open(delta("a", sure)), .openEnds(nil)]).words == [early])
        let committed = play(held, [.open(delta("a", sure)), .open(delta("b", sure)), .openEnds(nil)])
        #expect(committed.words.last == early)
        let whole = play(held, open(answer(["a"])) + [.openEnds(nil)])
        #expect(whole.words.last == "finish")
    }

    @Test(
        "An answer without evidence follows the route's `unknown`",
        arguments: [
            (UnknownEvidence.keep, true, ["commit open small", "a", "<stop>", "finish"], Decision?.some(.open)),
            (.escalate, true, ["call closed"], Decision?.none),
            (.keep, false, ["commit - small", "a", "<stop>", "finish"], .open),
            (.escalate, false, ["commit - small", "a", "<stop>", "finish"], .wouldEscalate),
        ])
    func unknownEvidence(unknown: UnknownEvidence, mayEscalate: Bool, words: [String], decision: Decision?) {
        var policy = held
        policy.unknown = unknown
        policy.mayEscalate = mayEscalate
        let played = play(policy, open(answer(["a"], logProbability: nil)))
        #expect(played.words == words)
        #expect(played.commit.decision == decision)
        #expect(played.commit.confidence == nil)
    }

    @Test("A closed model that was asked for is committed at once and not judged")
    func closedFirst() {
        let policy = CommitPolicy(first: .closed, threshold: nil)
        let played = play(policy, closed(answer(["X"], logProbability: unsure)))
        #expect(played.words == ["commit closed big", "X", "<stop>", "finish"])
        #expect(played.commit.confidence == nil)
    }

    @Test("Of several choices the least sure one decides, once all are over")
    func severalChoices() {
        let policy = CommitPolicy(hold: .all, threshold: 0.5, mayEscalate: true, choiceCount: 2)
        let first: [Happening] = [
            .open(delta("a", sure, choice: 0)), .open(.finished(choice: 0, reason: .stop)),
            .open(delta("b", unsure, choice: 1)),
        ]
        #expect(play(policy, first).words == [])
        let played = play(policy, first + [.open(.finished(choice: 1, reason: .length))])
        #expect(played.words == ["call closed"])
        #expect(played.commit.confidence?.probability == 0.2)
    }

    @Test(
        "The client sees the log-probabilities that it asked for and no others",
        arguments: [(nil, 0, 0), (0, 1, 0), (1, 1, 1), (5, 1, 2)])
    func strips(asked: Int?, tokens: Int, alternatives: Int) throws {
        let policy = CommitPolicy(topLogProbabilities: asked)
        var commit = StreamCommit(
            route: "r", models: [.open: "small"], policy: policy,
            confidence: ModelJudge(MeanConfidence()))
        _ = commit.start()
        let actions = commit.receive(.event(delta("a", sure)), from: .open)
        guard case .send(.delta(_, let text, let sent)) = try #require(actions.first) else {
            Issue.record("no delta was sent")
            return
        }
        #expect(text == "a")
        #expect(sent.count == tokens)
        #expect(sent.first?.top.count ?? 0 == alternatives)
    }

    @Test("Tokens without text are not sent to a client that asked for no tokens, and the prompt only with echo")
    func sendsNothingEmpty() {
        let events: [Happening] = [
            .open(.prompt(choice: 0, tokens: [ScoredToken(id: 1, bytes: [65], logProbability: -1)])),
            .open(.delta(choice: 0, text: "", tokens: [ScoredToken(id: 1, bytes: [0xE2], logProbability: -1)])),
        ]
        #expect(play(CommitPolicy(), events).words == ["commit open small"])
        let echoing = CommitPolicy(topLogProbabilities: 0, echo: true)
        #expect(play(echoing, events).words == ["commit open small", "prompt 0 1", ""])
    }

    private func restarting(_ policy: CommitPolicy, _ body: (inout StreamCommit) -> [StreamCommit.Action]) -> [String] {
        var commit = StreamCommit(
            route: "support", models: [.open: "small", .closed: "big"], policy: policy,
            confidence: ModelJudge(MeanConfidence()))
        return (commit.start() + body(&commit)).words
    }

    @Test("A commitment that may yet name another model goes out with the first of the answer")
    func commitsLate() {
        var policy = CommitPolicy(mayEscalate: false)
        policy.commitsLate = true
        let words = restarting(policy) { commit in
            commit.restart(.open)
            commit.expect("spare", billedAs: .open, on: .open)
            return answer(["a"]).flatMap { commit.receive(.event($0), from: .open) }
        }
        #expect(words == ["commit open spare", "a", "<stop>", "finish"])
    }

    @Test("A held answer that broke off is forgotten, and the next one is judged by itself")
    func restarts() {
        let words = restarting(CommitPolicy(hold: .all, threshold: 0.5, mayEscalate: true)) { commit in
            let first = commit.receive(.event(delta("bad", unsure)), from: .open)
            #expect(commit.canRestart(.open) && !commit.canRestart(.closed))
            commit.restart(.open)
            return first + answer(["a"]).flatMap { commit.receive(.event($0), from: .open) }
        }
        #expect(words == ["commit open small 0.9", "a", "<stop>", "finish"])
    }

    @Test(
        "What was shown to a stream cannot begin anew; to the reader of one body nothing was shown",
        arguments: [true, false])
    func shown(readsStream: Bool) {
        let words = restarting(CommitPolicy(mayEscalate: false, readsStream: readsStream)) { commit in
            let first = commit.receive(.event(delta("a", sure)), from: .open)
            #expect(commit.canRestart(.open) == !readsStream)
            if readsStream { return first }
            commit.restart(.open)
            #expect(!commit.hasSentContent)
            return commit.receive(.event(delta("b", sure)), from: .open)
        }
        #expect(words == (readsStream ? ["commit open small", "a"] : ["commit open small", "commit open small", "b"]))
    }

    @Test("A closed model that answers in the open one's place is not judged, and escalates nowhere")
    func closedFallback() {
        let words = restarting(held) { commit in
            commit.restart(.open)
            commit.expect("big", billedAs: .closed, on: .open)
            return answer(["a", "b"], logProbability: unsure).flatMap { commit.receive(.event($0), from: .open) }
        }
        #expect(words == ["commit closed big", "a", "b", "<stop>", "finish"])
    }
}
