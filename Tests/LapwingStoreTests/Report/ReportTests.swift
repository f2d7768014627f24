import Foundation
import LapwingAPI
import LapwingStore
import LapwingTestSupport
import Testing

@Suite("Report")
struct ReportTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func report(_ entries: [LedgerEntry], _ query: ReportQuery = ReportQuery()) async throws -> Report {
        let ledger = try Ledger(path: folder.file("\(UUID().uuidString).sqlite"))
        for entry in entries { try await ledger.complete(entry) }
        return try ledger.reader.report(query)
    }

    /// A completed request with one priced open call and a counterfactual of 1000.
    private func entry(
        _ number: Int, _ decision: Decision? = .open, _ status: LedgerEntry.Status = .completed, cost: Int64? = 100
    ) -> LedgerEntry {
        let call = CallReceipt(
            model: "smollm2", side: .open, role: .kept,
            usage: Usage(promptTokens: 10, cachedPromptTokens: 4, completionTokens: 3), cost: cost.map(NanoUSD.init),
            priceSource: nil, latencyMilliseconds: 5)
        return LedgerEntry(
            .sample(number), status: status, endedAt: 0, decision: decision, calls: [call],
            counterfactual: status == .completed
                ? Counterfactual(
                    model: "gpt-4", cost: NanoUSD(1000), low: NanoUSD(900), high: NanoUSD(1200),
                    isEstimated: number.isMultiple(of: 2)) : nil,
            latencyMilliseconds: Int64(number))
    }

    @Test("A period takes the entries that began in it, each with its calls, in whatever order they ended")
    func unorderedPeriod() async throws {
        // Entry `number` begins `number` seconds after a fixed moment.
        let start: Int64 = 1_780_000_000_000
        let entries = [7, 2, 9, 3, 1, 5].map { entry($0, cost: Int64($0)) }
        func spent(_ since: Int64?, _ until: Int64?) async throws -> [String] {
            let query = ReportQuery(period: Period(since: since.map { start + $0 }, until: until.map { start + $0 }))
            let total = try await report(entries, query).total
            return ["\(total.requests)", "\(total.spent.amount)"]
        }
        #expect(try await spent(2000, 6000) == ["3", "0.00000001"])
        #expect(try await spent(nil, 3000) == ["2", "0.000000003"])
        #expect(try await spent(9000, nil) == ["1", "0.000000009"])
        #expect(try await spent(10_000, nil) == ["0", "0"])
    }

    @Test("An empty ledger reports nothing, and divides by nothing")
    func empty() async throws {
        let figures = try await report([]).total
        #expect(figures == Report.Figures())
        #expect(figures.shareAnsweredOpen == nil)
        #expect(figures.counterfactual == nil)
        #expect(figures.latency == nil)
    }

    @Test("Requests are told apart by how they ended and who answered")
    func outcomes() async throws {
        var judged = entry(20)
        judged.kind = "judge"
        judged.parent = "req-1"
        let figures = try await report([
            entry(1), entry(2, .wouldEscalate), entry(3, .unavailable), entry(4, .escalated), entry(5, .closed),
            entry(6, nil, .failed), entry(7, .open, .aborted), entry(8, .escalated, .cancelled), entry(9, nil, .lost),
            judged,
        ]).total
        #expect(figures.requests == 9)
        let endings: [Int] = [
            figures.completed, figures.aborted, figures.cancelled, figures.failed, figures.lost,
        ]
        #expect(endings == [5, 1, 1, 1, 1] as [Int])
        #expect(figures.answeredOpen == 3)
        #expect(figures.answeredClosed == 2 && figures.closedAtOnce == 1)
        #expect(figures.shareAnsweredOpen == 0.6)
        #expect(figures.escalated == 2)
        #expect(figures.wouldEscalate == 1)
        #expect(figures.unavailable == 1)
        #expect(figures.calls == 10)
        #expect(figures.promptTokens == 100)
        #expect(figures.cachedPromptTokens == 40)
        #expect(figures.completionTokens == 30)
    }

    @Test("What was saved is the counterfactual less all that was paid, waste and judging included")
    func savings() async throws {
        var judged = entry(20)
        judged.kind = "judge"
        let figures = try await report([
            entry(1), entry(2), entry(3, .open, .completed, cost: nil), entry(4, nil, .lost), judged,
        ]).total
        #expect(figures.spent.amount == NanoUSD(400))
        #expect(figures.spentBesideAnswers.amount == NanoUSD(200))
        #expect(figures.unpricedCalls == 1)
        let comparison = try #require(figures.counterfactual)
        #expect(comparison.requests == 2, "the request with an unpriced call cannot be compared")
        #expect(comparison.cost.amount == NanoUSD(2000))
        #expect(comparison.estimatedCost.amount == NanoUSD(1000))
        #expect(comparison.saved.amount == NanoUSD(2000 - 200 - 200))
        #expect(comparison.savedLow.amount == NanoUSD(1800 - 400))
        #expect(comparison.savedHigh.amount == NanoUSD(2400 - 400))
    }

    @Test("Kept answers are counted with what they spared, and saved against the closed model as what cost nothing")
    func cacheHits() async throws {
        var hits = [entry(2), entry(3), entry(4)]
        for index in hits.indices { hits[index].calls = [] }
        hits[0].cached = CachedAnswer(requestID: "req-1", spared: NanoUSD(100))
        hits[1].cached = CachedAnswer(requestID: "req-1", spared: NanoUSD(100))
        hits[2].cached = CachedAnswer(requestID: "req-9", spared: nil)
        let figures = try await report([entry(1)] + hits).total
        #expect(figures.cacheHits == 3 && figures.unpricedHits == 1 && figures.unpricedCalls == 0)
        #expect(figures.spared.amount == NanoUSD(200) && figures.spent.amount == NanoUSD(100))
        #expect(figures.counterfactual?.saved.amount == NanoUSD(4 * 1000 - 100))
    }

    @Test("Percentiles are nearest-rank over completed requests")
    func percentiles() async throws {
        var entries = (1...100).map { entry($0) }
        for index in entries.indices where index < 20 { entries[index].firstTokenMilliseconds = Int64(index) }
        entries.append(entry(5000, nil, .failed))
        let figures = try await report(entries).total
        #expect(figures.latency == Report.Percentiles(p50: 50, p95: 95, count: 100))
        #expect(figures.firstToken == Report.Percentiles(p50: 9, p95: 18, count: 20))
        #expect(try await report([entry(7)]).total.latency == Report.Percentiles(p50: 7, p95: 7, count: 1))
    }

    @Test("The mean confidence says whose it is")
    func confidence() async throws {
        var entries = [entry(1), entry(2), entry(3)]
        entries[0].confidence = Confidence(probability: 0.5, calibrator: "default-1", isCalibrated: false)
        entries[1].confidence = Confidence(probability: 0.75, calibrator: "support-3", isCalibrated: true)
        let figures = try await report(entries).total
        #expect(figures.meanConfidence == 0.625)
        #expect(
            figures.calibrators == [
                Report.Calibrator(name: "default-1", isCalibrated: false, requests: 1),
                Report.Calibrator(name: "support-3", isCalibrated: true, requests: 1),
            ])
    }

    @Test("Groups add up to the total, for every grouping", arguments: ReportQuery.Grouping.allCases)
    func grouping(by grouping: ReportQuery.Grouping) async throws {
        let report = try await report((1...40).map(LedgerEntry.sample), ReportQuery(by: grouping))
        #expect(report.groups.map(\.figures.requests).reduce(0, +) == 40)
        #expect(report.groups.map(\.figures.spent.amount).reduce(.zero, +) == report.total.spent.amount)
        #expect(report.groups.map(\.figures.requests) == report.groups.map(\.figures.requests).sorted(by: >))
        let names = Set(report.groups.map(\.name))
        switch grouping {
        case .route: #expect(names == ["support", "search"])
        case .model: #expect(names == ["smollm2", "gpt-4"])
        case .feature: #expect(names == ["support", nil])
        case .user: #expect(names == ["user-0", "user-1", "user-2", "user-3", "user-4", nil])
        case .key: #expect(names == ["key-0", "key-1", "key-2", nil])
        case .tenant: #expect(names == ["default"])
        case .tier: #expect(names == ["enterprise", "default"])
        }
    }

    @Test("A period takes what started from its beginning to before its end")
    func period() async throws {
        let entries = (1...9).map { entry($0) }
        let query = ReportQuery(period: Period(since: entries[2].startedAt, until: entries[6].startedAt))
        #expect(try await report(entries, query).total.requests == 4)
        #expect(try await report(entries, ReportQuery(period: Period(since: entries[2].startedAt))).total.requests == 7)
        #expect(try await report(entries, ReportQuery(period: Period(until: entries[2].startedAt))).total.requests == 2)
    }

    @Test("A sum past Int64 is an error, not another number")
    func overflow() async throws {
        let entries = [entry(1, .open, .completed, cost: .max), entry(2, .open, .completed, cost: 1)]
        await #expect(throws: StoreError.overflow(what: "costs")) { try await report(entries) }
    }

    @Test("As JSON, money is plain dollars and the report reads back as it was")
    func json() async throws {
        let report = try await report([entry(1), entry(2)], ReportQuery(by: .route))
        let data = try JSONEncoder().encode(report)
        #expect(String(decoding: data, as: UTF8.self).contains(#""spent":0.0000002"#))
        #expect(try JSONDecoder().decode(Report.self, from: data) == report)
    }
}
