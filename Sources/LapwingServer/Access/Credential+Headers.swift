import HTTPTypes
import LapwingAPI

extension Credential {
    /// Far longer than any key; what is longer is not looked at.
    private static let maxBytes = 256

    /// Reads `Authorization: Bearer KEY`, or `x-api-key: KEY` as Anthropic's clients send it. What it says of a header never
    /// repeats any of it.
    init(_ headers: HTTPFields) {
        let bearers = headers[values: .authorization]
        let keys = HTTPField.Name("x-api-key").map { headers[values: $0] } ?? []
        guard let first = bearers.first ?? keys.first else {
            self = .none
            return
        }
        guard bearers.count <= 1, keys.count <= 1 else {
            self = .unreadable(reason: "a header with the key was sent more than once")
            return
        }
        var text = Substring(first)
        if !bearers.isEmpty {
            let parts = text.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "bearer" else {
                self = .unreadable(reason: "the Authorization header is not of the form 'Bearer KEY'")
                return
            }
            text = parts[1]
        }
        let key = text.drop { $0 == " " }
        guard !key.isEmpty, key.utf8.count <= Self.maxBytes else {
            self = .unreadable(reason: "the key is none of this server's")
            return
        }
        if !bearers.isEmpty, let other = keys.first, other != key {
            self = .unreadable(reason: "the Authorization header and x-api-key hold different keys")
            return
        }
        self = .key(Secret(String(key)))
    }
}
