import Foundation

/// Why a model could not be fetched. Each case carries what was found and, where it helps, what to do.
package enum HubError: Error, Hashable, Sendable {
    /// Not `owner/name` or `owner/name:file`.
    case malformedReference(String)
    /// The address is without its secrets.
    case malformedEndpoint(String)
    case repositoryNotFound(repository: String, hasToken: Bool)
    case fileNotFound(repository: String, file: String, available: [HubFile])
    /// Several files would do; the caller has to name one.
    case ambiguous(repository: String, candidates: [HubFile])
    case noWeights(repository: String)
    /// The model lies in several files, which is not read here.
    case split(repository: String, file: String)
    /// The repository's owner asks for terms to be accepted, and the token, if any, has not.
    case gated(repository: String, hasToken: Bool)
    case badToken(repository: String)
    /// The hub names no SHA-256 for the file, so it could not be verified.
    case noChecksum(file: String)
    case checksumMismatch(file: String, expected: String, found: String)
    case sizeMismatch(file: String, expected: Int64, found: Int64)
    /// Something else lies where the file is to go.
    case alreadyExists(path: String)
    /// Another process fetches the same file.
    case inUse(path: String)
    case notEnoughSpace(path: String, needed: Int64, free: Int64)
    case cannotWrite(path: String, reason: String)
    /// The hub answered with an error that trying again does not mend.
    case refused(url: String, status: Int, reason: String)
    /// The hub's answer is not what its API says.
    case unexpectedAnswer(url: String, reason: String)
    /// Every attempt failed; the reason is the last one's.
    case unreachable(url: String, attempts: Int, reason: String)
}

extension HubError: CustomStringConvertible {
    /// What was found and what to do about it.
    package var description: String {
        switch self {
        case .malformedReference(let text):
            "'\(text)' is not a model on the hub; expected owner/name or owner/name:file."
        case .malformedEndpoint(let text):
            "HF_ENDPOINT is '\(text)', expected an address such as https://huggingface.co."
        case .repositoryNotFound(let repository, let hasToken):
            "There is no model '\(repository)' on the hub"
                + (hasToken ? " that this HF_TOKEN may see." : "; if it is private, set HF_TOKEN.")
        case .fileNotFound(let repository, let file, let available):
            "'\(repository)' has no file '\(file)'." + (available.isEmpty ? "" : " It has:\n\(Self.list(available))")
        case .ambiguous(let repository, let candidates):
            "'\(repository)' has \(candidates.count) weight files; name one as \(repository):FILE.\n\(Self.list(candidates))"
        case .noWeights(let repository): "'\(repository)' has no GGUF file."
        case .split(let repository, let file):
            "'\(file)' of '\(repository)' is one of several parts; choose a file that holds the whole model."
        case .gated(let repository, false):
            "'\(repository)' is gated: accept its terms on the hub's page, then set HF_TOKEN to a token of that account."
        case .gated(let repository, true):
            "'\(repository)' is gated, and the account of this HF_TOKEN has no access: accept its terms on the hub's page."
        case .badToken(let repository): "The hub refuses this HF_TOKEN for '\(repository)'; check it, or unset it."
        case .noChecksum(let file): "The hub gives no SHA-256 for '\(file)', so it cannot be verified."
        case .checksumMismatch(let file, let expected, let found):
            "'\(file)' is damaged: its SHA-256 is \(found), expected \(expected). It was not kept; try again."
        case .sizeMismatch(let file, let expected, let found):
            "'\(file)' has \(found) bytes, expected \(expected). It was not kept; try again."
        case .alreadyExists(let path): "'\(path)' exists and is another file; choose another --output, or remove it."
        case .inUse(let path): "Another process is fetching '\(path)'."
        case .notEnoughSpace(let path, let needed, let free):
            "Not enough space for '\(path)': \(ByteCount(needed)) needed, \(ByteCount(free)) free."
        case .cannotWrite(let path, let reason): "Cannot write '\(path)': \(reason)."
        case .refused(let url, let status, let reason): "\(url) answered with status \(status): \(reason)."
        case .unexpectedAnswer(let url, let reason): "\(url) gave an answer that cannot be used: \(reason)."
        case .unreachable(let url, let attempts, let reason):
            "\(url) could not be read in \(attempts) \(attempts == 1 ? "attempt" : "attempts"): \(reason)."
        }
    }

    private static func list(_ files: [HubFile]) -> String {
        files.map { "  \($0.path)  \(ByteCount($0.size))" }.joined(separator: "\n")
    }
}

extension String {
    /// An address as it may be printed: without what stands before an `@`, which may be a password, and without the
    /// query, where signed addresses carry their signature.
    var shownAddress: String {
        let address = prefix { $0 != "?" && $0 != "#" }
        guard let at = address.lastIndex(of: "@") else { return String(address) }
        let scheme = address.firstRange(of: "://").map { address[..<$0.upperBound] } ?? ""
        return "\(scheme)…\(address[at...])"
    }
}

extension URL {
    var shown: String { absoluteString.shownAddress }
}

/// A number of bytes as people read it: `512 B`, `98.4 MB`, `7.2 GB` (powers of ten, as vendors count).
package struct ByteCount: Hashable, Sendable, CustomStringConvertible {
    package var bytes: Int64

    package init(_ bytes: Int64) { self.bytes = bytes }

    package var description: String {
        var scaled = Double(bytes)
        var unit = "B"
        for next in ["kB", "MB", "GB", "TB"] where scaled >= 999.95 {
            scaled /= 1000
            unit = next
        }
        let tenths = Int64((scaled * 10).rounded())
        return unit == "B" ? "\(bytes) B" : "\(tenths / 10).\(tenths % 10) \(unit)"
    }
}
