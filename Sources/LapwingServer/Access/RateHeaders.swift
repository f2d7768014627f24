import HTTPTypes
import LapwingAPI

extension HTTPFields {
    /// In the names and the form of the OpenAI API.
    mutating func set(_ standing: RateStanding) {
        for (name, limit) in [("requests", standing.requests), ("tokens", standing.tokens)] {
            guard let limit else { continue }
            set("x-ratelimit-limit-\(name)", "\(limit.limit)")
            set("x-ratelimit-remaining-\(name)", "\(limit.remaining)")
            set("x-ratelimit-reset-\(name)", limit.reset.briefly)
        }
    }
}

extension Duration {
    /// `20ms`, `1.5s`, `6m0s`; rounded up to the millisecond.
    var briefly: String {
        let (seconds, attoseconds) = components
        let milliseconds = seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        if milliseconds < 1000 { return "\(milliseconds)ms" }
        let (minutes, rest) = milliseconds.quotientAndRemainder(dividingBy: 60_000)
        let (whole, fraction) = rest.quotientAndRemainder(dividingBy: 1000)
        var digits = String(fraction + 1000).dropFirst()
        while digits.hasSuffix("0") { digits.removeLast() }
        return (minutes > 0 ? "\(minutes)m" : "") + "\(whole)" + (digits.isEmpty ? "" : ".\(digits)") + "s"
    }
}
