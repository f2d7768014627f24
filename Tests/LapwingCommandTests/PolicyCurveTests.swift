import LapwingAPI
import LapwingStatistics
import Testing
import lapwing

@Suite("What a threshold would come to")
struct PolicyCurveTests {
    /// Ten answers by falling probability, of which the first seven are right; the closed model is right on all.
    private var sample: [ThresholdGuarantee.Row] {
        (0..<10).map { row in
            ThresholdGuarantee.Row(probability: 0.95 - 0.1 * Double(row), isRight: row < 7, strongIsRight: true)
        }
    }

    @Test("The least sure answers escalate first, and a request costs its open call and its share of closed ones")
    func points() throws {
        var costs = PolicyCurve.Costs()
        (costs.openCall, costs.closedCall, costs.escalatedShare) = (NanoUSD(10), NanoUSD(1000), 0.2)
        let curve = PolicyCurve(sample, costs: costs, threshold: 0.5, strong: 0, steps: 10)
        #expect(curve.points.map { Int(($0.accuracy * 10).rounded()) } == [7, 8, 9, 10, 10, 10, 10, 10, 10, 10, 10])
        #expect(curve.points.map(\.cost) == (0...10).map { NanoUSD(10 + 100 * Int64($0)) })
        #expect(abs(curve.points[3].threshold - 0.35) < 1e-9)
        // Where it stands is what its threshold does on the curve, whatever the ledger says of an earlier one.
        let today = try #require(curve.today)
        #expect(today.escalated == 0.5 && abs(today.accuracy - 1) < 1e-9 && today.threshold == 0.5)
        #expect(curve.lines.count == 13 && curve.lines.filter { $0.hasSuffix("<- today") }.count == 1)
        #expect(curve.csv.split(separator: "\n").count == 13)
    }

    @Test("Where nobody knows the closed model's answers, it is taken to be right as often as is said")
    func assumed() {
        let unknown = sample.map { ThresholdGuarantee.Row(probability: $0.probability, isRight: $0.isRight) }
        let curve = PolicyCurve(unknown, costs: PolicyCurve.Costs(), threshold: nil, strong: 0.6, steps: 2)
        #expect(abs(curve.points[2].accuracy - 0.6) < 1e-9 && curve.points[0].cost == nil && curve.today == nil)
    }
}
