import LapwingAPI
import LapwingServer
import LapwingTestSupport
import Synchronization
import Testing

@Suite("Feedback over HTTP", .timeLimit(.minutes(1)))
struct FeedbackTests {
    private func post(_ body: String, _ taker: (any FeedbackTaking)?) async throws -> Reply {
        var harness = ServerHarness()
        harness.feedback = taker
        return try await harness.post("/v1/feedback", body)
    }

    @Test("What is said arrives as it was said, and the answer tells what is kept")
    func arrives() async throws {
        let taker = ScriptedFeedback()
        let reply = try await post(
            #"{"request_id":"req_1","outcome":"wrong","score":0.25,"correction":"Paris","comment":"no","mood":1}"#,
            taker)
        var expected = Feedback(requestID: "req_1")
        (expected.right, expected.score, expected.correction, expected.comment) = (false, 0.25, "Paris", "no")
        #expect(taker.taken == [expected])
        #expect(reply.status == 200 && reply.header("x-lapwing-ignored") == "mood")
        #expect(
            try reply.json == [
                "object": "feedback", "request_id": "req_1", "route": "support", "decision": "open", "outcome": "wrong",
                "kept": ["outcome", "score"], "not_kept": ["correction", "comment"], "replaced": false,
            ])
    }

    @Test("An answer's own id names its request too")
    func ownID() async throws {
        let taker = ScriptedFeedback()
        for id in ["chatcmpl-00X", "cmpl-00X", "req_00X"] {
            #expect(try await post(#"{"request_id":"\#(id)","outcome":"right"}"#, taker).status == 200)
        }
        #expect(taker.taken.map(\.requestID) == ["req_00X", "req_00X", "req_00X"])
    }

    @Test(
        "What cannot be taken is refused by name",
        arguments: [
            (#"{"outcome":"right"}"#, "request_id"), (#"{"request_id":"r"}"#, "outcome"),
            (#"{"request_id":"r","outcome":null}"#, "outcome"), (#"{"request_id":"r","outcome":"good"}"#, "outcome"),
            (#"{"request_id":"r","outcome":true}"#, "outcome"), (#"{"request_id":"r","score":1.5}"#, "score"),
            (#"{"request_id":"r","score":"1"}"#, "score"), (#"{"request_id":"r","correction":["a"]}"#, "correction"),
        ])
    func refused(body: String, field: String) async throws {
        let taker = ScriptedFeedback()
        let reply = try await post(body, taker)
        #expect(reply.status == 400)
        #expect(try reply.error.param == field)
        #expect(taker.taken.isEmpty)
    }

    @Test("Texts have a limit, and what was sent is not repeated")
    func limits() async throws {
        for (field, limit) in [("correction", 64 << 10), ("comment", 4 << 10)] {
            func body(_ count: Int) -> String {
                #"{"request_id":"r","score":1,"\#(field)":"\#(String(repeating: "x", count: count))"}"#
            }
            #expect(try await post(body(limit), ScriptedFeedback()).status == 200)
            let reply = try await post(body(limit + 1), ScriptedFeedback())
            #expect(reply.status == 400 && !reply.text.contains("xxxx"))
        }
    }

    @Test("An answer that nobody knows of is 404, and a server that keeps none says so")
    func unknown() async throws {
        let reply = try await post(#"{"request_id":"nobody","outcome":"right"}"#, ScriptedFeedback())
        #expect(reply.status == 404)
        let error = try reply.error
        #expect(error.code == "request_not_found" && error.param == "request_id")
        #expect(try await post(#"{"request_id":"r","outcome":"right"}"#, nil).status == 503)
    }
}

/// Knows every request but `nobody`.
final class ScriptedFeedback: FeedbackTaking {
    private let all = Mutex<[Feedback]>([])
    var taken: [Feedback] { all.withLock { $0 } }

    func take(_ feedback: Feedback, from caller: Caller) async throws -> FeedbackReceipt {
        guard feedback.requestID != "nobody" else { throw RequestError.unknownRequest(id: feedback.requestID) }
        all.withLock { $0.append(feedback) }
        return FeedbackReceipt(feedback, route: "support", decision: .open, keepsTexts: false, isReplacing: false)
    }
}
