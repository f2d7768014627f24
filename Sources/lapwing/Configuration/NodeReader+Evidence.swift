import Yams

extension NodeReader {
    /// What is remembered of judged answers.
    mutating func evidence(_ field: Field) -> Configuration.Evidence {
        var evidence = Configuration.Evidence()
        for (key, field) in fields(of: field, known: ["days", "prompts"]) ?? [] {
            if key == "days" {
                evidence.days = integer(field, in: 0...3650, "a number of days (0 remembers nothing)") ?? 0
            } else {
                evidence.keepsTexts = boolean(field) ?? false
            }
        }
        return evidence
    }
}
