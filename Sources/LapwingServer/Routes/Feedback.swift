import HTTPTypes
import Hummingbird
import LapwingAPI

extension Routes {
    func takeFeedback(_ exchange: Exchange) async throws -> Response {
        var reader = try await exchange.fields(options)
        let said = try Feedback(&reader)
        guard let feedback else {
            throw RequestError.unavailable(
                what: "feedback", reason: "this server keeps no evidence", retryAfterSeconds: 60)
        }
        return try JSONBody.response(
            try await feedback.take(said, from: exchange.caller), headers: .ignoring(reader.unasked))
    }
}
