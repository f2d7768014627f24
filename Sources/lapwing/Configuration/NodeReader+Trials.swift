import LapwingRouter
import Yams

/// What of a route's traffic other models are given.
extension NodeReader {
    mutating func shadow(_ field: Field, _ models: [String]) -> ShadowOptions? {
        guard let given = fields(of: field, known: ["model", "share", "judge"]),
            has(["model", "share"], given, field, expected: "model and share, such as { model: gpt-4, share: 0.05 }")
        else { return nil }
        var shadow = ShadowOptions(model: "", share: 1)
        for (key, field) in given {
            switch key {
            case "model": shadow.model = modelName(field, models) ?? ""
            case "judge": shadow.judge = modelName(field, models)
            default: shadow.share = share(field) ?? 1
            }
        }
        return shadow
    }

    mutating func canary(_ field: Field, _ models: [String]) -> CanaryOptions? {
        let example = "candidate, share and margin, such as { candidate: smollm2-ft, share: 0.1, margin: 0.03 }"
        guard let given = fields(of: field, known: ["candidate", "share", "margin"]),
            has(["candidate", "share", "margin"], given, field, expected: example)
        else { return nil }
        var canary = CanaryOptions(candidate: "", share: 0.5, margin: 0.5)
        for (key, field) in given {
            switch key {
            case "candidate": canary.candidate = modelName(field, models) ?? ""
            case "share": canary.share = share(field) ?? canary.share
            default: canary.margin = share(field) ?? canary.margin
            }
        }
        if canary.share >= 1 || canary.margin >= 1 {
            refuse(
                field, found: "all of it", expected: "a share and a margin of less than 1, so that both models answer")
        }
        return canary
    }

    private mutating func has(
        _ keys: [String], _ given: [(key: String, field: Field)], _ field: Field, expected: String
    ) -> Bool {
        guard let missing = keys.first(where: { key in !given.contains { $0.key == key } }) else { return true }
        refuse(field, found: "no '\(missing)'", expected: expected)
        return false
    }

    private mutating func share(_ field: Field) -> Double? {
        guard let value = fraction(field) else { return nil }
        if value == 0 { refuse(field, found: "0", expected: "more than 0 and at most 1") }
        return value
    }
}
