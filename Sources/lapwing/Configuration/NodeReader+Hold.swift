import LapwingRouter
import Yams

extension NodeReader {
    private static let mostTokens = 100_000

    /// `all`, a number of tokens, or two bounds.
    mutating func hold(_ field: Field) -> Hold? {
        let expected = "'all', a number of tokens from 1 to \(Self.mostTokens), or { from: 16, to: 96, commit: 0.97 }"
        if case .mapping = field.node { return bounds(field).map(Hold.between) }
        guard case .scalar(let scalar) = field.node else {
            refuse(field, found: Self.describe(field.node), expected: expected)
            return nil
        }
        if scalar.string == "all" { return .all }
        guard scalar.style == .plain, let count = Int(scalar.string), (1...Self.mostTokens).contains(count) else {
            refuse(field, found: Self.describe(field.node), expected: expected)
            return nil
        }
        return .tokens(count)
    }

    private mutating func bounds(_ field: Field) -> HoldBounds? {
        guard let given = fields(of: field, known: ["from", "to", "every", "commit"]) else { return nil }
        for key in ["from", "to", "commit"] where !given.contains(where: { $0.key == key }) {
            refuse(
                field, found: "no '\(key)'", expected: "from, to and commit, such as { from: 16, to: 96, commit: 0.97 }"
            )
            return nil
        }
        var bounds = HoldBounds(from: 1, to: 2, commit: 1)
        for (key, field) in given {
            switch key {
            case "from": bounds.from = integer(field, in: 1...Self.mostTokens, "a number of tokens") ?? bounds.from
            case "to": bounds.to = integer(field, in: 2...Self.mostTokens, "a number of tokens") ?? .max
            case "every": bounds.every = integer(field, in: 1...Self.mostTokens, "a number of tokens") ?? bounds.every
            default: bounds.commit = fraction(field) ?? 1
            }
        }
        if bounds.to <= bounds.from {
            refuse(field, found: "from \(bounds.from) to \(bounds.to)", expected: "'to' greater than 'from'")
        }
        return bounds
    }
}
