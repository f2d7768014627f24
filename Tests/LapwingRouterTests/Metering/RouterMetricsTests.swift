import LapwingAPI
import LapwingMetrics
import LapwingRouter
import LapwingTestSupport
import Synchronization
import Testing

@Suite("What is counted of requests", .timeLimit(.minutes(1)))
struct RouterMetricsTests {
    private static let usage = Usage(promptTokens: 10, completionTokens: 3)
    /// Of `usage` at `big`'s price.
    private static let cost = "0.000480000"

    private let registry = PrometheusRegistry()

    private func house(
        open: [ScriptedProvider.Step], closed: [ScriptedProvider.Step] = [],
        route: Route = Route(name: "support", open: "small", closed: "big", hold: .tokens(1), escalateBelow: 0.5),
        isPriced: Bool = true
    ) throws -> RouterHouse {
        try RouterHouse(open: open, closed: closed, route: route, isPriced: isPriced) { [registry] in
            $0.metrics = RouterMetrics(registry) { $0 == "big" ? "openai" : "lapwing" }
        }
    }

    private func ask(
        _ house: RouterHouse, _ id: String, model: String = "support",
        changing change: (inout RequestContext) -> Void = { _ in }
    ) async throws -> Outcome {
        var request = GenerationRequest(
            model: model, prompts: [.messages([ChatMessage(role: "user", content: "Hello")])])
        request.stream = true
        var context = RequestContext(requestID: id)
        change(&context)
        return await Outcome(try await house.router.generate(request, context: context))
    }

    private func has(_ lines: String..., sourceLocation: SourceLocation = #_sourceLocation) {
        let text = registry.text()
        let all = Set(text.split(separator: "\n"))
        for line in lines { #expect(all.contains(line[...]), "\(line)\n\(text)", sourceLocation: sourceLocation) }
    }

    @Test("An escalation is one request and two calls, each with its tokens, its money and its side")
    func escalation() async throws {
        let house = try house(
            // A billionth of a dollar of machine time.
            open: steps(
                answer(
                    ["x"], logProbability: -3,
                    usage: Usage(promptTokens: 10, completionTokens: 3, computeNanoseconds: 36_000))),
            closed: steps(answer(["a", "b"], usage: Self.usage)))
        _ = try await ask(house, "r1")
        has(
            #"lapwing_requests_total{route="support",status="completed",decision="escalated"} 1"#,
            #"lapwing_calls_total{model="small",side="open",role="discarded"} 1"#,
            #"lapwing_calls_total{model="big",side="closed",role="kept"} 1"#,
            #"lapwing_spend_usd_total{model="big",side="closed"} \#(Self.cost)"#,
            #"lapwing_spend_usd_total{model="small",side="open"} 0.000000001"#,
            #"lapwing_counterfactual_usd_total{route="support"} \#(Self.cost)"#,
            #"lapwing_saved_usd{route="support"} -1e-09"#,
            #"gen_ai_client_token_usage_sum{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="big",gen_ai_token_type="input"} 10"#,
            #"gen_ai_client_token_usage_sum{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="big",gen_ai_token_type="output"} 3"#,
            #"gen_ai_client_operation_duration_seconds_count{gen_ai_operation_name="chat",gen_ai_provider_name="lapwing",gen_ai_request_model="small",error_type=""} 1"#,
            #"gen_ai_server_request_duration_seconds_count{gen_ai_operation_name="chat",gen_ai_request_model="support",error_type=""} 1"#,
            #"gen_ai_server_time_to_first_token_seconds_count{gen_ai_operation_name="chat",gen_ai_request_model="support"} 1"#,
            "lapwing_ledger_commit_seconds_count 1")
    }

    @Test(
        "Failures are told apart by their code, calls without a price are counted, and kept answers by what they spared"
    )
    func others() async throws {
        var route = Route(name: "support", open: "big")
        route.cache = AnswerCache.Options(timeToLive: .seconds(60))
        let house = try house(
            open: [.fail(RequestError.upstreamFailed(model: "small", status: 500, reason: "secret"))],
            closed: steps(answer(["a"], usage: Self.usage)), route: route)
        _ = try await ask(house, "r1", model: "small")
        _ = try await ask(house, "r2")
        _ = try await ask(house, "r3")
        has(
            #"lapwing_requests_total{route="small",status="failed",decision="open"} 1"#,
            #"gen_ai_client_operation_duration_seconds_count{gen_ai_operation_name="chat",gen_ai_provider_name="lapwing",gen_ai_request_model="small",error_type="upstream_500"} 1"#,
            #"lapwing_cache_requests_total{route="support",result="hit"} 1"#,
            #"lapwing_cache_requests_total{route="support",result="miss"} 1"#,
            #"lapwing_cache_spared_usd_total{route="support"} \#(Self.cost)"#,
            #"lapwing_spend_usd_total{model="big",side="open"} \#(Self.cost)"#)
        #expect(!registry.text().contains("secret"))
        let unpriced = try self.house(
            open: [], closed: steps(answer(["a"])), route: Route(name: "support", open: "big"), isPriced: false)
        _ = try await ask(unpriced, "r1")
        has(#"lapwing_unpriced_calls_total{model="big"} 1"#)
    }

    @Test("However many users, keys, tenants, labels and unknown models come, there are no more series")
    func cardinality() async throws {
        let house = try house(open: steps(answer(["a"])))
        _ = try await ask(house, "r")
        let before = registry.text().split(separator: "\n").count
        for number in 0..<300 {
            _ = try await ask(house, "r\(number)") { context in
                context.user = "user\(number)"
                context.keyID = "key\(number)"
                context.tenant = "tenant\(number)"
                context.tier = "tier\(number)"
                context.metadata = ["label\(number)": "\(number)"]
            }
            await #expect(throws: RequestError.self) { _ = try await ask(house, "u\(number)", model: "model\(number)") }
        }
        let text = registry.text()
        #expect(text.split(separator: "\n").count == before)
        #expect(text.wholeMatch(of: /(?s).*(user|key|tenant|tier|label|model)[0-9].*/) == nil)
    }

    @Test("Who watches a request is told what it came to, with the time in which a call was in progress")
    func summary() async throws {
        let (here, go) = (Gate(), Gate())
        let house = try house(
            open: steps(answer(["x"], logProbability: -3, usage: Self.usage)),
            closed: [.reached(here), .wait(go)] + steps(answer(["a"], usage: Self.usage)))
        let summaries = Mutex<[RequestSummary]>([])
        async let outcome = ask(house, "r1") { context in
            context.onEnd = { summary in summaries.withLock { $0.append(summary) } }
        }
        try await here.wait()
        house.clock.advance(by: .milliseconds(70))
        go.open()
        #expect(try await outcome.error == nil)
        let summary = try #require(summaries.withLock { $0.count == 1 ? $0[0] : nil })
        #expect(summary.status == "completed" && summary.route == "support" && summary.model == "big")
        #expect(summary.decision == .escalated && summary.callCount == 2 && summary.promptTokens == 20)
        #expect(summary.upstream == .milliseconds(70) && summary.firstToken == .milliseconds(70))
    }
}
