import Foundation
import LapwingStore
import LapwingTestSupport
import Testing

/// Feedback with the program itself: from an answer over HTTP to a row that a calibrator can learn from.
@Suite(.serialized) struct FeedbackTests {
    @Test("What a client says of an answer is beside its evidence in the file, and survives the server")
    func arrives() async throws {
        let folder = try TestFolder()
        let model = try TinyModel().write()
        defer { withExtendedLifetime(model) {} }
        try folder.configure(model: model.path, name: "tiny", context: 512)
        let server = try ServerProcess.start(in: folder)
        var ids: [String] = []
        for _ in 0..<3 {
            ids.append(try #require(try await Ask.chat(server.baseURL, "support").header("x-lapwing-request-id")))
        }
        let url = server.baseURL + "/v1/feedback"
        let first = try await Ask.post(url, #"{"request_id":"\#(ids[0])","outcome":"right"}"#)
        #expect(first.status == 200, "\(first.text)")
        #expect(try await Ask.post(url, #"{"request_id":"\#(ids[1])","correction":"secret"}"#).status == 200)
        let again = try await Ask.post(url, #"{"request_id":"\#(ids[0])","outcome":"wrong"}"#)
        #expect(try again.json["replaced"] as? Bool == true)
        #expect(try await Ask.post(url, #"{"request_id":"req_0","outcome":"right"}"#).status == 404)
        #expect(server.stop() == 0)
        let path = folder.data + "/" + EvidenceStore.fileName
        let rows = try EvidenceStore(path: path).labelled(route: "support")
        #expect(rows.map(\.requestID) == Array(ids.prefix(2)) && rows.map(\.right) == [false, false])
        #expect(rows.allSatisfy { $0.probability != nil && $0.evidenceJSON.count > 20 })
        #expect(try Data(contentsOf: URL(filePath: path)).range(of: Data("secret".utf8)) == nil)
    }
}
