import LapwingAPI
import LapwingRouter
import LapwingStore
import LapwingTestSupport
import Testing

@Suite("Answers that are compared", .timeLimit(.minutes(1)))
struct RouterShadowTests {
    private let folder: TemporaryFolder
    private let store: EvidenceStore

    init() throws {
        folder = try TemporaryFolder()
        store = try EvidenceStore(path: folder.path + "/" + EvidenceStore.fileName)
    }

    /// A house whose route has `big` in the shadow of every request, and the model `umpire` to judge.
    private func house(
        open: [GenerationEvent], closed: [ScriptedProvider.Step], share: Double = 1, below: Double? = nil,
        umpire: ScriptedProvider? = nil
    ) throws -> RouterHouse {
        var route = Route(
            name: "support", open: "small", closed: below == nil ? nil : "big", hold: .all, escalateBelow: below)
        route.shadow = ShadowOptions(model: "big", share: share, judge: umpire.map { _ in "umpire" })
        return try RouterHouse(open: steps(open), closed: closed, route: route) { configuration in
            configuration.evidence = store
            guard let umpire else { return }
            configuration.models.append(ModelBinding(name: "umpire", provider: umpire, location: .local))
        }
    }

    private func ask(_ house: RouterHouse) async throws -> (outcome: Outcome, later: [LedgerEntry]) {
        let outcome = await Outcome(try await house.ask())
        await house.router.settleShadows()
        return (outcome, try await house.entries().filter { $0.kind != "request" })
    }

    private let usage = Usage(promptTokens: 20, completionTokens: 2)
    private let prose = (1...20).map { "word\($0) " }

    @Test(
        "The shadow's answer is entered at its price under the request, on nobody's account, and its agreement is kept")
    func agrees() async throws {
        let house = try house(open: answer(["Ye", "s"]), closed: steps(answer(["yes."], usage: usage)))
        let (outcome, later) = try await ask(house)
        #expect(outcome.words == ["commit open small", "Ye", "s", "<stop>", "completed"])
        let entry = try #require(later.first)
        #expect(later.count == 1 && entry.kind == "shadow" && entry.parent == "r1" && entry.requestID == "r1.shadow")
        #expect(entry.status == .completed && entry.decision == nil && entry.counterfactual == nil)
        #expect(entry.route == "support" && entry.answeringModel == "big" && entry.user == "ada")
        #expect(entry.calls.map(\.role) == [.discarded] && entry.calls.map(\.side) == [.open])
        // 20 tokens at 30 dollars a million and 2 at 60.
        #expect(entry.calls.map(\.cost) == [NanoUSD(720_000)])
        let row = try #require(try store.labelled(route: "support").first)
        #expect(row.right && row.weight == 1 && row.requestID == "r1")
        let report = try house.ledger.reader.report(ReportQuery())
        #expect(report.total.requests == 1 && report.total.spentBesideAnswers.amount == NanoUSD(720_000))
        #expect(house.closed.calls.map(\.request.topLogProbabilities) == [nil])
    }

    @Test("Disagreement is kept, with the weight of those that were not drawn", arguments: [1, 0.5, 0.1])
    func differs(share: Double) async throws {
        let house = try house(open: answer(["no"]), closed: steps(answer(["yes"])), share: share)
        let (_, later) = try await ask(house)
        // "r1" lies at 0.1035.
        let isDrawn = share > 0.11
        #expect(later.count == (isDrawn ? 1 : 0))
        #expect(try store.labelled(route: "support").map(\.right) == (isDrawn ? [false] : []))
        #expect(try store.labelled(route: "support").map(\.weight) == (isDrawn ? [1 / share] : []))
    }

    @Test("An answer that escalated whole is compared at no cost")
    func free() async throws {
        let house = try house(
            open: answer(["no"], logProbability: -3), closed: steps(answer(["yes"], logProbability: nil)), below: 0.5)
        let (outcome, later) = try await ask(house)
        #expect(outcome.receipt?.decision == .escalated && later.isEmpty)
        #expect(try store.labelled(route: "support").map(\.right) == [false])
        #expect(house.closed.calls.count == 1)
    }

    @Test("A shadow that fails is entered as such, and nothing is learnt")
    func fails() async throws {
        let house = try house(
            open: answer(["no"]), closed: [.fail(RequestError.upstreamFailed(model: "big", status: 400, reason: "x"))])
        let (outcome, later) = try await ask(house)
        #expect(outcome.error == nil)
        #expect(later.map(\.status) == [.failed] && later.map(\.kind) == ["shadow"])
        #expect(try store.labelled(route: "support").isEmpty)
    }

    @Test("The client has its answer before the shadow has said a word")
    func offThePath() async throws {
        let (reached, gate) = (Gate(), Gate())
        let house = try house(open: answer(["no"]), closed: [.reached(reached), .wait(gate)] + steps(answer(["no"])))
        let outcome = await Outcome(try await house.ask())
        #expect(outcome.words.last == "completed")
        try await reached.wait()
        #expect(try house.entriesNow().map(\.kind) == ["request"])
        gate.open()
        await house.router.settleShadows()
        #expect(try house.entriesNow().map(\.kind) == ["request", "shadow"])
    }

    @Test(
        "Prose is put to the judge in both orders, and counts where both say the same",
        arguments: [
            ("1", "2", true), ("2", "1", false), ("tie", "tie", true), ("1", "1", nil), ("?", "2", nil),
        ] as [(String, String, Bool?)])
    func judge(openFirst: String, closedFirst: String, expected: Bool?) async throws {
        let umpire = ScriptedProvider { request, _ in
            guard case .messages(let messages)? = request.prompts.first else { return [] }
            let isOpenFirst = messages[0].content.contains("<answer_1>\nword1 ")
            return steps(answer([isOpenFirst ? openFirst : closedFirst], logProbability: nil))
        }
        let house = try house(open: answer(prose), closed: steps(answer(["Other "] + prose)), umpire: umpire)
        let (_, later) = try await ask(house)
        #expect(later.map(\.kind) == ["shadow", "judge", "judge"])
        #expect(later.map(\.requestID) == ["r1.shadow", "r1.judge-1", "r1.judge-2"])
        #expect(later.allSatisfy { $0.parent == "r1" })
        #expect(try store.labelled(route: "support").map(\.right) == (expected.map { [$0] } ?? []))
    }

    @Test("Without a judge prose that differs is not compared, nor what was asked for several times")
    func unknown() async throws {
        let house = try house(open: answer(prose), closed: steps(answer(["Other "] + prose)))
        #expect(try await ask(house).later.map(\.kind) == ["shadow"])
        #expect(try store.labelled(route: "support").isEmpty)
    }

    @Test("Once a route has spent what it may in a day, the closed model is not asked in the shadow either")
    func spendLimit() async throws {
        var route = Route(name: "support", open: "small", closed: "big", hold: .all, escalateBelow: 0.01)
        route.shadow = ShadowOptions(model: "big", share: 1, judge: nil)
        // A shadow call costs 720,000.
        route.dailySpendLimit = NanoUSD(720_000)
        let house = try RouterHouse(
            open: steps(answer(["no"])), closed: steps(answer(["no"], usage: usage)), route: route
        ) { $0.evidence = store }
        for id in ["r1", "r2", "r3"] {
            _ = await Outcome(try await house.ask(id: id))
            await house.router.settleShadows()
        }
        #expect(try await house.entries().count { $0.kind == "shadow" } == 1)
    }

    @Test("Shadow calls are of no account: a key pays for its own request alone, also after a start")
    func budgets() async throws {
        let house = try house(open: answer(["no"]), closed: steps(answer(["no"], usage: usage)))
        var request = GenerationRequest(
            model: "support", prompts: [.messages([ChatMessage(role: "user", content: "Hello")])])
        request.stream = true
        var context = RequestContext(requestID: "r9")
        context.keyID = "key_1"
        _ = await Outcome(try await house.router.generate(request, context: context))
        await house.router.settleShadows()
        let entries = try await house.entries()
        #expect(entries.map(\.keyID) == ["key_1", "key_1"])
        let spent = try house.ledger.reader.spending(since: 0)
        let own = try #require(entries.first).calls.reduce(NanoUSD.zero) { $0 + ($1.cost ?? .zero) }
        #expect(spent.map(\.spent) == [own])
    }
}

@Suite("Candidates in a route", .timeLimit(.minutes(1)))
struct RouterCanaryTests {
    private let folder: TemporaryFolder
    private let store: EvidenceStore
    private let options = CanaryOptions(candidate: "new", share: 0.5, margin: 0.05)

    init() throws {
        folder = try TemporaryFolder()
        store = try EvidenceStore(path: folder.path + "/" + EvidenceStore.fileName)
    }

    private func house(
        _ candidate: ScriptedProvider, isAvailable: Bool = true, log: CapturedLog = CapturedLog()
    ) throws -> RouterHouse {
        var route = Route(name: "support", open: "small")
        route.canary = options
        return try RouterHouse(open: steps(answer(["old"])), route: route) { configuration in
            configuration.evidence = store
            configuration.logger = log.logger
            configuration.models.append(
                ModelBinding(
                    name: "new", provider: candidate, location: .local, unavailable: isAvailable ? nil : "no key"))
        }
    }

    private func ask(_ house: RouterHouse, _ id: String, user: String?, key: String? = nil) async throws -> String? {
        var request = GenerationRequest(
            model: "support", prompts: [.messages([ChatMessage(role: "user", content: "Hello")])])
        request.stream = true
        var context = RequestContext(requestID: id)
        (context.user, context.keyID) = (user, key)
        return await Outcome(try await house.router.generate(request, context: context)).receipt?.model
    }

    @Test("A user, a key without users and a request without either stay with the model that they were drawn for")
    func sticky() async throws {
        let house = try house(ScriptedProvider(steps(answer(["new"]))))
        for (user, key) in [("ada", nil), ("bob", nil), ("eve", "k"), (nil, "k1"), (nil, "k2"), (nil, "k3")] {
            var given: Set<String> = []
            for index in 0..<4 {
                given.insert(try #require(try await ask(house, "\(user ?? key ?? "")-\(index)", user: user, key: key)))
            }
            #expect(given.count == 1)
        }
        var count = 0
        for index in 0..<60 where try await ask(house, "r\(index)", user: nil) == "new" { count += 1 }
        #expect((15...45).contains(count), "\(count)")
        let evidence = try store.canaryEvidence(of: "new", besides: "small", on: "support", since: 0)
        #expect(evidence.arms.values.map(\.answers).reduce(0, +) == 84)
        #expect(evidence.arms.values.map(\.units).reduce(0, +) == 66)
    }

    @Test("What the candidate cannot answer goes to the open model outside the trial")
    func unable() async throws {
        let house = try house(ScriptedProvider(), isAvailable: false)
        for index in 0..<8 { #expect(try await ask(house, "r\(index)", user: "user \(index)") == "small") }
        let evidence = try store.canaryEvidence(of: "new", besides: "small", on: "support", since: 0)
        // Neither where it was drawn nor where it was not: the arms are of the same kind of requests.
        #expect(evidence.arms.isEmpty)
    }

    @Test("A candidate whose outcomes are worse is rolled back, once and for good, and the log says so")
    func rollsBack() async throws {
        let log = CapturedLog()
        let house = try house(ScriptedProvider(steps(answer(["new"]))), log: log)
        var last: [String?] = []
        for index in 0..<400 {
            let id = "r\(index)"
            let model = try #require(try await ask(house, id, user: "user \(index)"))
            var said = AnswerOutcome(
                requestID: id, source: .feedback, right: model == "small" || index % 5 == 0, at: Int64(index))
            said.author = "key_1"
            store.addOutcome(said)
            house.router.note(OutcomeNews(route: "support", source: .feedback, side: .open, right: true))
            await house.router.settleShadows()
            last.append(model)
        }
        #expect(last.contains("new") && !last.suffix(100).contains("new"))
        #expect(log.lines.count { $0.contains("rolled back") } == 1)
        #expect(try store.knownTrial(of: "new", on: "support")?.rolledBackAt != nil)
        // After a start it stays so.
        let later = try self.house(ScriptedProvider(steps(answer(["new"]))))
        for index in 400..<430 { #expect(try await ask(later, "r\(index)", user: "user \(index)") == "small") }
    }

    @Test("Outcomes by other sources, of the other side, or from before the trial are no part of it")
    func outcomes() throws {
        func record(_ id: String, _ decision: Decision, at: Int64 = 100, model: String = "new") {
            var answer = JudgedAnswer(requestID: id, route: "support", model: model, startedAt: at, decision: decision)
            answer.canary = CanaryDraw(arm: .candidate, unit: id)
            store.record(answer)
        }
        func say(_ id: String, _ source: AnswerOutcome.Source, side: CallReceipt.Side? = nil) {
            var outcome = AnswerOutcome(requestID: id, source: source, right: true, at: 1)
            outcome.side = side
            store.addOutcome(outcome)
        }
        record("a", .open)
        record("b", .escalated)
        record("c", .escalated)
        record("old", .open, at: 99)
        // What a gate sent to the closed model.
        record("g", .closed, model: "big")
        say("g", .feedback)
        // A fallback answered in the candidate's place.
        record("d", .open, model: "small")
        say("d", .feedback)
        say("a", .feedback)
        say("b", .feedback)
        say("c", .dataset, side: .open)
        say("a", .shadow)
        say("old", .feedback)
        let evidence = try store.canaryEvidence(of: "new", besides: "small", on: "support", since: 100)
        #expect(evidence.outcomes.count == 2 && evidence.arms[.candidate]?.answers == 3)
    }
}
