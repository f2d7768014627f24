import Hummingbird
import LapwingAPI

extension Routes {
    /// `/admin/v1/reload`: what SIGHUP does, with what came of it as the answer.
    func reload(_ exchange: Exchange) async throws -> Response {
        switch try await administration().reload(by: exchange.caller) {
        case .applied(let report): return try JSONBody.response(report)
        case .refused(let findings): throw ServerError.configurationRefused(findings: findings)
        }
    }
}
