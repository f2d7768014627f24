import Logging
import Yams

extension NodeReader {
    mutating func log(_ field: Field) -> LogOptions {
        var log = LogOptions()
        for (key, field) in fields(of: field, known: ["format", "level"]) ?? [] {
            switch key {
            case "format": log.format = choice(field) ?? log.format
            default: log.level = choice(field) ?? log.level
            }
        }
        return log
    }
}
