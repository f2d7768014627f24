import LapwingAPI
import Synchronization

/// A gatekeeper with the keys that a test gives it, who counts who is inside.
package final class ScriptedGate: Gatekeeper {
    private struct State {
        var inside: [String] = []
        var entered: [String] = []
        var refusal: RequestError?
    }

    private let keys: [String: Key]
    private let standingToReport: RateStanding?
    private let state = Mutex(State())

    /// `keys` by the text that their holders send.
    package init(_ keys: [String: Key], standing: RateStanding? = nil) {
        self.keys = keys
        standingToReport = standing
    }

    /// Ids of those who hold a place now, and of all who ever took one.
    package var inside: [String] { state.withLock { $0.inside } }
    package var entered: [String] { state.withLock { $0.entered } }

    /// What `enter` throws from now on.
    package func refuse(_ error: RequestError?) { state.withLock { $0.refusal = error } }

    package func identify(_ credential: Credential, for access: Access) throws(RequestError) -> Caller {
        if access == .anyone { return .anonymous }
        switch credential {
        case .none: throw .authenticationFailed(reason: "no key")
        case .unreadable(let reason): throw .authenticationFailed(reason: reason)
        case .key(let secret):
            guard let key = keys[secret.reveal()] else { throw .authenticationFailed(reason: "an unknown key") }
            let role = access == .watch ? Access.admin : access
            guard key.draft.role.rawValue == role.rawValue else { throw .permissionDenied(reason: "another role") }
            return Caller(key: key)
        }
    }

    package func enter(_ caller: Caller) throws(RequestError) {
        try state.withLock { state throws(RequestError) in
            if let refusal = state.refusal { throw refusal }
            state.inside.append(caller.key?.id ?? "")
            state.entered.append(caller.key?.id ?? "")
        }
    }

    package func leave(_ caller: Caller) {
        state.withLock { state in
            if let index = state.inside.firstIndex(of: caller.key?.id ?? "") { state.inside.remove(at: index) }
        }
    }

    package func standing(of caller: Caller) -> RateStanding? { standingToReport }
}

extension Key {
    /// A client's key, with what a test changes about it.
    package static func sample(_ id: String = "key_1", changing change: (inout KeyDraft) -> Void = { _ in }) -> Key {
        var draft = KeyDraft(name: id)
        draft.tenant = "acme"
        draft.tier = "gold"
        change(&draft)
        return Key(id: id, draft: draft, hint: "lw-abcd", createdAt: 0)
    }
}
