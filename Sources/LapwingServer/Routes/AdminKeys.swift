import HTTPTypes
import Hummingbird
import LapwingAPI

/// `/admin/v1/keys`: what `lapwing keys` does, over HTTP.
extension Routes {
    func listKeys(_ exchange: Exchange) async throws -> Response {
        let keys = try await administration().keys(of: exchange.caller)
        return try JSONBody.response(KeyList(data: keys.map(KeyObject.init)))
    }

    func key(_ exchange: Exchange, id: Substring) async throws -> Response {
        try JSONBody.response(KeyObject(try await administration().key(String(id), of: exchange.caller)))
    }

    func createKey(_ exchange: Exchange) async throws -> Response {
        var reader = try await exchange.fields(options)
        let draft = try KeyDraft(&reader)
        let made = try await administration().createKey(draft, by: exchange.caller)
        return try JSONBody.response(
            KeyObject(made.key, state: .active, secret: made.secret), status: .created,
            headers: [.cacheControl: "no-store"])
    }

    func revokeKey(_ exchange: Exchange, id: Substring) async throws -> Response {
        try JSONBody.response(KeyObject(try await administration().revokeKey(String(id), by: exchange.caller)))
    }

    func administration() throws(RequestError) -> any Operations {
        guard let operations else {
            throw .unavailable(what: "administration", reason: "this server has none", retryAfterSeconds: 60)
        }
        return operations
    }
}
