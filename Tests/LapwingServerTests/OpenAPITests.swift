import HTTPTypes
import LapwingAPI
import LapwingServer
import LapwingTestSupport
import Testing

/// The description of the API, as it is served.
@Suite("OpenAPI document", .timeLimit(.minutes(1)))
struct OpenAPITests {
    private func document() async throws -> JSONValue { try await ServerHarness().send("GET", "/openapi.json").json }

    @Test("It describes what is served and nothing else, each path with whom it is for")
    func paths() async throws {
        let paths = try #require(try await document()["paths"]?.object)
        var described: Set<AccessRule> = []
        for (path, operations) in paths {
            for (method, operation) in try #require(operations.object) {
                // No way in is anyone's; a way without a key is a client's, and that of who watches.
                let access: Access =
                    switch operation["security"] {
                    case .array([])?: .anyone
                    case .array(let ways)? where ways.contains([:]): path == "/metrics" ? .watch : .client
                    default: .admin
                    }
                described.insert(
                    AccessRule(method: method.uppercased(), path: path.replacing("{id}", with: "*"), access: access))
            }
        }
        #expect(described == Set(AccessRule.all))
    }

    @Test("Every reference leads somewhere, and every schema is used")
    func references() async throws {
        let document = try await document()
        var used: Set<String> = []
        func walk(_ value: JSONValue) {
            if case .string(let text)? = value["$ref"] { used.insert(String(text.split(separator: "/").last ?? "")) }
            for (_, member) in value.object ?? [:] { walk(member) }
            for element in value.array ?? [] { walk(element) }
        }
        walk(document)
        let schemas = try #require(document["components"]?["schemas"]?.object)
        #expect(used == Set(schemas.keys))
    }

    @Test("Every answer that a request can have here is described for it")
    func answers() async throws {
        let paths = try #require(try await document()["paths"])
        let chat = try #require(paths["/v1/chat/completions"]?["post"]?["responses"]?.object)
        for error: RequestError in [
            .unknownModel(name: "m", known: []), .overloaded(what: "q", retryAfterSeconds: 1),
            .upstreamFailed(model: "m", status: 500, reason: "x"), .upstreamTimedOut(model: "m", stage: "x"),
            .unavailable(what: "m", reason: "x", retryAfterSeconds: 1), .internal(reason: "x"), .cancelled,
            .contextOverflow(promptTokens: 9, maxTokens: 9, contextLength: 9), .authenticationFailed(reason: "x"),
            .permissionDenied(reason: "x"), .bodyTooLarge(limit: 1),
        ] {
            let reply = try await ServerHarness([.fail(error)]).chat(chatBody())
            let described = chat["\(reply.status)"]
            #expect(described?["content"]?["application/json"] != nil, "\(reply.status)")
            for field in reply.headers where field.name.canonicalName == "retry-after" {
                #expect(described?["headers"]?["Retry-After"] != nil, "\(reply.status)")
            }
        }
        #expect(chat["200"]?["content"]?["text/event-stream"] != nil)
    }
}
