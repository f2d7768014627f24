import Foundation
import LapwingRouter
import Yams

extension NodeReader {
    /// Reads the routes; the models are to be read before them.
    mutating func routes(_ field: Field, folder: URL) -> [Configuration.Route] {
        (fields(of: field) ?? []).compactMap { name, field in
            guard isName(name, field) else { return nil }
            if declaredModels.contains(name) {
                refuse(field, found: "a route with a model's name", expected: "a name of its own")
            }
            return route(name, field, models: declaredModels, folder: folder)
        }
    }

    /// The model that savings are counted against; `models` are those that were read before.
    mutating func report(_ field: Field, models: [Configuration.Model]) -> String? {
        var counterfactual: String?
        for (_, field) in fields(of: field, known: ["counterfactual"]) ?? [] {
            guard let name = string(field, expected: "a model's name") else { continue }
            // Its calls would be put on the closed side of the bill, and machine time says nothing of another's price.
            if models.contains(where: { $0.name == name && $0.local != nil }) {
                refuse(
                    field, found: "'\(name)', which runs here",
                    expected: "a closed model: one with a 'provider', or a name in `lapwing prices list`")
            }
            counterfactual = name
        }
        return counterfactual
    }

    private mutating func route(
        _ name: String, _ field: Field, models: [String], folder: URL
    ) -> Configuration.Route? {
        let known = [
            "open", "closed", "hold", "escalate", "unknown", "max_tokens", "fallback", "continue", "cache",
            "labels", "embedder", "checks", "calibrator", "shadow", "canary", "drift", "gate",
        ]
        guard let given = fields(of: field, known: known) else { return nil }
        guard given.contains(where: { $0.key == "open" }) else {
            refuse(field, found: "no 'open'", expected: "the name of the model that is asked first")
            return nil
        }
        var route = Configuration.Route(name: name, open: "")
        for (key, field) in given {
            switch key {
            case "open": route.open = modelName(field, models) ?? ""
            case "closed": route.closed = modelName(field, models)
            case "hold": route.hold = hold(field) ?? route.hold
            case "max_tokens": route.maxTokens = integer(field, in: 1...1_000_000, "a number of tokens")
            case "escalate": route.escalation = escalation(field)
            case "labels": route.labels = labels(field, folder: folder)
            case "embedder": route.embedder = modelName(field, models)
            case "checks": route.checks = checks(field)
            case "calibrator": route.calibrator = fileName(field)
            case "cache": route.cache = cache(field)
            case "shadow": route.shadow = shadow(field, models)
            case "canary": route.canary = canary(field, models)
            case "drift": route.drift = drift(field)
            case "gate": route.gate = gate(field)
            case "fallback": route.fallback = fallback(field, models)
            case "continue": route.continuation = continuation(field, models)
            default: route.unknown = choice(field) ?? route.unknown
            }
        }
        if let canary = route.canary, canary.candidate == route.open {
            refuse(field, found: "'\(canary.candidate)' as both open and candidate", expected: "two models")
        }
        if let (_, canary) = given.first(where: { $0.key == "canary" }), route.escalation?.target.isPromise == true {
            refuse(
                canary, found: "a candidate beside a promise of the open model's",
                expected: "'escalate: { below: … }' while it is on trial, as no labels are of its answers")
        }
        if let closed = route.closed, closed == route.open {
            refuse(field, found: "'\(closed)' as both open and closed", expected: "two models")
        }
        if let (_, checks) = given.first(where: { $0.key == "checks" }) { hold(&route, for: checks, given) }
        if route.calibrator == nil { refuseWithoutCalibrator(route, given, field) }
        if let (_, gate) = given.first(where: { $0.key == "gate" }), route.closed == nil || route.escalation == nil {
            refuse(
                gate, found: "a gate without '\(route.closed == nil ? "closed" : "escalate")'",
                expected: "a closed model that it may send to, and 'escalate', whose 'tiers' it keeps to")
        }
        if let (_, unknown) = given.first(where: { $0.key == "unknown" }), route.escalation == nil {
            warn(unknown, "it says when to escalate, and has no effect without 'escalate'")
        }
        return route
    }

    /// Models that answer in the open one's place; an empty list is none, whatever the model itself says.
    private mutating func fallback(_ field: Field, _ models: [String]) -> [String]? {
        let expected = "a list of models such as [\(models.first ?? "gpt-4")]"
        guard let elements = elements(of: field, expected: expected) else { return nil }
        return elements.compactMap { modelName($0, models) }
    }

    private mutating func continuation(_ field: Field, _ models: [String]) -> Continuation? {
        if case .scalar(let scalar) = field.node, scalar.style == .plain, Self.kind(of: scalar) == .boolean {
            return boolean(field) == true ? .sameModels : nil
        }
        return modelName(field, models).map(Continuation.model)
    }

    /// Checks what models fall back to, once all of them are known.
    mutating func check(_ fallbacks: [String: [Field]], models: [String]) {
        for (owner, fields) in fallbacks.sorted(by: { $0.key < $1.key }) {
            for field in fields {
                guard let name = modelName(field, models), name == owner else { continue }
                refuse(field, found: "'\(name)' itself", expected: "another model")
            }
        }
    }

    mutating func modelName(_ field: Field, _ models: [String]) -> String? {
        let expected = models.isEmpty ? "the name of a model" : "one of \(models.joined(separator: ", "))"
        guard let name = string(field, expected: expected) else { return nil }
        guard models.contains(name) else {
            let hint = suggestion(for: name, among: models)
            refuse(field, found: "'\(name)', which is not under 'models'\(hint)", expected: expected)
            return nil
        }
        return name
    }
}
