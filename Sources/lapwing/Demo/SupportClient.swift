import AsyncHTTPClient
import Foundation
import LapwingAPI
import NIOCore
import NIOHTTP1

/// Asks a running server, over HTTP like any other client, and reads what its answer's headers say.
struct SupportClient: Sendable {
    static let systemPrompt =
        "You are the support agent of an online shop for outdoor gear. Answer the customer in two or three short, friendly sentences."

    let http: HTTPClient
    let baseURL: String
    let route: String
    let maxTokens: Int

    /// One question and what became of it.
    struct Outcome: Sendable {
        var question: Question
        var result: Result<Answer, Failure>
        var milliseconds: Int64
    }

    struct Answer: Sendable {
        var text: String
        var completionTokens: Int
        /// nil where there was no evidence.
        var confidence: Double?
        var decision: Decision
        /// nil where a call has no price.
        var cost: NanoUSD?
        /// Against the closed model; nil where there is nothing to compare with.
        var saved: NanoUSD?
    }

    func ask(_ question: Question) async -> Outcome {
        let start = ContinuousClock.now
        var result: Result<Answer, Failure>
        do {
            result = .success(try await post(question))
        } catch let failure as Failure {
            result = .failure(failure)
        } catch {
            result = .failure(Failure("\(error)"))
        }
        let elapsed = start.duration(to: .now) / .milliseconds(1)
        return Outcome(question: question, result: result, milliseconds: Int64(elapsed))
    }

    private func post(_ question: Question) async throws -> Answer {
        var chat = OpenAI.ChatRequest(
            model: route,
            messages: [
                ChatMessage(role: "system", content: Self.systemPrompt),
                ChatMessage(role: "user", content: question.text),
            ])
        chat.sampling.maxTokens = maxTokens
        chat.sampling.temperature = 0
        chat.metadata = question.labels.merging(["project": "demo"]) { own, _ in own }
        var request = HTTPClientRequest(url: baseURL + "/v1/chat/completions")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(ByteBuffer(bytes: chat.json.text))
        let response = try await http.execute(request, timeout: .minutes(10))
        let body = Data(try await response.body.collect(upTo: 4 << 20).readableBytesView)
        guard response.status == .ok else {
            let error = try? JSONDecoder().decode(OpenAI.ErrorBody.self, from: body)
            throw Failure("status \(response.status.code): \(error?.error.message ?? response.status.reasonPhrase)")
        }
        let answer = try JSONDecoder().decode(OpenAI.ChatResponse.self, from: body)
        guard let decision = response.headers.first(name: "x-lapwing-decision").flatMap(Decision.init(rawValue:)) else {
            throw Failure("the answer has no x-lapwing-decision header")
        }
        func dollars(_ name: String) -> NanoUSD? {
            response.headers.first(name: name).flatMap { NanoUSD(dollars: $0) }
        }
        return Answer(
            text: answer.choices.first?.message.content ?? "", completionTokens: answer.usage?.completionTokens ?? 0,
            confidence: response.headers.first(name: "x-lapwing-confidence").flatMap(Double.init), decision: decision,
            cost: dollars("x-lapwing-cost-usd"), saved: dollars("x-lapwing-saved-usd"))
    }
}
