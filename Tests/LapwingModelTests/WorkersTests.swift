import LapwingModel
import Synchronization
import Testing

@Suite("Workers")
struct WorkersTests {
    @Test("Every index is visited once, in ranges no longer than the grain")
    func visitsAll() {
        for threads in [1, 2, 3, 5] {
            let workers = Workers(count: threads)
            for (count, grain) in [(0, 1), (1, 1), (7, 1), (64, 64), (65, 64), (1_000, 7), (3, 100)] {
                let counts = Mutex([Int](repeating: 0, count: count))
                workers.forEachRange(count, grain: grain) { range in
                    #expect(range.count <= grain || count <= grain || threads == 1)
                    counts.withLock { for index in range { $0[index] += 1 } }
                }
                #expect(counts.withLock { $0.allSatisfy { $0 == 1 } })
            }
        }
    }

    @Test("A hundred thousand short loops in a row lose no work and leave none behind")
    func manyLoops() {
        let workers = Workers(count: 3)
        let sum = Atomic<Int>(0)
        for _ in 0..<100_000 {
            workers.forEachRange(4, grain: 1) { range in sum.add(range.lowerBound + 1, ordering: .relaxed) }
        }
        #expect(sum.load(ordering: .relaxed) == 100_000 * 10)
    }

    @Test("Writes made in a loop are seen by its caller")
    func publishes() {
        let workers = Workers(count: 4)
        var values = [Int](repeating: 0, count: 512)
        values.withUnsafeMutableBufferPointer { values in
            guard let base = values.baseAddress else { return }
            for round in 1...2_000 {
                workers.forEachRange(512, grain: 8) { range in for index in range { base[index] += index * round } }
            }
        }
        let rounds = 2_000 * 2_001 / 2
        #expect(values == (0..<512).map { $0 * rounds })
    }

    @Test("Several callers at once all finish, those that find the pool busy on their own thread")
    func severalCallers() async {
        let workers = Workers(count: 2)
        let totals = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let sum = Atomic<Int>(0)
                    for _ in 0..<5_000 {
                        workers.forEachRange(16, grain: 2) { sum.add($0.count, ordering: .relaxed) }
                    }
                    return sum.load(ordering: .relaxed)
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(totals == [80_000, 80_000, 80_000, 80_000])
    }

    @Test("A loop inside a loop runs on its caller's thread")
    func nested() {
        let workers = Workers(count: 2)
        let sum = Atomic<Int>(0)
        workers.forEachRange(8, grain: 1) { _ in
            workers.forEachRange(8, grain: 1) { sum.add($0.count, ordering: .relaxed) }
        }
        #expect(sum.load(ordering: .relaxed) == 64)
    }
}
