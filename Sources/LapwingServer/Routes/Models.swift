import Hummingbird
import LapwingAPI

extension Routes {
    func models(_ exchange: Exchange) async throws -> Response {
        try JSONBody.response(OpenAI.ModelList(data: await services.models().map(modelObject)))
    }

    /// `id` is what follows `/v1/models/`, slashes and percent escapes included.
    func model(_ exchange: Exchange, id: Substring) async throws -> Response {
        let cards = await services.models()
        guard let name = percentDecoded(id), let card = cards.first(where: { $0.name == name }) else {
            throw RequestError.unknownModel(name: percentDecoded(id) ?? String(id), known: cards.map(\.name))
        }
        return try JSONBody.response(modelObject(card))
    }

    private func modelObject(_ card: ModelCard) -> OpenAI.Model {
        OpenAI.Model(
            id: card.name, created: startedAt, ownedBy: "lapwing", maxModelLength: card.contextLength,
            kind: card.kind.rawValue, unavailable: card.unavailable)
    }

    /// nil where an escape is cut short or the bytes are not UTF-8.
    private func percentDecoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, let text = String(digits), text.allSatisfy(\.isHexDigit),
                let value = UInt8(text, radix: 16)
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
