import Hummingbird
import LapwingAPI

extension Routes {
    /// The process answers.
    func health(_ exchange: Exchange) async throws -> Response {
        try JSONBody.response(["status": "ok"])
    }

    /// Requests can be taken now.
    func readiness(_ exchange: Exchange) async throws -> Response {
        switch await services(for: exchange).readiness() {
        case .ready: try JSONBody.response(["status": "ready"])
        case .notReady(let reason):
            try JSONBody.response(
                ["status": "not ready", "reason": reason], status: .serviceUnavailable, headers: [.retryAfter: "1"])
        }
    }
}
