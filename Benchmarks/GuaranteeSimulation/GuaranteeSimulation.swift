import Foundation
import LapwingStatistics

/// Prints what the guarantees came to in simulated deployments; run by Benchmarks/guarantee.sh. The last line is JSON.
@main
struct GuaranteeSimulation {
    static func main() throws {
        var figures = Figures()
        print("promise kept? 1,000 deployments each, confidence 0.95: broken at most 50 + 14")
        for traffic in Traffic.all {
            for (name, promise) in [
                ("accuracy 0.92", Promise.accuracy(0.92)), ("keep 0.94", .keep(0.94)),
                ("escalate 20%", .escalating(0.2)),
            ] {
                for rows in [300, 1000, 3000] {
                    let result = Simulation.deployments(traffic, promise, rows: rows, seed: UInt64(rows))
                    figures.promises["\(traffic.name), \(name), \(rows) labels"] = result
                    let kept = String(format: "%.2f", result.meanShareKept)
                    print(
                        "  \(traffic.name), \(name), \(rows) labels: broken \(result.broken.count), "
                            + "found \(result.found.count), share kept where found \(kept)")
                }
            }
        }
        print("labels named by samples of 150: how often they sufficed")
        for traffic in [Traffic.smooth, .discrete] {
            for (name, promise) in [("accuracy 0.92", Promise.accuracy(0.92)), ("keep 0.94", .keep(0.94))] {
                let result = Simulation.labelsNamed(traffic, promise, rows: 150, runs: 400, seed: 5)
                figures.labelsSufficed["\(traffic.name), \(name)"] = result.sufficed
                print(
                    "  \(traffic.name), \(name): \(result.sufficed.count) of \(result.sufficed.runs), "
                        + "middle case \(result.median) more")
            }
        }
        print("e-process at 5%, looked at after each of 400 differing pairs, 10,000 runs")
        for share in [0.5, 0.6, 0.65, 0.7, 0.8] {
            let result = Simulation.peeking(firstOnly: share, seed: 9)
            figures.peeking["\(share)"] = result.rejected
            let stop = result.median.map { "middle stop \($0)" } ?? "no stop in the middle case"
            print("  first alone right on \(share) of them: rejected \(result.rejected.count), \(stop)")
        }
        let margin = Simulation.marginPeeking(gap: 0.03, margin: 0.03, differing: 0.2, pairs: 2000, runs: 2000, seed: 3)
        let equal = Simulation.marginPeeking(gap: 0, margin: 0.03, differing: 0.2, pairs: 4000, runs: 500, seed: 4)
        figures.peeking["margin 0.03, worse by it"] = margin
        figures.peeking["margin 0.03, equal"] = equal
        print("  margin 0.03, candidate worse by it, 2,000 pairs: passed \(margin.count) of \(margin.runs)")
        print("  margin 0.03, candidate equal, 4,000 pairs: passed \(equal.count) of \(equal.runs)")
        print("drift, window 500, false alarms 0.01, tolerance 0.02, 1,000 runs")
        for traffic in [Traffic.smooth, .discrete, .unsure] {
            for (drop, offset) in [(0.05, 0), (0.1, 0), (0.2, 0), (0.1, 0.02)] {
                let result = Simulation.drift(traffic, drop: drop, offset: offset, seed: 7)
                figures.drift["\(traffic.name), drop \(drop), off by \(offset) before"] = result
                print(
                    "  \(traffic.name), off by \(offset), then \(drop): false alarms \(result.falseAlarms.count) in one window, "
                        + "\(result.falseAlarmsInTen.count) in ten; stated \(result.stated) labels, found in time "
                        + "\(result.foundInTime.count), middle \(result.medianLabels)")
            }
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        print(String(decoding: try encoder.encode(figures), as: UTF8.self))
    }
}

private struct Figures: Encodable {
    var promises: [String: PromiseFigures] = [:]
    var labelsSufficed: [String: Frequency] = [:]
    var peeking: [String: Frequency] = [:]
    var drift: [String: DriftFigures] = [:]
}
