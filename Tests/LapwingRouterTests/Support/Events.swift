import LapwingAPI
import LapwingRouter

/// An event with one token, spelled as its text; its second-best alternative lies `margin` nats below.
func delta(_ text: String, _ logProbability: Double?, margin: Double = 2, choice: Int = 0) -> GenerationEvent {
    let bytes = Array(text.utf8)
    var top: [TokenAlternative] = []
    if let logProbability {
        top = [
            TokenAlternative(id: 1, bytes: bytes, logProbability: logProbability),
            TokenAlternative(id: 2, bytes: [0x3F], logProbability: logProbability - margin),
        ]
    }
    return .delta(
        choice: choice, text: text,
        tokens: [ScoredToken(id: 1, bytes: bytes, logProbability: logProbability, top: top)])
}

/// An answer in pieces, each a token of the same log-probability, with its end.
func answer(
    _ pieces: [String], logProbability: Double? = -0.1, usage: Usage = Usage(promptTokens: 10, completionTokens: 3),
    model: String = "m"
) -> [GenerationEvent] {
    pieces.map { delta($0, logProbability) } + [
        .finished(choice: 0, reason: .stop), .completed(model: model, usage: usage, receipt: nil),
    ]
}

/// A confidence model that says the exponential of the mean log-probability.
struct MeanConfidence: ConfidenceModel {
    let name = "mean"
    let isCalibrated = false
    func probability(_ evidence: Evidence) -> Double { evidence.mean > -1 ? 0.9 : 0.2 }
}

extension [StreamCommit.Action] {
    /// What the actions do, one word each, for comparing.
    var words: [String] {
        map { action in
            switch action {
            case .send(.committed(let commitment)):
                "commit \(commitment.decision?.rawValue ?? "-") \(commitment.model)"
                    + (commitment.confidence.map { " \($0.probability)" } ?? "")
            case .send(.prompt(let choice, let tokens)): "prompt \(choice) \(tokens.count)"
            case .send(.delta(_, let text, _)): text
            case .send(.reasoning(_, let text)): "(\(text))"
            case .send(.toolCall(_, let call)): "\(call.index):\(call.name ?? "")[\(call.arguments)]"
            case .send(.checked(_, let checks)): "checked \(checks)"
            case .send(.finished(_, let reason)): "<\(reason.rawValue)>"
            case .send(.completed): "completed"
            case .callClosed: "call closed"
            case .cancelOpen: "cancel open"
            case .finish: "finish"
            case .fail(let error): "fail \(error)"
            }
        }
    }
}
