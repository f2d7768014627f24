import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// Speaks the Hugging Face hub's API: what a repository holds, and the bytes of a file.
///
/// https://huggingface.co/docs/hub/api; the token goes to the hub's own origin only, never to where it redirects.
package struct HubClient: Sendable {
    private let http: HTTPClient
    private let endpoint: URL
    private let token: String?
    let retries: Retries

    package var hasToken: Bool { token != nil }

    /// How often a request is tried again and how long to wait before that.
    package struct Retries: Sendable {
        /// Attempts in a row that may fail without a byte of progress.
        package var attempts = 5
        /// Waits for a time; another one in tests.
        package var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

        package init() {}

        /// One second, doubled with each attempt, sixteen at most.
        func delay(after attempt: Int) -> Duration { .seconds(1 << min(max(attempt - 1, 0), 4)) }
    }

    /// Reads `HF_ENDPOINT` (or the public hub) and `HF_TOKEN` from `environment`.
    package init(
        http: HTTPClient, environment: [String: String], retries: Retries = Retries()
    ) throws(HubError) {
        let text = environment["HF_ENDPOINT"].flatMap { $0.isEmpty ? nil : $0 } ?? "https://huggingface.co"
        guard let url = URL(string: text), ["http", "https"].contains(url.scheme ?? ""), url.host() != nil else {
            throw .malformedEndpoint(text.shownAddress)
        }
        self.http = http
        self.retries = retries
        endpoint = url
        token = environment["HF_TOKEN"].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Runs `body` with a client that lives as long as it.
    package static func use<Value: Sendable>(
        environment: [String: String], _ body: (HubClient) async throws -> Value
    ) async throws -> Value {
        let http = makeHTTPClient()
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(HubClient(http: http, environment: environment)))
        } catch {
            result = .failure(error)
        }
        try? await http.shutdown()
        return try result.get()
    }

    /// An HTTP client as this one needs it: redirects are followed here, so that the token stays at home.
    package static func makeHTTPClient() -> HTTPClient {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout = .init(connect: .seconds(15), read: .seconds(60))
        configuration.httpVersion = .http1Only
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// All files of a repository, in the hub's order.
    package func files(of reference: HubReference) async throws -> [HubFile] {
        var next: URL? = endpoint.appending(path: "api/models/\(reference.repository)/tree/main")
            .appending(queryItems: [URLQueryItem(name: "recursive", value: "true")])
        var files: [HubFile] = []
        // The hub lists a thousand files a page; a hundred pages are more than any repository of models has.
        for _ in 0..<100 {
            guard let url = next else { return files }
            let (entries, following) = try await page(url, reference)
            files += entries.filter { $0.type == "file" }.map(\.file)
            next = following
        }
        throw HubError.unexpectedAnswer(url: endpoint.shown, reason: "the list of files has no end")
    }

    private func page(_ url: URL, _ reference: HubReference) async throws -> ([TreeEntry], URL?) {
        try await retrying(url) {
            let response = try await get(url, from: 0)
            guard response.status == .ok else { throw try await failure(response, url, reference) }
            let body = try await response.body.collect(upTo: 16 * 1024 * 1024)
            let following = response.headers.first(name: "link").flatMap { nextPage($0, after: url) }
            do {
                return (try JSONDecoder().decode([TreeEntry].self, from: Data(body.readableBytesView)), following)
            } catch {
                throw HubError.unexpectedAnswer(url: url.shown, reason: "it is not a list of files")
            }
        }
    }

    func fileURL(_ reference: HubReference, _ file: HubFile) -> URL {
        endpoint.appending(path: "\(reference.repository)/resolve/main/\(file.path)")
    }

    /// Sends a GET for the bytes from `offset` on, and follows redirects.
    func get(_ url: URL, from offset: Int64) async throws -> HTTPClientResponse {
        var url = url
        for _ in 0..<6 {
            var request = HTTPClientRequest(url: url.absoluteString)
            request.headers.add(name: "User-Agent", value: "lapwing")
            // A compressed answer would make offsets and lengths mean something else.
            request.headers.add(name: "Accept-Encoding", value: "identity")
            if offset > 0 { request.headers.add(name: "Range", value: "bytes=\(offset)-") }
            if let token, isHub(url) { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
            let response = try await http.execute(request, deadline: .distantFuture)
            guard (300..<400).contains(response.status.code) else { return response }
            guard let location = response.headers.first(name: "location"),
                let target = URL(string: location, relativeTo: url)?.absoluteURL,
                ["http", "https"].contains(target.scheme ?? "")
            else {
                throw HubError.unexpectedAnswer(url: url.shown, reason: "a redirect to nowhere")
            }
            guard target.scheme == "https" || url.scheme == "http" else {
                throw HubError.unexpectedAnswer(url: url.shown, reason: "a redirect from https to http")
            }
            url = target
        }
        throw HubError.unexpectedAnswer(url: url.shown, reason: "more than five redirects")
    }

    private func isHub(_ url: URL) -> Bool {
        url.scheme == endpoint.scheme && url.host() == endpoint.host() && url.port == endpoint.port
    }

    private func nextPage(_ link: String, after url: URL) -> URL? {
        guard let match = link.firstMatch(of: /<([^>]+)>\s*;\s*rel="next"/) else { return nil }
        guard let next = URL(string: String(match.1), relativeTo: url)?.absoluteURL, isHub(next) else { return nil }
        return next
    }
}

/// An entry of the hub's tree API.
private struct TreeEntry: Decodable {
    struct LargeFile: Decodable {
        var oid: String
        var size: Int64
    }

    var type: String
    var path: String
    var size: Int64?
    var lfs: LargeFile?

    var file: HubFile { HubFile(path: path, size: lfs?.size ?? size ?? 0, sha256: lfs?.oid.lowercased()) }
}
