import LapwingAPI
import LapwingServer
import LapwingTestSupport
import Testing

@Suite("POST /v1/rerank", .timeLimit(.minutes(1)))
struct RerankTests {
    static let three = #""model":"m","query":"q","documents":["aa",{"text":"bbbb"},"cc"]"#

    @Test(
        "Documents are ranked, the best first and equals in their order, under all three paths",
        arguments: ["/v1/rerank", "/v2/rerank", "/rerank"])
    func shape(path: String) async throws {
        let harness = ServerHarness()
        let reply = try await harness.post(path, "{\(Self.three)}")
        #expect(reply.status == 200)
        #expect(
            try reply.json == [
                "id": "rerank-00X3AAA4000000000000000001", "model": "m",
                "results": [
                    ["index": 1, "relevance_score": 0.04], ["index": 0, "relevance_score": 0.02],
                    ["index": 2, "relevance_score": 0.02],
                ],
                "usage": ["prompt_tokens": 8, "total_tokens": 8], "meta": ["tokens": ["input_tokens": 8]],
            ])
        #expect(reply.header("x-lapwing-relevance") == "cross-encoder")
        #expect(
            harness.provider.rerankCalls == [RerankRequest(model: "m", query: "q", documents: ["aa", "bbbb", "cc"])])
    }

    @Test("top_n keeps the best, return_documents gives their texts, and other members are named")
    func options() async throws {
        let harness = ServerHarness()
        let body = #"""
            {"model":"m","query":"q","documents":["aa",{"text":"bbbb","title":"B"}],"top_n":1,"return_documents":true,
             "max_tokens_per_doc":7,"user":"ada"}
            """#
        let reply = try await harness.post("/v1/rerank", body)
        #expect(
            try reply.json["results"] == [["index": 1, "relevance_score": 0.04, "document": ["text": "bbbb"]]])
        #expect(reply.header("x-lapwing-ignored") == "documents[].title")
        #expect(harness.provider.rerankCalls.first?.tokensPerDocument == 7)
        #expect(harness.provider.contexts.first?.user == "ada")
        let more = try await harness.post("/v1/rerank", #"{\#(Self.three),"top_n":9}"#)
        #expect(try more.json["results"]?.array?.count == 3)
    }

    static let refusals: [BadRequest] = [
        .invalid(#"{"query":"q","documents":["a"]}"#, "model", "found nothing, expected a string"),
        .invalid(#"{"model":"m","documents":["a"]}"#, "query", "found nothing"),
        .invalid(#"{"model":"m","query":"","documents":["a"]}"#, "query", "found an empty string"),
        .invalid(#"{"model":"m","query":["q"],"documents":["a"]}"#, "query", "found an array, expected a string"),
        .invalid(#"{"model":"m","query":"q"}"#, "documents", "found nothing, expected an array of strings"),
        .invalid(#"{"model":"m","query":"q","documents":"a"}"#, "documents", "found a string, expected an array"),
        .invalid(#"{"model":"m","query":"q","documents":[]}"#, "documents", "found 0 documents, expected 1 to 2048"),
        .invalid(
            #"{"model":"m","query":"q","documents":[\#(Array(repeating: "1", count: 2049).joined(separator: ","))]}"#,
            "documents", "found 2049 documents, expected 1 to 2048"),
        .invalid(
            #"{"model":"m","query":"q","documents":["a",3]}"#, "documents[1]",
            "found 3, expected a string, or an object"),
        .invalid(#"{"model":"m","query":"q","documents":["a",""]}"#, "documents[1]", "found an empty string"),
        .invalid(#"{"model":"m","query":"q","documents":[{"title":"a"}]}"#, "documents[0].text", "found nothing"),
        .invalid(
            #"{"model":"m","query":"q","documents":["\#(String(repeating: "a", count: 4 << 20))"]}"#, "documents",
            "found 4194305 bytes of text with the query, expected at most 4194304"),
        .invalid("{\(three),\"top_n\":0}", "top_n", "found 0, expected an integer of at least 1"),
        .invalid("{\(three),\"return_documents\":1}", "return_documents", "found 1, expected true or false"),
        .invalid("{\(three),\"max_tokens_per_doc\":0}", "max_tokens_per_doc", "found 0"),
        .unsupported("{\(three),\"rank_fields\":[\"title\"]}", "rank_fields", "ranked by its text"),
    ]

    @Test("A bad request is refused before the provider hears of it", arguments: refusals)
    func refused(request: BadRequest) async throws {
        let harness = ServerHarness()
        try request.check(try await harness.post("/v1/rerank", request.body), harness.provider)
        #expect(harness.provider.rerankCalls.isEmpty)
    }
}
