import Foundation
import Hummingbird
import LapwingAPI

extension Routes {
    func models(_ exchange: Exchange) async throws -> Response {
        try JSONBody.response(OpenAI.ModelList(data: await services(for: exchange).models().map(modelObject)))
    }

    /// `id` is what follows `/v1/models/`, slashes and percent escapes included.
    func model(_ exchange: Exchange, id: Substring) async throws -> Response {
        let cards = await services(for: exchange).models()
        let name = String(id).removingPercentEncoding ?? String(id)
        guard let card = cards.first(where: { $0.name == name }) else {
            throw RequestError.unknownModel(name: name, known: cards.map(\.name))
        }
        return try JSONBody.response(modelObject(card))
    }

    private func modelObject(_ card: ModelCard) -> OpenAI.Model {
        OpenAI.Model(
            id: card.name, created: startedAt, ownedBy: "lapwing", maxModelLength: card.contextLength,
            kind: card.kind.rawValue, unavailable: card.unavailable,
            capabilities: card.capabilities, notice: card.notice)
    }
}
