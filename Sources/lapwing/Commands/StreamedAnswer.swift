import Foundation
import LapwingAPI

/// An answer as it was streamed to a terminal, with its times.
struct StreamedAnswer {
    var text = ""
    var usage = Usage(promptTokens: 0, completionTokens: 0)
    var firstToken: Duration?
    var total: Duration = .zero

    /// Asks `provider`, writes the text as it comes, and returns it whole.
    static func stream(_ request: GenerationRequest, from provider: any ChatProvider, to output: Output) async throws
        -> StreamedAnswer
    {
        let start = ContinuousClock.now
        var answer = StreamedAnswer()
        let events = try await provider.generate(request, context: RequestContext(requestID: UUID().uuidString))
        for try await event in events {
            switch event {
            case .delta(_, let text, _):
                if answer.firstToken == nil { answer.firstToken = start.duration(to: .now) }
                output.write(text)
                answer.text += text
            case .completed(_, let usage, _): answer.usage = usage
            case .committed, .prompt, .reasoning, .toolCall, .checked, .finished: break
            }
        }
        answer.total = start.duration(to: .now)
        // A cancelled stream ends without an error of its own.
        try Task.checkCancellation()
        return answer
    }

    /// `31 prompt tokens in 0.12 s (258/s), 85 tokens in 0.55 s (155/s)`.
    var summary: String {
        let first = (firstToken ?? total) / .seconds(1)
        let rest = total / .seconds(1) - first
        let read = usage.promptTokens - usage.cachedPromptTokens
        // The first token is drawn from the prompt's own pass.
        let drawn = max(0, usage.completionTokens - 1)
        return
            "\(usage.promptTokens) prompt tokens in \(Figures.fixed(first, places: 2)) s (\(Self.rate(read, first))), "
            + "\(usage.completionTokens) tokens in \(Figures.fixed(rest, places: 2)) s (\(Self.rate(drawn, rest)))"
    }

    private static func rate(_ count: Int, _ seconds: Double) -> String {
        seconds > 0 ? "\(Figures.fixed(Double(count) / seconds, places: 0)) tok/s" : "– tok/s"
    }
}
