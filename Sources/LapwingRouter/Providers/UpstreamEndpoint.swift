import Foundation
import LapwingAPI

/// The address of an upstream's API and the key for it.
package struct UpstreamEndpoint: Sendable {
    /// Ends before `/chat/completions`, as in `https://api.openai.com/v1`.
    package let base: String
    /// What every path is followed by, such as `?api-version=2024-10-21`; mostly nothing.
    package let query: String
    package let origin: Origin
    package let key: UpstreamKey?

    /// Throws where `url` is not an absolute HTTP address, or holds a user, a query or a fragment. `path` and `query` are put
    /// behind it.
    package init(
        url: String, path: String = "", query: String = "", key: String? = nil, form: UpstreamKey.Form = .bearer,
        model: String
    ) throws(RouterError) {
        let expected = "an http or https URL with a host, and without user, query or fragment"
        guard let parts = URLComponents(string: url), let origin = Origin(parts), parts.user == nil,
            parts.password == nil, parts.query == nil, parts.fragment == nil
        else { throw .invalidEndpoint(model: model, found: Self.withoutUser(url), expected: expected) }
        var base = url
        while base.hasSuffix("/") { base.removeLast() }
        self.base = base + path
        self.query = query
        self.origin = origin
        self.key = key.map { UpstreamKey($0, origin: origin, form: form) }
    }

    package func url(of path: String) -> String { base + path + query }

    /// Host and port.
    package var name: String { "\(origin.host):\(origin.port)" }

    /// The user part of a URL may be a password, which no message shows.
    private static func withoutUser(_ url: String) -> String {
        guard let at = url.lastIndex(of: "@") else { return url }
        return "…" + url[at...]
    }
}

/// Scheme, host and port: as far as a key may travel.
package struct Origin: Hashable, Sendable {
    package let scheme: String
    package let host: String
    package let port: Int

    package init?(_ parts: URLComponents) {
        guard let scheme = parts.scheme?.lowercased(), scheme == "http" || scheme == "https",
            let host = parts.host?.lowercased(), !host.isEmpty
        else { return nil }
        self.scheme = scheme
        self.host = host
        port = parts.port ?? (scheme == "https" ? 443 : 80)
    }

    package init?(url: String) {
        guard let parts = URLComponents(string: url) else { return nil }
        self.init(parts)
    }
}

/// A secret that goes into one header for one origin and nowhere else: no description, mirror or error shows it.
package struct UpstreamKey: Sendable {
    /// How an API takes it.
    package enum Form: Hashable, Sendable {
        /// As `Authorization: Bearer KEY`.
        case bearer
        /// By itself, in the header of this name.
        case header(String)
    }

    private let value: String
    private let origin: Origin
    private let form: Form

    package init(_ value: String, origin: Origin, form: Form = .bearer) {
        self.value = value
        self.origin = origin
        self.form = form
    }

    /// The header that it goes into; nil where `url` is not of the key's own origin.
    package func header(for url: String) -> (name: String, value: String)? {
        guard Origin(url: url) == origin else { return nil }
        return switch form {
        case .bearer: ("authorization", "Bearer \(value)")
        case .header(let name): (name, value)
        }
    }

    /// The text with the key taken out, should an upstream have repeated it.
    package func redacting(_ text: String) -> String {
        value.isEmpty ? text : text.replacingOccurrences(of: value, with: "[key]")
    }
}

extension UpstreamKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "[key]" }
    package var debugDescription: String { "[key]" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
