import Foundation
import LapwingRouter
import LapwingStatistics
import LapwingStore

/// What a route's calibration is watched by, and how a person is told of it.
extension Configuration.Route {
    /// nil where it is not watched, or has no calibrator.
    func driftPlan(_ calibrator: Calibrator?) -> DriftPlan? {
        guard let drift, let calibrator else { return nil }
        return DriftPlan(calibrator: calibrator.fullName, detector: drift.detector(for: calibrator.sample))
    }

    /// How soon the watch finds that answers are right ten points less often, and how often it is wrong.
    func watchLine(_ calibrator: Calibrator?) -> String? {
        guard let calibrator, let plan = driftPlan(calibrator) else { return nil }
        return Self.watchLine(name, plan.detector, calibrator.sample)
    }

    package static func watchLine(
        _ route: String, _ detector: DriftDetector, _ sample: [ThresholdGuarantee.Row]
    ) -> String {
        let found =
            sample.isEmpty
            ? nil : detector.labelsToDetect(sample.map(\.probability), becoming: { max($0 - 0.1, 0) })
        let soon =
            found.map { "a drop of ten points is found within \(Figures.grouped($0)) labels nine times out of ten" }
            ?? "a drop of ten points is within what its labels leave open"
        let points = Figures.fixed(detector.tolerance * 100, places: 1)
        let rate = Figures.fixed(detector.falseAlarms * 100, places: 1)
        return "\(route): drift of more than \(points) points is watched for; \(soon), and at most \(rate)% of watches "
            + "raise a false alarm within \(Figures.grouped(detector.window)) labels"
    }
}

extension Configuration {
    /// Of the routes whose watch has fired, by the outcomes that are kept, a line each. A server that was started since, or
    /// that has no evidence, says the same. What cannot be read is told to `onFailure`.
    func driftLines(onFailure: (any Error) -> Void) -> [String] {
        let watched = routes.filter { $0.drift != nil }
        guard !watched.isEmpty, FileManager.default.fileExists(atPath: evidencePath) else { return [] }
        return watched.compactMap { route in
            do { return try driftLine(of: route, EvidenceStore(path: evidencePath)) } catch {
                onFailure(error)
                return nil
            }
        }
    }

    private func driftLine(of route: Route, _ store: EvidenceStore) throws -> String? {
        guard var plan = route.driftPlan(try RouteFiles(route, dataFolder: dataFolder).calibrator) else {
            return nil
        }
        for row in try store.labelled(route: route.name) where row.calibrator == plan.calibrator {
            if let probability = row.probability {
                _ = plan.detector.observe(probability: probability, isRight: row.right)
            }
        }
        return plan.detector.alarm.map { alarm in
            "\(route.name): the calibration has drifted, all answers escalate until a new calibrator is loaded: of "
                + "\(Figures.grouped(alarm.labels)) labels \(Figures.fixed(alarm.expected * 100, places: 1))% were to be "
                + "right by \(plan.calibrator), \(Figures.fixed(alarm.observed * 100, places: 1))% are"
        }
    }
}
