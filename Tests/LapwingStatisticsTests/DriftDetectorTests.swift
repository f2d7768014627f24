import Foundation
import GuaranteeSimulation
import LapwingStatistics
import Testing

@Suite("Drift detector")
struct DriftDetectorTests {
    @Test("Where all is as stated, false alarms stay under the stated rate, also at the edge of the tolerance")
    func falseAlarms() {
        for offset in [0, 0.02, -0.02] {
            let figures = Simulation.drift(.discrete, drop: 0.2, offset: offset, before: 0, runs: 300, seed: 4)
            #expect(figures.falseAlarms.isWithin(0.01), "off by \(offset): \(figures)")
            #expect(figures.falseAlarmsInTen.isWithin(0.1), "off by \(offset): \(figures)")
        }
    }

    @Test("A drop of ten points is found within the stated number of labels", arguments: [Traffic.smooth, .discrete])
    func shift(traffic: Traffic) {
        let figures = Simulation.drift(traffic, drop: 0.1, runs: 300, seed: 5)
        #expect(figures.stated > 0 && figures.stated < 1000, "\(figures)")
        #expect(figures.foundInTime.share >= 0.9 - 0.035, "\(figures)")
    }

    @Test("Errors of answers that were surely right fire soon, and the alarm says what was seen")
    func alarm() throws {
        var watch = DriftDetector(window: 100, falseAlarms: 0.01)
        for _ in 0..<50 { _ = watch.observe(probability: 0.95, isRight: true) }
        #expect(watch.alarm == nil)
        var labels = 50
        repeat { labels += 1 } while !watch.observe(probability: 0.95, isRight: false) && labels < 70
        let alarm = try #require(watch.alarm)
        #expect(alarm.labels == labels)
        #expect(labels < 62)
        #expect(abs(alarm.expected - 0.95) < 1e-12)
        #expect(alarm.observed == 50 / Double(labels))
        // It stands still until it is made anew.
        let firesAgain = watch.observe(probability: 0.95, isRight: false)
        #expect(!firesAgain)
        #expect(watch.labels == labels)
    }

    @Test("It goes on after being written and read, also where it has seen nothing yet")
    func codable() throws {
        var watch = DriftDetector(window: 100)
        for count in [0, 30] {
            for label in 0..<count { _ = watch.observe(probability: 0.9, isRight: label % 5 != 0) }
            let copy = try JSONDecoder().decode(DriftDetector.self, from: JSONEncoder().encode(watch))
            #expect(copy == watch)
        }
    }

    @Test("What it says of the last labels is of the window only")
    func window() {
        var watch = DriftDetector(window: 10, falseAlarms: 0.001, tolerance: 0.3)
        for label in 0..<25 { _ = watch.observe(probability: label < 15 ? 0.5 : 0.75, isRight: label >= 18) }
        #expect(watch.expected == 0.75)
        #expect(watch.observed == 0.7)
    }
}
