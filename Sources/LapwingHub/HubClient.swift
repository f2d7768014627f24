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

    /// The commit that a reference's revision is today, with what the model's card says.
    package func snapshot(of reference: HubReference) async throws -> HubSnapshot {
        let url = address("api/models", reference.repository, "revision", reference.revision.inPath)
        return try await retrying(url) {
            let response = try await get(url)
            if response.status == .notFound, response.headers.first(name: "x-error-code") == "RevisionNotFound" {
                throw HubError.revisionNotFound(repository: reference.repository, revision: reference.revision)
            }
            let info: ModelInfo = try await decode(response, url, reference.repository, "a model's description")
            guard info.sha.count == 40, info.sha.isHexadecimal else {
                throw HubError.unexpectedAnswer(url: url.shown, reason: "it names no commit")
            }
            return HubSnapshot(
                repository: reference.repository, revision: reference.revision, commit: info.sha.lowercased(),
                card: info.cardData)
        }
    }

    /// All files of a commit, in the hub's order. Each has a path that leads nowhere else, a size, and a name of its own.
    package func files(of snapshot: HubSnapshot) async throws -> [HubFile] {
        var next: URL? = address("api/models", snapshot.repository, "tree", snapshot.commit)
            .appending(queryItems: [URLQueryItem(name: "recursive", value: "true")])
        var files: [HubFile] = []
        var paths: Set<String> = []
        // The hub lists a thousand files a page; a hundred pages are more than any repository of models has.
        for _ in 0..<100 {
            guard let url = next else { return files }
            let (entries, following) = try await page(url, snapshot.repository)
            for file in entries where file.type == "file" {
                let file = file.file
                guard HubFile.isSafe(path: file.path), paths.insert(file.path).inserted else {
                    throw HubError.unexpectedAnswer(
                        url: url.shown, reason: "it lists '\(file.path.prefix(200))', which is no path, or twice")
                }
                guard (0...HubFile.sizeLimit).contains(file.size) else {
                    throw HubError.unexpectedAnswer(
                        url: url.shown, reason: "it says that '\(file.path.prefix(200))' has \(file.size) bytes")
                }
                files.append(file)
            }
            next = following
        }
        throw HubError.unexpectedAnswer(url: endpoint.shown, reason: "the list of files has no end")
    }

    private func page(_ url: URL, _ repository: String) async throws -> ([TreeEntry], URL?) {
        try await retrying(url) {
            let response = try await get(url)
            let entries: [TreeEntry] = try await decode(response, url, repository, "a list of files")
            return (entries, response.headers.first(name: "link").flatMap { nextPage($0, after: url) })
        }
    }

    private func decode<Value: Decodable>(
        _ response: HTTPClientResponse, _ url: URL, _ repository: String, _ what: String
    ) async throws -> Value {
        guard response.status == .ok else { throw try await failure(response, url, repository) }
        let body = try await response.body.collect(upTo: 16 * 1024 * 1024)
        do {
            return try JSONDecoder().decode(Value.self, from: Data(body.readableBytesView))
        } catch {
            throw HubError.unexpectedAnswer(url: url.shown, reason: "it is not \(what)")
        }
    }

    func fileURL(_ snapshot: HubSnapshot, _ file: HubFile) -> URL {
        address(snapshot.repository, "resolve", snapshot.commit).appending(path: file.path)
    }

    /// The parts, which are percent-encoded already, behind the hub's address.
    private func address(_ parts: String...) -> URL {
        let text = endpoint.absoluteString
        let address = (text.hasSuffix("/") ? text : text + "/") + parts.joined(separator: "/")
        return URL(string: address) ?? endpoint
    }

    /// Sends a GET for the bytes from `offset` on, of the file that still has this entity tag, and follows redirects. What
    /// another host refuses, the hub may grant by a new address: it is thrown as `Passing`.
    func get(_ url: URL, from offset: Int64 = 0, ifTagged tag: String? = nil) async throws -> HTTPClientResponse {
        var url = url
        for _ in 0..<6 {
            var request = HTTPClientRequest(url: url.absoluteString)
            request.headers.add(name: "User-Agent", value: "lapwing")
            // A compressed answer would make offsets and lengths mean something else.
            request.headers.add(name: "Accept-Encoding", value: "identity")
            if offset > 0 {
                request.headers.add(name: "Range", value: "bytes=\(offset)-")
                // Weak tags do not promise the same bytes (RFC 9110, section 13.1.5).
                if let tag, !tag.hasPrefix("W/") { request.headers.add(name: "If-Range", value: tag) }
            }
            if let token, isHub(url) { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
            let response = try await http.execute(request, deadline: .distantFuture)
            guard (300..<400).contains(response.status.code) else {
                guard isHub(url) || response.status.code < 400 || response.status == .rangeNotSatisfiable else {
                    throw Passing(response, of: url)
                }
                return response
            }
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

/// A repository at one commit, which no upload changes.
package struct HubSnapshot: Hashable, Sendable {
    package var repository: String
    /// As it was asked for: a branch, a tag or a commit.
    package var revision: String
    package var commit: String
    package var card: ModelCard?

    package init(repository: String, revision: String = "main", commit: String, card: ModelCard? = nil) {
        (self.repository, self.revision, self.commit, self.card) = (repository, revision, commit, card)
    }
}

/// What the hub's API says of a model.
private struct ModelInfo: Decodable {
    var sha: String
    var cardData: ModelCard?
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
    var oid: String?
    var lfs: LargeFile?

    var file: HubFile { HubFile(path: path, size: lfs?.size ?? size ?? 0, digest: digest) }

    private var digest: HubDigest? {
        if let oid = lfs?.oid { return oid.count == 64 && oid.isHexadecimal ? .sha256(oid.lowercased()) : nil }
        return oid.flatMap { $0.count == 40 && $0.isHexadecimal ? .gitBlob($0.lowercased()) : nil }
    }
}

extension String {
    fileprivate var isHexadecimal: Bool { utf8.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit } }

    /// As one part of an address's path, also with a `/` in it.
    fileprivate var inPath: String {
        addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(CharacterSet(charactersIn: "-._~"))) ?? self
    }
}
