import LapwingAPI

/// What administrators do with a running server.
package struct ServerOperations: Operations {
    private let assembly: Assembly
    /// nil where the server is of no file.
    private let reloader: Reloader?

    package init(_ assembly: Assembly, reloader: Reloader?) {
        (self.assembly, self.reloader) = (assembly, reloader)
    }

    package func keys(of caller: Caller) async throws -> [KeyStanding] {
        try await assembly.operations.keys(of: caller)
    }

    package func key(_ id: String, of caller: Caller) async throws -> KeyStanding {
        try await assembly.operations.key(id, of: caller)
    }

    package func createKey(_ draft: KeyDraft, by caller: Caller) async throws -> NewKey {
        try await assembly.operations.createKey(draft, by: caller)
    }

    package func revokeKey(_ id: String, by caller: Caller) async throws -> KeyStanding {
        try await assembly.operations.revokeKey(id, by: caller)
    }

    package func reload(by caller: Caller) async throws -> ReloadOutcome {
        guard let key = caller.key, key.draft.role == .admin, key.draft.tenant == nil else {
            throw RequestError.permissionDenied(reason: "this takes an administrator's key of no tenant")
        }
        guard let reloader else {
            throw RequestError.unavailable(
                what: "the configuration", reason: "this server has no file of it", retryAfterSeconds: 60)
        }
        return await reloader.reload()
    }
}
