import LapwingAPI
import Synchronization

/// Bounds what the bodies of all requests hold together, as `maxBodyBytes` bounds one.
final class BodyBudget: Sendable {
    private let held = Mutex(0)

    /// Takes room for a body until the reservation is let go. Throws `unavailable` where there is none.
    func reserve(_ byteCount: Int, _ options: ServerOptions) throws(RequestError) -> BodyReservation {
        let limit = max(options.maxBodyBytesInFlight, options.maxBodyBytes)
        let isTaken = held.withLock { held in
            guard byteCount <= limit - held else { return false }
            held += byteCount
            return true
        }
        guard isTaken else {
            throw .unavailable(
                what: "room for the request", reason: "the requests that are being answered hold up to \(limit) bytes",
                retryAfterSeconds: 1)
        }
        return BodyReservation(byteCount, of: self)
    }

    fileprivate func giveBack(_ byteCount: Int) { held.withLock { $0 -= byteCount } }
}

/// Room for one body.
final class BodyReservation: Sendable {
    private let budget: BodyBudget
    private let byteCount: Mutex<Int>

    fileprivate init(_ byteCount: Int, of budget: BodyBudget) {
        self.byteCount = Mutex(byteCount)
        self.budget = budget
    }

    /// Gives back what the body turned out not to need.
    func shrink(to needed: Int) {
        let rest = byteCount.withLock { held in
            defer { held = min(held, needed) }
            return max(0, held - needed)
        }
        budget.giveBack(rest)
    }

    deinit { shrink(to: 0) }
}
