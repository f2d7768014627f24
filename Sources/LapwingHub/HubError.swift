import Foundation

/// Why a model could not be fetched. Each case carries what was found and, where it helps, what to do.
package enum HubError: Error, Hashable, Sendable {
    /// Not `owner/name`, perhaps with `@revision` and `:file` behind it.
    case malformedReference(String)
    /// The address is without its secrets.
    case malformedEndpoint(String)
    case repositoryNotFound(repository: String, hasToken: Bool)
    case revisionNotFound(repository: String, revision: String)
    case fileNotFound(repository: String, file: String, available: [HubModel])
    /// Several models would do; the caller has to name one.
    case ambiguous(repository: String, candidates: [HubModel])
    case noWeights(repository: String)
    /// Of a model in parts, this one is not there.
    case missingPart(repository: String, file: String)
    /// The index of a model's parts cannot be followed.
    case badIndex(file: String, reason: String)
    /// The repository's owner asks for terms to be accepted, and the token, if any, has not.
    case gated(repository: String, hasToken: Bool)
    case badToken(repository: String)
    /// The hub knows who asks and does not let him, for another reason than terms to be accepted.
    case forbidden(repository: String, hasToken: Bool, reason: String)
    /// The hub names no checksum for the file, so it could not be verified.
    case noChecksum(file: String)
    case checksumMismatch(file: String, expected: String, found: String)
    case sizeMismatch(file: String, expected: Int64, found: Int64)
    /// Something else lies where the file is to go.
    case alreadyExists(path: String)
    /// Another process fetches the same file.
    case inUse(path: String)
    case notEnoughSpace(path: String, needed: Int64, free: Int64)
    case cannotRead(path: String, reason: String)
    case cannotWrite(path: String, reason: String)
    /// A running process has a model's file open.
    case isOpen(path: String)
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
            "'\(text)' is not a model on the hub; expected owner/name, owner/name@revision or owner/name:file."
        case .malformedEndpoint(let text):
            "HF_ENDPOINT is '\(text)', expected an address such as https://huggingface.co."
        case .repositoryNotFound(let repository, let hasToken):
            "There is no model '\(repository)' on the hub"
                + (hasToken ? " that this HF_TOKEN may see." : "; if it is private, set HF_TOKEN.")
        case .revisionNotFound(let repository, let revision):
            "'\(repository)' has no branch, tag or commit '\(revision)'."
        case .fileNotFound(let repository, let file, let available):
            "'\(repository)' has no file '\(file)'." + (available.isEmpty ? "" : " It has:\n\(Self.list(available))")
        case .ambiguous(let repository, let candidates):
            "'\(repository)' has \(candidates.count) models; name one as \(repository):FILE.\n\(Self.list(candidates))"
        case .noWeights(let repository):
            "'\(repository)' has no GGUF file, and no config.json with model.safetensors or its index."
        case .missingPart(let repository, let file):
            "'\(repository)' has only some parts of a model: '\(file)' is not there."
        case .badIndex(let file, let reason): "'\(file)' is no index of a model's files: \(reason)."
        case .gated(let repository, false):
            "'\(repository)' is gated: accept its terms on its page, make a token at huggingface.co/settings/tokens, and "
                + "give it as HF_TOKEN (HF_TOKEN=hf_… lapwing pull \(repository))."
        case .gated(let repository, true):
            "'\(repository)' is gated, and the account of this HF_TOKEN has no access: accept its terms on its page, and "
                + "see that the token may read gated repositories."
        case .badToken(let repository): "The hub refuses this HF_TOKEN for '\(repository)'; check it, or unset it."
        case .forbidden(let repository, let hasToken, let reason):
            "The hub forbids to read '\(repository)' "
                + (hasToken ? "with this HF_TOKEN: \(reason)." : "without a token: \(reason). Set HF_TOKEN.")
        case .noChecksum(let file): "The hub gives no checksum for '\(file)', so it cannot be verified."
        case .checksumMismatch(let file, let expected, let found):
            "'\(file)' is damaged: its checksum is \(found), expected \(expected). It was not kept; try again."
        case .sizeMismatch(let file, let expected, let found):
            "'\(file)' has \(found) bytes, expected \(expected). It was not kept; try again."
        case .alreadyExists(let path): "'\(path)' exists and is another file; choose another --output, or remove it."
        case .inUse(let path): "Another process is fetching '\(path)'."
        case .notEnoughSpace(let path, let needed, let free):
            "Not enough space for '\(path)': \(ByteCount(needed)) needed, \(ByteCount(free)) free."
        case .cannotRead(let path, let reason): "Cannot read '\(path)': \(reason)."
        case .cannotWrite(let path, let reason): "Cannot write '\(path)': \(reason)."
        case .isOpen(let path): "'\(path)' is open in a running process; stop it first. Nothing was removed."
        case .refused(let url, let status, let reason): "\(url) answered with status \(status): \(reason)."
        case .unexpectedAnswer(let url, let reason): "\(url) gave an answer that cannot be used: \(reason)."
        case .unreachable(let url, let attempts, let reason):
            "\(url) could not be read in \(attempts) \(attempts == 1 ? "attempt" : "attempts"): \(reason)."
        }
    }

    private static func list(_ models: [HubModel]) -> String {
        models.map { model in
            // An index has yet to tell what else belongs to it.
            let isWhole = !model.files.contains { $0.path == ModelFolder.indexName }
            return "  \(model.label)" + (isWhole ? "  \(ByteCount(model.size))" : "")
        }.joined(separator: "\n")
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
