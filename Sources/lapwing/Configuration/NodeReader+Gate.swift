import Yams

extension NodeReader {
    /// A gate's name, or its name and which prompts it sends to the closed model.
    mutating func gate(_ field: Field) -> Configuration.Route.Gate? {
        guard case .mapping = field.node else {
            return fileName(field).map { .init(name: $0) }
        }
        guard let given = fields(of: field, known: ["name", "share", "above"]) else { return nil }
        var gate: Configuration.Route.Gate?
        for (key, field) in given where key == "name" {
            gate = fileName(field).map { .init(name: $0) }
        }
        guard given.contains(where: { $0.key == "name" }) else {
            refuse(field, found: "no 'name'", expected: "the name of a gate that `lapwing calibrate gate` fitted")
            return nil
        }
        let rules = given.filter { $0.key != "name" }
        if rules.count > 1 {
            refuse(field, found: "'share' and 'above'", expected: "one of them")
        }
        for (key, field) in rules {
            guard let value = fraction(field) else { continue }
            gate?.rule = key == "share" ? .share(value) : .above(value)
        }
        return gate
    }
}
