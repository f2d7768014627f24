import Foundation
import GuaranteeSimulation
import LapwingStatistics
import Testing

@Suite("E-process")
struct EProcessTests {
    @Test("Its wealth is the mean of its bets' wealth, and what it once proved stays proved")
    func wealth() {
        var process = EProcess.firstIsBetter
        for _ in 0..<10 { process.observe(first: true, second: false) }
        process.observe(first: true, second: true)
        let stakes = [0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
        let wanted = stakes.reduce(0) { $0 + pow(1 + $1, 10) } / 11
        #expect(abs(process.value - wanted) < 1e-9 * wanted)
        #expect(process.count == 10)
        #expect(process.rejects(at: 0.05))
        for _ in 0..<20 { process.observe(first: false, second: true) }
        #expect(process.value < 1)
        #expect(process.rejects(at: 0.05))
        #expect(!process.rejects(at: 1e-9))
    }

    @Test("Looked at after every pair it raises a false alarm in at most 5% of 10,000 simulations")
    func falseAlarms() {
        let (rejected, _) = Simulation.peeking(firstOnly: 0.5, seed: 9)
        #expect(rejected.runs == 10_000)
        #expect(rejected.share <= 0.05, "\(rejected)")
        // It uses up what it is allowed: a process that never rejects would pass as well.
        #expect(rejected.share > 0.02, "\(rejected)")
    }

    @Test("A model that wins 65% of the pairs that differ is found out after some seventy of them")
    func power() throws {
        let (_, median) = Simulation.peeking(firstOnly: 0.65, runs: 1000, seed: 9)
        #expect(try #require(median) < 90)
    }

    @Test("A candidate that is worse by the whole margin passes in at most 5% of runs, an equal one mostly")
    func margin() {
        let worse = Simulation.marginPeeking(
            gap: 0.05, margin: 0.05, differing: 0.2, pairs: 1000, runs: 1000, seed: 3)
        #expect(worse.isWithin(0.05), "\(worse)")
        let equal = Simulation.marginPeeking(gap: 0, margin: 0.05, differing: 0.2, pairs: 1500, runs: 200, seed: 3)
        #expect(equal.share > 0.8, "\(equal)")
    }

    @Test("It goes on after being written and read")
    func codable() throws {
        var process = EProcess.notWorse(by: 0.03)
        for pair in 0..<50 { process.observe(first: pair % 3 == 0, second: pair % 4 != 0) }
        let copy = try JSONDecoder().decode(EProcess.self, from: JSONEncoder().encode(process))
        #expect(copy == process)
        #expect(copy.value == process.value)
    }
}
