import HTTPTypes
import Hummingbird
import LapwingAPI
import Logging
import NIOCore
import Synchronization

/// The connection failed while a body was read; the HTTP layer knows whether anything can still be said.
struct UnreadableBody: Error {
    let cause: any Error
}

/// One HTTP request while it is being answered.
final class Exchange: Sendable {
    let request: Request
    /// Ours, under which the ledger keeps the request.
    let id: String
    /// nil where the request did not come over a connection.
    let client: ClientPresence?
    private let bodies: BodyBudget
    /// Held as long as the request is being answered.
    private let body = Mutex<BodyReservation?>(nil)
    private let metrics: ServerMetrics
    private let presence: ServerMetrics.Presence
    private let logger: Logger
    /// What it came to, once the ledger has it.
    private let summary = Mutex<RequestSummary?>(nil)
    private let failure = Mutex<ErrorResponse?>(nil)
    /// Whose it is, once that is known, and what lets their place go.
    private let visit = Mutex<(caller: Caller, gatekeeper: any Gatekeeper, hasPlace: Bool)?>(nil)

    init(
        request: Request, id: String, client: ClientPresence?, bodies: BodyBudget, metrics: ServerMetrics,
        logger: Logger
    ) {
        self.request = request
        self.id = id
        self.client = client
        self.bodies = bodies
        self.metrics = metrics
        self.logger = logger
        presence = metrics.begin()
    }

    /// Remembers what went wrong for the log line at the end.
    func note(_ error: ErrorResponse) { failure.withLock { $0 = error } }

    /// The same of what it came to.
    func note(_ found: RequestSummary) { summary.withLock { $0 = found } }

    deinit { leave() }

    /// Nobody until `pass`.
    var caller: Caller { visit.withLock { $0?.caller } ?? .anonymous }

    /// How the caller's limits stand; nil where they have none.
    var standing: RateStanding? { visit.withLock { $0 }.flatMap { $0.gatekeeper.standing(of: $0.caller) } }

    /// Finds out whose the request is, and whether they may come in. What does work takes one of the caller's places until
    /// the end.
    func pass(_ gatekeeper: any Gatekeeper, to access: Access) throws(RequestError) {
        let caller = try gatekeeper.identify(Credential(request.headers), for: access)
        if caller.key == nil, access != .anyone { try BrowserPages.check(request.head) }
        visit.withLock { $0 = (caller, gatekeeper, false) }
        guard access == .client, request.method == .post else { return }
        try gatekeeper.enter(caller)
        visit.withLock { $0?.hasPlace = true }
    }

    private func leave() {
        let left = visit.withLock { visit in
            defer { visit?.hasPlace = false }
            return visit
        }
        if let left, left.hasPlace { left.gatekeeper.leave(left.caller) }
    }

    /// When its last byte is written.
    func end(status: HTTPResponse.Status, duration: Duration) {
        leave()
        let (failure, summary) = (failure.withLock { $0 }, summary.withLock { $0 })
        let path = Routes.pattern(of: request.uri.path)
        metrics.end(
            path: path, status: status.code, duration: duration, error: failure?.body.error.code, summary: summary)
        log(AccessLine(path: path, status: status.code, duration: duration, summary: summary), failure)
    }

    /// One line a request. Says nothing of what was asked or answered.
    private func log(_ line: AccessLine, _ failure: ErrorResponse?) {
        if logger.logLevel <= .info {
            var metadata = line.metadata
            metadata["request_id"] = "\(id)"
            metadata["method"] = "\(AccessLine.known(request.method))"
            if let code = failure?.body.error.code { metadata["error"] = "\(code)" }
            logger.info("Request answered", metadata: metadata)
        }
        if let reason = failure?.reasonForLog {
            logger.error("Request failed", metadata: ["request_id": "\(id)", "reason": "\(reason)"])
        }
    }

    /// The body as JSON. Refuses by the declared length before reading, and by the real one while reading.
    func json(_ options: ServerOptions) async throws -> JSONValue {
        let limit = options.maxBodyBytes
        let declared = request.headers[.contentLength].flatMap { Int($0) } ?? limit
        guard declared <= limit else { throw RequestError.bodyTooLarge(limit: limit) }
        let reservation = try bodies.reserve(max(declared, 0), options)
        body.withLock { $0 = reservation }
        let buffer: ByteBuffer
        do {
            buffer = try await request.body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw RequestError.bodyTooLarge(limit: limit)
        } catch {
            throw UnreadableBody(cause: error)
        }
        reservation.shrink(to: buffer.readableBytes)
        return try JSONParser.parse(Array(buffer.readableBytesView), maxDepth: options.maxJSONDepth)
    }

    /// Does the work, and cancels it where the client goes meanwhile.
    func whileClientStays<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let task = Task { try await work() }
        client?.watch { task.cancel() }
        defer { client?.stopWatching() }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    func fields(_ options: ServerOptions) async throws -> FieldReader { try FieldReader(try await json(options)) }
}

extension HTTPFields {
    /// Names the fields that were passed over. Names that do not fit in a header are left out.
    static func ignoring(_ names: [String]) -> HTTPFields {
        let plain = names.filter { name in
            name.utf8.count <= 64 && name.utf8.allSatisfy { (0x21..<0x7F).contains($0) && $0 != UInt8(ascii: ",") }
        }
        var headers = HTTPFields()
        if !plain.isEmpty { headers.set("x-lapwing-ignored", plain.prefix(32).joined(separator: ", ")) }
        return headers
    }
}
