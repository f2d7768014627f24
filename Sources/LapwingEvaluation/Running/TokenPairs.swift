import LapwingAPI

/// A context and what may follow it, in tokens as the harness splits them.
package struct TokenPairs: Sendable {
    package var context: [TokenID]
    package var continuations: [[TokenID]]

    /// Spaces at the end of the context belong to the continuation, since tokens begin with their space. A continuation's
    /// tokens are those of both texts together past the context's own. Throws `RequestError` where it has none: nothing
    /// would be certain.
    package static func make(
        _ continuations: [String], after context: String, tokenize: (String) async throws -> [TokenID]
    ) async throws -> TokenPairs {
        let scalars = context.unicodeScalars
        let end = scalars.lastIndex { !$0.properties.isWhitespace }.map(scalars.index(after:)) ?? scalars.startIndex
        let head = String(scalars[..<end]), spaces = String(scalars[end...])
        var pairs = TokenPairs(context: try await tokenize(head), continuations: [])
        for continuation in continuations {
            let whole = try await tokenize(head + spaces + continuation)
            guard whole.count > pairs.context.count else {
                throw RequestError.invalid(
                    field: "choices", found: "'\(continuation)', which is no token after its question",
                    expected: "choices of one token or more")
            }
            pairs.continuations.append(Array(whole.dropFirst(pairs.context.count)))
        }
        return pairs
    }
}
