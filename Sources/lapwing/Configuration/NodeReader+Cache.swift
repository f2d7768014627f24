import LapwingRouter
import Yams

extension NodeReader {
    /// How a route's or a model's answers are kept.
    mutating func cache(_ field: Field) -> AnswerCache.Options? {
        guard let given = fields(of: field, known: ["ttl", "bytes"]) else { return nil }
        var options: AnswerCache.Options?
        for (key, field) in given where key == "ttl" {
            options = duration(field, in: .seconds(1)...(.seconds(30 * 24 * 3600))).map {
                AnswerCache.Options(timeToLive: $0)
            }
        }
        guard given.contains(where: { $0.key == "ttl" }) else {
            refuse(field, found: "no 'ttl'", expected: "how long an answer is kept, such as ttl: 1h")
            return nil
        }
        for (key, field) in given where key == "bytes" {
            guard let limit = integer(field, in: 65_536...(1 << 40), "a number of bytes") else { continue }
            options?.byteLimit = limit
        }
        return options
    }
}
