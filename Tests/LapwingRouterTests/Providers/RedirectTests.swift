import AsyncHTTPClient
import LapwingAPI
import LapwingRouter
import LapwingTestSupport
import Testing

/// One client for all tests; it lives as long as the process.
private let client = HTTPClient.forUpstreams()

@Suite("An upstream that sends elsewhere", .timeLimit(.minutes(1)))
struct RedirectTests {
    @Test(
        "CVE-2024-6587: a redirect is a failure and is not followed, so that neither key nor prompt goes elsewhere",
        arguments: [
            "301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect",
        ])
    func redirect(status: String) async throws {
        let thief = try await ScriptedUpstream([.send(reply("200 OK", "{}"))])
        let location = "location: \(thief.url)/chat/completions\r\n"
        let upstream = try await ScriptedUpstream([.send(reply(status, "", headers: location)), .close])
        let provider = OpenAICompatibleProvider(
            model: "m", endpoint: try UpstreamEndpoint(url: upstream.url, key: "sk-secret", model: "m"), client: client,
            clock: ManualClock())
        let request = GenerationRequest(model: "m", prompts: [.messages([ChatMessage(role: "user", content: "hi")])])
        await #expect {
            for try await _ in try await provider.generate(request, context: RequestContext(requestID: "r")) {}
        } throws: { error in
            guard case .upstreamFailed(_, let found?, _) = error as? RequestError else { return false }
            return status.hasPrefix("\(found)")
        }
        #expect(upstream.all.count == 1 && upstream.all[0].contains("Bearer sk-secret"))
        #expect(thief.all.isEmpty)
    }
}
