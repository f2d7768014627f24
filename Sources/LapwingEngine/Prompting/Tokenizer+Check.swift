import LapwingAPI
import LapwingText

extension Tokenizer {
    /// Refuses ids that are not of the vocabulary. `field` names them in the error.
    func check(_ tokens: [TokenID], field: String) throws(RequestError) {
        let limit = TokenID(vocabularySize)
        guard let index = tokens.firstIndex(where: { !(0..<limit).contains($0) }) else { return }
        throw .invalid(
            field: "\(field)[\(index)]", found: "\(tokens[index])", expected: "a token id from 0 to \(limit - 1)")
    }
}
