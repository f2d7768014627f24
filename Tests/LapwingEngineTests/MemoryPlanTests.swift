import LapwingEngine
import LapwingModel
import LapwingTestSupport
import Testing

@Suite("What the models of a process may take of its memory")
struct MemoryPlanTests {
    private static let program = MemoryPlan.programByteCount

    /// 1,000 bytes of weights, 10 a page, and buffers of 100 and one for each page.
    private static func demand(_ name: String = "a", context: Int? = 320, trained: Int = 3200) -> MemoryPlan.Demand {
        MemoryPlan.Demand(
            name: name, weightByteCount: 1000, pageByteCount: 10, trainedContextLength: trained, contextLength: context
        ) { 100 + $0 }
    }

    private static func plan(_ demands: [MemoryPlan.Demand], _ limit: Int) throws -> MemoryPlan {
        try MemoryPlan(demands, limit: program + limit)
    }

    @Test("With room for all, a cache holds two contexts, and the parts add up")
    func roomForAll() throws {
        let plan = try Self.plan([Self.demand()], 1_000_000)
        let share = try #require(plan.shares.first)
        #expect((share.weightByteCount, share.bufferByteCount, share.cacheByteCount) == (1000, 120, 200))
        #expect((share.pageCount, share.tokenCount, share.contextLength) == (20, 640, 320))
        #expect(plan.byteCount == Self.program + 1320)
        #expect(plan.fits)
        #expect(plan.contextFraction == nil)
        // A context that is no whole number of pages ends in one of its own.
        #expect(try Self.plan([Self.demand(context: 321)], 1_000_000).shares[0].pageCount == 22)
    }

    @Test("Pages get what is left beside the buffers that so many need, to the byte, and never more than the limit")
    func whatIsLeft() throws {
        for limit in 1210...1340 {
            let plan = try Self.plan([Self.demand()], limit)
            #expect(plan.fits == (limit >= 1210))
            #expect(plan.shares[0].pageCount == min(20, max(10, (limit - 1100) / 11)))
            #expect(plan.shares[0].contextLength == 320)
        }
    }

    @Test("A context that was asked for fits whole or not at all, and the plan says how much of it would fit")
    func contextAskedFor() throws {
        let plan = try Self.plan([Self.demand()], 1209)
        #expect(!plan.fits)
        #expect(plan.byteCount == Self.program + 1210)
        let half = try Self.plan([Self.demand()], 1160)
        #expect(!half.fits && half.contextFraction == 0.5)
        let none = try Self.plan([Self.demand()], 1000)
        #expect(!none.fits && none.contextFraction == nil)
    }

    @Test("Where no context was asked for, it is what there is room for, down to 1,024 tokens")
    func contextNotAskedFor() throws {
        // 100 pages of training, 32 pages at least; each takes 10 bytes and one of the buffers' beside 1,100.
        for (limit, pages, fits) in [
            (3300, 200, true), (2000, 81, true), (1700, 54, true), (1452, 32, true), (1451, 32, false),
        ] {
            let plan = try Self.plan([Self.demand(context: nil)], limit)
            #expect(plan.shares[0].pageCount == pages)
            #expect(plan.shares[0].contextLength == min(3200, pages * 32))
            #expect(plan.fits == fits)
        }
        let short = try Self.plan([Self.demand(context: nil, trained: 100)], 1_000_000)
        #expect(short.shares[0].pageCount == 8)
        #expect(short.shares[0].contextLength == 100)
    }

    @Test("Models share one limit: each has what it must have, and the rest is divided by what each could use")
    func severalModels() throws {
        let demands = [Self.demand("a", context: 320), Self.demand("b", context: 960)]
        // Weights 2,000, buffers of 15 and 46 pages 261, one context each 400: half of the second ones fits.
        let plan = try Self.plan(demands, 2661 + 200)
        #expect(plan.shares.map(\.pageCount) == [15, 45])
        #expect(plan.fits)
        #expect(try !Self.plan(demands, 2639).fits)
        #expect(try Self.plan([], 0).fits)
    }

    @Test("A context over the trained one is refused before any weight is read, with both figures")
    func contextOverTheTrainedOne() throws {
        #expect(try Self.plan([Self.demand(context: 3200)], 1_000_000).fits)
        let error = EngineError.contextTooLong(model: "b", requested: 3201, trained: 3200)
        #expect(throws: error) { try Self.plan([Self.demand(), Self.demand("b", context: 3201)], 1_000_000) }
        #expect("\(error)" == "A context of 3201 tokens was asked for, but 'b' was trained for 3200.")
    }

    @Test("A model's header tells what loading it then takes")
    func footprint() throws {
        let written = try TinyModel(weights: .q4_1, embedding: .q8_0).write()
        let footprint = try ModelFootprint(GGUFFile(path: written.path))
        let model = try LanguageModel.load(path: written.path)
        #expect(footprint.weightByteCount == model.weightByteCount)
        for format in KVCacheFormat.allCases {
            let cache = try model.makeCache(pageCount: 7, format: format)
            #expect(cache.byteCount == 7 * footprint.pageByteCount(format))
        }
        let small = footprint.scratchByteCount(pageCount: 1)
        #expect(small > 512 * 64 * 4)
        #expect(footprint.scratchByteCount(pageCount: 100_000) > small)
        // More than there are addresses for: they are counted, not reserved.
        #expect(footprint.scratchByteCount(pageCount: 1 << 40) > 1 << 47)
    }
}
