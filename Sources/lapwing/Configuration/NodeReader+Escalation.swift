import LapwingAPI
import LapwingRouter
import Yams

/// When a route escalates, and what its calibration is watched for.
extension NodeReader {
    private static let targets = ["below", "accuracy", "keep", "spend_per_day"]

    mutating func escalation(_ field: Field) -> Configuration.Route.Escalation? {
        guard let given = fields(of: field, known: Self.targets + ["confidence", "tiers"]) else { return nil }
        let targets = given.map(\.key).filter(Self.targets.contains)
        guard targets.count == 1 else {
            let found = targets.isEmpty ? "none of them" : targets.map { "'\($0)'" }.joined(separator: " and ")
            refuse(field, found: found, expected: "one of \(Self.targets.joined(separator: ", "))")
            return nil
        }
        var escalation = Configuration.Route.Escalation(target: .below(0))
        for (key, field) in given {
            switch key {
            case "below": escalation.target = .below(fraction(field) ?? 0)
            case "accuracy": escalation.target = .accuracy(promise(field) ?? 0.5)
            case "keep": escalation.target = .keep(promise(field) ?? 0.5)
            case "spend_per_day": escalation.target = .spendPerDay(dollars(field) ?? .zero)
            case "confidence":
                escalation.confidence = promise(field) ?? escalation.confidence
                if targets == ["below"] {
                    warn(field, "a threshold that is given promises nothing, so it has no effect")
                }
            default: escalation.tiers = tiers(field)
            }
        }
        return escalation
    }

    /// What can be promised: something, and not everything.
    private mutating func promise(_ field: Field) -> Double? {
        guard let value = fraction(field) else { return nil }
        guard value > 0, value < 1 else {
            refuse(field, found: Self.describe(field.node), expected: "a number over 0 and under 1")
            return nil
        }
        return value
    }

    private mutating func tiers(_ field: Field) -> [String]? {
        guard let elements = elements(of: field, expected: "a list of tiers such as [enterprise]") else { return nil }
        if elements.isEmpty {
            refuse(field, found: "an empty list", expected: "at least one tier, or no 'tiers' for all of them")
        }
        return elements.compactMap { element in string(element, expected: "a tier's name") }
    }

    mutating func checks(_ field: Field) -> CheckOptions? {
        guard let given = fields(of: field, known: ["samples", "self_check"]) else { return nil }
        var options = CheckOptions()
        for (key, field) in given {
            if key == "samples" {
                options.samples = integer(field, in: 1...16, "a number of samples") ?? 0
            } else {
                options.selfCheck = boolean(field) ?? false
            }
        }
        return options.samples == 0 && !options.selfCheck ? nil : options
    }

    /// What is asked of a whole answer has the answer held whole.
    mutating func hold(
        _ route: inout Configuration.Route, for checks: Field, _ given: [(key: String, field: Field)]
    ) {
        if route.labels != nil {
            refuse(checks, found: "checks of labels", expected: "checks of text: the scores of labels are exact")
        }
        if let (_, hold) = given.first(where: { $0.key == "hold" }), route.hold != .all {
            refuse(hold, found: Self.describe(hold.node), expected: "'all', as checks are of whole answers")
        }
        route.hold = .all
    }

    mutating func drift(_ field: Field) -> DriftOptions? {
        guard let given = fields(of: field, known: ["window", "false_alarms"]) else { return nil }
        var options = DriftOptions()
        for (key, field) in given {
            if key == "window" {
                options.window = integer(field, in: 20...100_000, "a number of labels") ?? options.window
            } else {
                options.falseAlarms = promise(field) ?? options.falseAlarms
            }
        }
        return options
    }

    /// What is found from a calibrator's labelled answers, or watches them.
    mutating func refuseWithoutCalibrator(
        _ route: Configuration.Route, _ given: [(key: String, field: Field)], _ field: Field
    ) {
        var needing: [String] = []
        if let escalation = route.escalation {
            if case .below = escalation.target {} else { needing.append("escalate") }
        }
        if route.drift != nil { needing.append("drift") }
        for key in needing {
            let place = given.first { $0.key == key }?.field ?? field
            refuse(
                place, found: "no 'calibrator' in the route",
                expected: "one that `lapwing calibrate` fitted, whose labelled answers this rests on")
        }
    }
}
