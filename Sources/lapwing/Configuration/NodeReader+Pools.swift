import LapwingRouter
import Yams

/// What a model with a provider says about its endpoints and their failures.
extension NodeReader {
    static let poolKeys = [
        "balance", "affinity_bytes", "timeouts", "retries", "breaker", "slow_start", "probe", "hedge", "fallback",
    ]

    /// Reads one of `poolKeys` into the model called `name`.
    mutating func readPool(_ name: String, _ key: String, _ field: Field, into remote: inout Configuration.Remote) {
        switch key {
        case "balance": remote.pool.endpoints.balance = choice(field) ?? remote.pool.endpoints.balance
        case "affinity_bytes":
            remote.pool.affinityBytes = integer(field, in: 16...1_048_576, "a number of bytes")
        case "timeouts": readTimeouts(field, into: &remote)
        case "retries": readRetries(field, into: &remote.pool)
        case "breaker": readBreaker(field, into: &remote.pool.endpoints.breaker)
        case "slow_start":
            remote.pool.endpoints.slowStart =
                duration(field, in: .seconds(1)...(.seconds(3600))) ?? remote.pool.endpoints.slowStart
        case "probe": remote.pool.probeEvery = duration(field, in: .seconds(1)...(.seconds(3600)))
        case "hedge": remote.pool.hedge = duration(field, in: .milliseconds(10)...(.seconds(600)))
        default: remote.fallback = fallback(field, of: name)
        }
    }

    private mutating func readTimeouts(_ field: Field, into remote: inout Configuration.Remote) {
        let times: [(key: String, path: WritableKeyPath<UpstreamTimeouts, Duration>)] = [
            ("connect", \.connect), ("first_token", \.firstToken), ("between_tokens", \.betweenTokens),
            ("total", \.total),
        ]
        for (key, field) in fields(of: field, known: times.map(\.key)) ?? [] {
            for time in times where time.key == key {
                guard let value = duration(field, in: .milliseconds(10)...(.seconds(3600))) else { continue }
                remote.timeouts[keyPath: time.path] = value
            }
        }
        remote.pool.timeLimit = remote.timeouts.total
    }

    private mutating func readRetries(_ field: Field, into pool: inout PoolOptions) {
        for (key, field) in fields(of: field, known: ["attempts", "share"]) ?? [] {
            if key == "attempts" {
                pool.attempts = integer(field, in: 1...AnswerCourse.mostCalls, "a number of attempts") ?? pool.attempts
            } else {
                pool.retryShare = fraction(field) ?? pool.retryShare
            }
        }
    }

    private mutating func readBreaker(_ field: Field, into limits: inout CircuitBreaker.Limits) {
        for (key, field) in fields(of: field, known: ["failures", "open"]) ?? [] {
            if key == "failures" {
                limits.failures = integer(field, in: 1...limits.window, "a number of failures") ?? limits.failures
            } else if let open = duration(field, in: .seconds(1)...(.seconds(600))) {
                (limits.open, limits.longestOpen) = (open, max(open, limits.longestOpen))
            }
        }
    }

    /// Whether they are models is checked once all have been read.
    private mutating func fallback(_ field: Field, of name: String) -> [String] {
        let expected = "a list of models such as [gpt-4]"
        guard let elements = elements(of: field, expected: expected) else { return [] }
        if elements.isEmpty { refuse(field, found: "an empty list", expected: expected) }
        fallbacks[name] = elements
        return elements.compactMap(\.node.string)
    }

    /// A time such as `800ms`, `10s` or `2m`.
    mutating func duration(_ field: Field, in range: ClosedRange<Duration>) -> Duration? {
        let expected =
            "a time such as 800ms, 10s or 2m, from \(Self.text(range.lowerBound)) to \(Self.text(range.upperBound))"
        guard case .scalar(let scalar) = field.node else {
            refuse(field, found: Self.describe(field.node), expected: expected)
            return nil
        }
        let units: [(suffix: String, unit: Duration)] = [
            ("ms", .milliseconds(1)), ("s", .seconds(1)), ("m", .seconds(60)), ("h", .seconds(3600)),
        ]
        guard let (suffix, unit) = units.first(where: { scalar.string.hasSuffix($0.suffix) }),
            let count = Int32(scalar.string.dropLast(suffix.count)), range.contains(unit * Int(count))
        else {
            refuse(field, found: Self.describe(field.node), expected: expected)
            return nil
        }
        return unit * Int(count)
    }

    /// The shortest way to write a time that the file may have.
    static func text(_ time: Duration) -> String {
        let (seconds, attoseconds) = time.components
        if attoseconds != 0 { return "\(seconds * 1000 + attoseconds / 1_000_000_000_000_000)ms" }
        if seconds >= 3600, seconds % 3600 == 0 { return "\(seconds / 3600)h" }
        return seconds >= 60 && seconds % 60 == 0 ? "\(seconds / 60)m" : "\(seconds)s"
    }
}
