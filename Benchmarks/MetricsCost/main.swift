import Foundation
import LapwingAPI
import LapwingMetrics
import LapwingRouter
import LapwingServer
import LapwingStore

// Counts one whole request with one call as often as it is told to, as `serve` does; Benchmarks/metrics.sh counts the
// instructions that it takes.

let count = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 0
let registry = PrometheusRegistry()
let router = RouterMetrics(registry) { _ in "openai-compatible" }
let server = ServerMetrics(registry)

let request = LedgerRequest(
    RequestContext(requestID: "req_00X3AAA4000000000000000001"), startedAt: 0, endpoint: "chat.completions",
    route: "support", model: "mixtral", stream: true)
let call = CallReceipt(
    model: "mixtral", side: .open, role: .kept, usage: Usage(promptTokens: 312, completionTokens: 96),
    cost: NanoUSD(97_920), priceSource: "lapwing.yaml 2026-01-01", latencyMilliseconds: 812)
let entry = LedgerEntry(
    request, status: .completed, endedAt: 813, decision: .open, calls: [call],
    counterfactual: Counterfactual(
        model: "gpt-4", cost: NanoUSD(6_000_000), low: NanoUSD(4_300_000), high: NanoUSD(6_800_000), isEstimated: true),
    latencyMilliseconds: 813)
let time = CallTime(beganAt: .microseconds(200), duration: .milliseconds(812), firstToken: .milliseconds(95))
var summary = RequestSummary(status: "completed", route: "support", model: "mixtral")
summary.upstream = CallTime.busy([time])

for _ in 0..<count {
    let presence = server.begin()
    router.recordCommit(.milliseconds(1))
    router.record(
        entry, cache: .miss, duration: .milliseconds(813), firstToken: .milliseconds(95), times: [time])
    server.end(
        path: "/v1/chat/completions", status: 200, duration: .milliseconds(814), error: nil, summary: summary)
    withExtendedLifetime(presence) {}
}
print(registry.text().split(separator: "\n").count)
