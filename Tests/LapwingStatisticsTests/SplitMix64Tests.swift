import LapwingStatistics
import Testing

@Suite("SplitMix64")
struct SplitMix64Tests {
    @Test("It gives the sequence of the authors' C program for seed 1234567")
    func knownSequence() {
        var random = SplitMix64(seed: 1_234_567)
        let found = (0..<3).map { _ in random.next() }
        #expect(found == [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423])
    }
}
