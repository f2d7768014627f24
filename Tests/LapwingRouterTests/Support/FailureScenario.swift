import LapwingAPI
import LapwingRouter
import LapwingTestSupport
import Testing

/// How a route sends its answers.
enum Sending: String, CaseIterable, CustomTestStringConvertible {
    /// As they come.
    case plain
    /// `hold: all`.
    case held
    /// As they come, and another model goes on with one that breaks off.
    case continued

    var testDescription: String { rawValue }
}

/// One way in which an upstream fails, what the caller gets and what the ledger keeps.
struct FailureScenario: Sendable, CustomTestStringConvertible {
    enum Verdict: String {
        /// The caller has the whole answer, or the error that is the right end.
        case pass
        /// The caller has an error, and never half an answer that looks whole.
        case safe
        case fail
    }

    typealias Scripts = [[ScriptedUpstream.Step]]

    let id: String
    /// What the model that is asked first does with each request.
    let primary: Scripts
    /// The same for the model that answers in its place, or goes on where it broke off.
    var spare: [Sending: Scripts]
    var change: @Sendable (inout PoolHouse.Model) -> Void = { _ in }
    /// Before the next calls to the same model; where the answer is held, a broken one is asked for again after these.
    var pauses: [Duration] = []
    var pausesWhenHeld: [Duration] = []
    /// How long the primary is silent where it stops.
    var silence: Duration?
    /// Where it is not to pass.
    var safe: Set<Sending> = []
    /// What the ledger keeps of each call.
    var rows: [Sending: [String]]
    /// The right end, where that is an error.
    var error: RequestError?

    var testDescription: String { id }

    init(
        _ id: String, _ primary: [ScriptedUpstream.Step]..., rows: String...,
        changing change: (inout FailureScenario) -> Void = { _ in }
    ) {
        (self.id, self.primary) = (id, primary)
        spare = Dictionary(uniqueKeysWithValues: Sending.allCases.map { ($0, [[.send(goodAnswer), .close]]) })
        self.rows = Dictionary(uniqueKeysWithValues: Sending.allCases.map { ($0, rows) })
        change(&self)
    }

    func expectedVerdict(_ sending: Sending) -> Verdict { safe.contains(sending) ? .safe : .pass }
}

extension FailureScenario {
    private static let kept = "main kept 11+2 15000"
    private static let spared = "spare kept 11+2 15000"
    /// One token was read by the caller; the prompt is taken for seven.
    private static let brokeOff = "main failed ~7+1 9000 upstream_failed"
    private static let wentOn = "main continued ~7+1 9000 upstream_failed"
    private static let unavailable = "main failed ~0+0 0 upstream_503"
    private static let rest: Scripts = [
        [.send(streamHead + piece("world") + stopEvent + usageEvent + doneEvent), .close]
    ]
    private static let refusesPrefill = reply(
        "400 Bad Request", #"{"error":{"message":"The last message must be from the user."}}"#)

    private static func http(_ status: String, _ body: String = "", headers: String = "") -> [ScriptedUpstream.Step] {
        [.send(reply(status, body, headers: headers)), .close]
    }

    private static func good() -> [ScriptedUpstream.Step] { [.send(goodAnswer), .close] }

    /// All but S15, which is many requests.
    static let all: [FailureScenario] = [
        FailureScenario(
            "S01", http("429 Too Many Requests", headers: "retry-after: 2\r\n"), good(),
            rows: "main failed ~0+0 0 overloaded", kept
        ) { $0.pauses = [.seconds(2)] },
        FailureScenario(
            "S02", http("429 Too Many Requests"), rows: "main failed ~0+0 0 overloaded",
            "main failed ~0+0 0 overloaded", "main failed ~0+0 0 overloaded", spared
        ) { $0.pauses = [.seconds(1), .seconds(1)] },
        FailureScenario(
            "S03", http("500 Internal Server Error"), good(), rows: "main failed ~0+0 0 upstream_500", kept
        ) { $0.pauses = [.milliseconds(125)] },
        FailureScenario(
            "S04", http("503 Service Unavailable"), rows: unavailable, unavailable, unavailable, spared
        ) { $0.pauses = [.milliseconds(125), .milliseconds(250)] },
        FailureScenario(
            "S05", [.reset], good(), rows: "main failed ~0+0 0 upstream_unreachable", kept
        ) { $0.pauses = [.milliseconds(125)] },
        FailureScenario("S06", [], rows: "main failed ~7+0 7000 upstream_timeout", spared) {
            $0.change = { $0.timeouts.firstToken = .seconds(30) }
            $0.silence = .seconds(30)
        },
        FailureScenario(
            "S07", [.send(streamHead)], rows: "main failed ~7+0 7000 upstream_timeout", spared
        ) {
            $0.change = { $0.timeouts.firstToken = .seconds(10) }
            $0.silence = .seconds(10)
        },
        FailureScenario("S08", [.send(streamHead + piece("Hello, ")), .close], rows: brokeOff) {
            $0.safe = [.plain]
            $0.pausesWhenHeld = [.milliseconds(125), .milliseconds(250)]
            $0.rows[.held] = [brokeOff, brokeOff, brokeOff, spared]
            $0.rows[.continued] = [wentOn, spared]
            $0.spare[.continued] = rest
        },
        FailureScenario(
            "S09", [.send(streamHead + piece("Hello, "))], rows: "main failed ~7+1 9000 upstream_timeout"
        ) {
            $0.change = { ($0.timeouts.firstToken, $0.timeouts.betweenTokens) = (.seconds(30), .seconds(30)) }
            $0.silence = .seconds(30)
            $0.safe = [.plain]
            $0.rows[.held] = ["main failed ~7+1 9000 upstream_timeout", spared]
            $0.rows[.continued] = ["main continued ~7+1 9000 upstream_timeout", spared]
            $0.spare[.continued] = rest
        },
        FailureScenario(
            "S10",
            [
                .send(
                    streamHead + piece("Hello, ") + "data: {\"choices\":[{\n\n" + piece("world") + stopEvent
                        + usageEvent
                        + doneEvent), .close,
            ], rows: kept),
        FailureScenario(
            "S11", [.send(streamHead + piece("Hello, ") + piece("world") + stopEvent + usageEvent), .close], rows: kept),
        FailureScenario(
            "S12",
            http(
                "400 Bad Request",
                #"{"error":{"message":"This model's maximum context length is 8192 tokens.","code":"context_length_exceeded"}}"#
            ), rows: "main failed ~0+0 0 context_length_exceeded", spared),
        FailureScenario(
            "S13",
            http(
                "400 Bad Request",
                #"{"error":{"message":"Your request was rejected by our safety system.","code":"content_policy_violation"}}"#
            ), rows: "main failed ~0+0 0 upstream_refused"
        ) {
            $0.error = .upstreamRefused(
                model: "main", isTooLong: false, reason: "Your request was rejected by our safety system")
        },
        FailureScenario("S14", [.send(streamHead + piece("Hello, ")), .close], rows: brokeOff) {
            $0.safe = [.plain]
            $0.pausesWhenHeld = [.milliseconds(125), .milliseconds(250)]
            $0.rows[.held] = [brokeOff, brokeOff, brokeOff, spared]
            // It begins anew instead, and what the caller has of it is not sent again.
            $0.spare[.continued] = [[.send(refusesPrefill), .close], good()]
            $0.rows[.continued] = [brokeOff, "spare failed ~0+0 0 upstream_refused", spared]
        },
        FailureScenario(
            "S16", http("503 Service Unavailable"), rows: unavailable, unavailable, unavailable, spared
        ) { $0.pauses = [.milliseconds(125), .milliseconds(250)] },
    ]
}
