import LapwingAPI
import LapwingServer
import LapwingTestSupport
import Testing

@Suite("Kept answers over HTTP", .timeLimit(.minutes(1)))
struct CacheTests {
    @Test(
        "cache-control says whether a kept answer will do",
        arguments: [
            ("", CacheUse.allowed), ("no-cache", .refreshed), ("No-Cache", .refreshed), ("max-age=0", .refreshed),
            ("private,\tno-store ", .forbidden), ("no-cache, no-store", .forbidden), ("max-age=60", .allowed),
            ("no-cachet", .allowed), (" ,", .allowed),
        ])
    func control(value: String, expected: CacheUse) async throws {
        let harness = ServerHarness()
        for body in [("/v1/chat/completions", chatBody()), ("/v1/completions", completionBody())] {
            _ = try await harness.send("POST", body.0, body: body.1, headers: ["cache-control": value])
        }
        #expect(harness.provider.calls.map(\.context.cache) == [expected, expected])
    }

    @Test("An answer says whether it was kept, in a header and in its receipt", arguments: [true, false])
    func header(streaming: Bool) async throws {
        let cached = CacheResult.hit(CachedAnswer(requestID: "req_first", spared: NanoUSD(1500)))
        for (cache, word) in [(cached, "hit"), (CacheResult.miss, "miss"), (.bypass, "bypass")] {
            var receipt = Receipt.scripted
            receipt.cache = cache
            let reply = try await ServerHarness(ScriptedProvider.Step.answer(["a"], receipt: receipt)).chat(
                chatBody(streaming ? #""stream":true"# : ""))
            #expect(reply.header("x-lapwing-cache") == word)
            #expect(reply.text.contains("\"cache\":\"\(word)\""))
            #expect(reply.text.contains("\"cached_from\":\"req_first\"") == (word == "hit"))
            #expect(reply.text.contains("\"spared_usd\":0.0000015") == (word == "hit"))
        }
        let plain = try await ServerHarness().chat(chatBody(streaming ? #""stream":true"# : ""))
        #expect(plain.header("x-lapwing-cache") == nil && !plain.text.contains("\"cache\""))
    }
}
