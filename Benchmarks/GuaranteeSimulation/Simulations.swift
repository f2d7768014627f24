import Foundation
import LapwingStatistics

/// How often something came in so many simulated runs.
package struct Frequency: Codable, Sendable {
    package var count = 0
    package var runs: Int

    package init(count: Int = 0, runs: Int) {
        self.count = count
        self.runs = runs
    }

    package var share: Double { Double(count) / Double(runs) }

    /// Whether no more than two standard errors lie between it and a rate that it must not exceed.
    package func isWithin(_ rate: Double) -> Bool {
        Double(count) <= rate * Double(runs) + 2 * (rate * (1 - rate) * Double(runs)).squareRoot()
    }
}

/// What deployments that each found their threshold on a sample of their own came to.
package struct PromiseFigures: Codable, Sendable {
    package var broken: Frequency
    package var found: Frequency
    package var meanShareKept = 0.0
}

package enum Promise: Sendable {
    case accuracy(Double)
    case keep(Double)
    case escalating(Double)
}

package enum Simulation {
    package static func deployments(
        _ traffic: Traffic, _ promise: Promise, rows: Int, confidence: Double = 0.95, runs: Int = 1000, seed: UInt64
    ) -> PromiseFigures {
        var random = SplitMix64(seed: seed)
        var figures = PromiseFigures(broken: Frequency(runs: runs), found: Frequency(runs: runs))
        for _ in 0..<runs {
            let sample = ThresholdGuarantee((0..<rows).map { _ in traffic.draw(&random) })
            guard case .found(let found) = search(sample, promise, confidence) else { continue }
            figures.found.count += 1
            figures.meanShareKept += 1 - traffic.escalated(below: found.threshold)
            if isBroken(traffic, promise, found.threshold) { figures.broken.count += 1 }
        }
        if figures.found.count > 0 { figures.meanShareKept /= Double(figures.found.count) }
        return figures
    }

    /// Of samples too small to prove the promise, how many prove it once they have the number of labels that was named.
    package static func labelsNamed(
        _ traffic: Traffic, _ promise: Promise, rows: Int, confidence: Double = 0.95, runs: Int, seed: UInt64
    ) -> (asked: Frequency, sufficed: Frequency, median: Int) {
        var random = SplitMix64(seed: seed)
        var (asked, sufficed, counts) = (0, 0, [Int]())
        for _ in 0..<runs {
            let sample = (0..<rows).map { _ in traffic.draw(&random) }
            guard case .notEnoughData(let more) = search(ThresholdGuarantee(sample), promise, confidence) else {
                continue
            }
            asked += 1
            counts.append(more)
            let grown = sample + (0..<min(more, 50_000)).map { _ in traffic.draw(&random) }
            if case .found = search(ThresholdGuarantee(grown), promise, confidence) { sufficed += 1 }
        }
        let median = counts.isEmpty ? 0 : counts.sorted()[counts.count / 2]
        return (Frequency(count: asked, runs: runs), Frequency(count: sufficed, runs: asked), median)
    }

    private static func search(_ sample: ThresholdGuarantee, _ promise: Promise, _ confidence: Double)
        -> ThresholdFinding
    {
        switch promise {
        case .accuracy(let target): sample.accuracy(atLeast: target, confidence: confidence)
        case .keep(let share): sample.keep(atLeast: share, confidence: confidence)
        case .escalating(let share): sample.escalating(atMost: share, confidence: confidence)
        }
    }

    private static func isBroken(_ traffic: Traffic, _ promise: Promise, _ threshold: Double) -> Bool {
        switch promise {
        case .accuracy(let target): traffic.accuracy(keptFrom: threshold) < target
        case .keep(let share): traffic.quality(keptFrom: threshold) < share
        case .escalating(let share): traffic.escalated(below: threshold) > share
        }
    }
}

extension Simulation {
    /// How often an e-process that is looked at after every pair rejects at 5%, where the first model is the only right one
    /// on so many of the pairs that differ, and after how many of those it stopped in the middle case.
    package static func peeking(
        firstOnly share: Double, pairs: Int = 400, runs: Int = 10_000, seed: UInt64
    ) -> (rejected: Frequency, median: Int?) {
        var random = SplitMix64(seed: seed)
        var stops: [Int] = []
        for _ in 0..<runs {
            var process = EProcess.firstIsBetter
            for pair in 1...pairs {
                process.observe(random.uniform() < share ? 1 : 0)
                guard process.rejects(at: 0.05) else { continue }
                stops.append(pair)
                break
            }
        }
        stops.sort()
        let median = stops.count * 2 > runs ? stops[runs / 2] : nil
        return (Frequency(count: stops.count, runs: runs), median)
    }

    /// The same for the margin of a candidate that is `gap` worse, at a share of pairs that differ.
    package static func marginPeeking(
        gap: Double, margin: Double, differing: Double, pairs: Int, runs: Int, seed: UInt64
    ) -> Frequency {
        var random = SplitMix64(seed: seed)
        var rejected = Frequency(runs: runs)
        for _ in 0..<runs {
            var process = EProcess.notWorse(by: margin)
            for _ in 0..<pairs where !process.rejects(at: 0.05) {
                let place = random.uniform()
                let (loses, wins) = ((differing + gap) / 2, differing)
                process.observe(place < loses ? -1 : (place < wins ? 1 : 0))
            }
            if process.rejects(at: 0.05) { rejected.count += 1 }
        }
        return rejected
    }
}

package struct DriftFigures: Codable, Sendable {
    /// Alarms within one window, and within ten, where nothing drifts.
    package var falseAlarms: Frequency
    package var falseAlarmsInTen: Frequency
    /// The labels within which nine of ten shifts are to be found, how many were, and after how many in the middle case.
    package var stated: Int
    package var foundInTime: Frequency
    package var medianLabels: Int
}

extension Simulation {
    /// A watch over traffic that is as stated but for `offset`, and then over traffic whose answers are right less often by
    /// `drop`, after `before` labels without drift.
    package static func drift(
        _ traffic: Traffic, drop: Double, offset: Double = 0, before: Int = 250, runs: Int = 1000, seed: UInt64
    ) -> DriftFigures {
        var random = SplitMix64(seed: seed)
        let watch = DriftDetector(window: 500, falseAlarms: 0.01, tolerance: 0.02)
        let clean = traffic.probabilities.map { min(max($0 - offset, 0), 1) }
        let shifted = traffic.probabilities.map { max($0 - drop, 0) }
        let sample = (0..<4000).map { _ in traffic.draw(&random).probability }
        var figures = DriftFigures(
            falseAlarms: Frequency(runs: runs), falseAlarmsInTen: Frequency(runs: runs),
            stated: watch.labelsToDetect(sample, becoming: { max($0 - drop, 0) }) ?? 0,
            foundInTime: Frequency(runs: runs), medianLabels: 0)
        var needed: [Int] = []
        for _ in 0..<runs {
            let alarm = labels(watch, traffic, clean, limit: 5000, &random)
            if alarm ?? .max <= 500 { figures.falseAlarms.count += 1 }
            if alarm != nil { figures.falseAlarmsInTen.count += 1 }

            var shiftedWatch = watch
            for _ in 0..<before { _ = observe(&shiftedWatch, traffic, clean, &random) }
            // A false alarm is counted above; here it would be a shift found early.
            if shiftedWatch.alarm != nil { shiftedWatch = watch }
            let found = labels(shiftedWatch, traffic, shifted, limit: 10_000, &random) ?? 10_000
            needed.append(found)
            if found <= figures.stated { figures.foundInTime.count += 1 }
        }
        figures.medianLabels = needed.sorted()[runs / 2]
        return figures
    }

    private static func labels(
        _ watch: DriftDetector, _ traffic: Traffic, _ right: [Double], limit: Int, _ random: inout SplitMix64
    ) -> Int? {
        var watch = watch
        return (1...limit).first { _ in observe(&watch, traffic, right, &random) }
    }

    private static func observe(
        _ watch: inout DriftDetector, _ traffic: Traffic, _ right: [Double], _ random: inout SplitMix64
    ) -> Bool {
        let row = traffic.draw(&random, right: right)
        return watch.observe(probability: row.probability, isRight: row.isRight)
    }
}
