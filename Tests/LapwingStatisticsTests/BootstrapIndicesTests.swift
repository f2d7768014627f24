import LapwingStatistics
import Testing

@Suite("Bootstrap indices")
struct BootstrapIndicesTests {
    @Test("A seed gives the same rows each time, another seed others, and every row is drawn")
    func seeded() {
        let rows = Array(BootstrapIndices(count: 20, resamples: 40, seed: 3))
        #expect(rows == Array(BootstrapIndices(count: 20, resamples: 40, seed: 3)))
        #expect(rows != Array(BootstrapIndices(count: 20, resamples: 40, seed: 4)))
        #expect(rows.count == 40)
        #expect(rows.allSatisfy { $0.count == 20 })
        #expect(Set(rows.joined()) == Set(0..<20))
    }

    @Test("Clusters are drawn whole, as many as there are")
    func clustered() {
        let clusters = [7, 7, 3, 3, 3, 5]
        for rows in BootstrapIndices(count: 6, resamples: 50, seed: 3, clusters: clusters) {
            let counts = Dictionary(grouping: rows) { $0 }.mapValues(\.count)
            #expect(counts[0] == counts[1])
            #expect(counts[2] == counts[3] && counts[3] == counts[4])
            #expect((counts[0] ?? 0) + (counts[2] ?? 0) + (counts[5] ?? 0) == 3)
        }
    }
}
