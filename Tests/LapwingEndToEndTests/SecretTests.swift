import AsyncHTTPClient
import Foundation
import LapwingTestSupport
import NIOCore
import NIOHTTP1
import Testing

/// What must be nowhere but where it was sent.
@Suite(.timeLimit(.minutes(2))) struct SecretTests {
    private static let secret = "pl4nted"

    @Test("A secret planted in each input is in no log, no file of the data folder and no list of keys")
    func planted() async throws {
        let folder = try TestFolder()
        let model = try TinyModel().write()
        let open = Gate()
        open.open()
        let upstream = try await GatedUpstream(first: Self.secret, second: Self.secret, gate: open)
        try folder.write(models: [
            "tiny: { weights: \"\(model.path)\", context: 512, pooling: mean }",
            "big: { provider: openai-compatible, endpoints: [\"\(upstream.url)\"], key: sk-\(Self.secret) }",
            "gone: { provider: openai-compatible, endpoints: [\"http://127.0.0.1:1/\(Self.secret)\"], key: sk-\(Self.secret) }",
        ])
        let server = try ServerProcess.start(in: folder, options: ["--log-level", "debug"])
        var answers = 0
        for (path, body) in Self.requests {
            for key in [nil, "Bearer \(Self.secret)", "Basic \(Self.secret)", Self.secret] {
                var request = HTTPClientRequest(url: "\(server.baseURL)\(path)")
                request.headers.add(name: "cookie", value: Self.secret)
                request.headers.add(name: "x-request-id", value: "/\(Self.secret)")
                request.headers.add(name: "x-\(Self.secret)", value: Self.secret)
                if let key { request.headers.add(name: "authorization", value: key) }
                if let body {
                    request.method = .POST
                    request.body = .bytes(ByteBuffer(string: body))
                }
                let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
                _ = try await response.body.collect(upTo: 1 << 20)
                if response.status == .ok { answers += 1 }
            }
        }
        // All but the models that are not there and the bodies that are none.
        #expect(answers >= 4 * 8)
        server.hangUp()
        #expect(server.stop() == 0)
        var files = [folder.log]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.data) {
            files.append("\(folder.data)/\(name)")
        }
        #expect(files.count > 3)
        for file in files {
            let bytes = try Data(contentsOf: URL(filePath: file))
            #expect(bytes.range(of: Data(Self.secret.utf8)) == nil, "\(file)")
        }
        let keys = try Binary.run("keys", "list", "--json", "--config", folder.configuration)
        #expect(keys.status == 0 && !keys.standardOutput.contains(Self.secret))
        withExtendedLifetime((model, upstream)) {}
    }

    private static let requests: [(path: String, body: String?)] = {
        let messages = #""max_tokens":4,"messages":[{"role":"user","name":"\#(secret)","content":"\#(secret)"}]"#
        return [
            (
                "/v1/chat/completions?key=\(secret)",
                #"{"model":"tiny","stop":"\#(secret)","\#(secret)":1,\#(messages)}"#
            ),
            ("/v1/chat/completions", #"{"model":"tiny","stream":true,\#(messages)}"#),
            ("/v1/chat/completions", #"{"model":"big",\#(messages)}"#),
            ("/v1/chat/completions", #"{"model":"gone",\#(messages)}"#),
            ("/v1/chat/completions", #"{"model":"\#(secret)",\#(messages)}"#),
            ("/v1/completions", #"{"model":"tiny","max_tokens":2,"prompt":"\#(secret)"}"#),
            ("/v1/completions", #"{"model":"big","prompt":"\#(secret)"}"#),
            ("/v1/completions", #"{"\#(secret)"#), ("/v1/completions", secret),
            ("/v1/embeddings", #"{"model":"tiny","input":"\#(secret)"}"#),
            ("/v1/rerank", #"{"model":"tiny","query":"\#(secret)","documents":["\#(secret)"]}"#),
            ("/tokenize", #"{"model":"tiny","prompt":"\#(secret)"}"#),
            ("/tokenize", #"{"prompt":"\#(secret)","model":"\#(secret)"}"#),
            ("/v1/models/\(secret)", nil), ("/tokenizer_info?model=\(secret)", nil), ("/\(secret)", nil),
            ("/admin/v1/keys/\(secret)", nil), ("/v1/models", nil),
        ]
    }()
}
