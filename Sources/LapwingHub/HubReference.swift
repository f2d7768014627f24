/// A model on the hub, and perhaps one file of it: `owner/name` or `owner/name:file`.
package struct HubReference: Hashable, Sendable {
    package var owner: String
    package var name: String
    /// A path in the repository, its last part, or a quantisation such as `Q4_K_M`.
    package var file: String?

    package var repository: String { "\(owner)/\(name)" }

    package init(_ text: String) throws(HubError) {
        let halves = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let parts = halves[0].split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy(Self.isName), halves.count == 1 || Self.isPath(halves[1]) else {
            throw .malformedReference(text)
        }
        owner = String(parts[0])
        name = String(parts[1])
        file = halves.count == 2 ? String(halves[1]) : nil
    }

    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.count <= 96 && text.utf8.first != UInt8(ascii: ".")
            && text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || "-_.".utf8.contains(byte)
            }
    }

    private static func isPath(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 >= 32 && $0 != 127 }
            && !text.split(separator: "/", omittingEmptySubsequences: false).contains { ["", ".", ".."].contains($0) }
    }
}

/// A file of a repository as the hub lists it.
package struct HubFile: Hashable, Sendable {
    /// From the repository's root.
    package var path: String
    package var size: Int64
    /// Lower-case hexadecimal SHA-256 of the content; nil for a file that is not in large-file storage.
    package var sha256: String?

    package init(path: String, size: Int64, sha256: String?) {
        self.path = path
        self.size = size
        self.sha256 = sha256
    }

    /// The path's last part.
    package var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// Whether it is one of several parts of a model (`-00001-of-00003.gguf`).
    var isPart: Bool { name.firstMatch(of: /-[0-9]{5}-of-[0-9]{5}\.gguf$/.ignoresCase()) != nil }
}

extension HubReference {
    /// The one weight file that this reference means among a repository's files.
    package func choose(among files: [HubFile]) throws(HubError) -> HubFile {
        let weights = files.filter {
            $0.name.lowercased().hasSuffix(".gguf") && !$0.name.lowercased().hasPrefix("mmproj")
        }
        .sorted { $0.path < $1.path }
        guard !weights.isEmpty else { throw .noWeights(repository: repository) }
        let candidates = try file.map { wanted throws(HubError) in try matches(wanted, weights) } ?? weights
        let whole = candidates.filter { !$0.isPart }
        guard let chosen = whole.first ?? candidates.first else { throw .noWeights(repository: repository) }
        guard !chosen.isPart else { throw .split(repository: repository, file: chosen.path) }
        guard whole.count == 1 else { throw .ambiguous(repository: repository, candidates: whole) }
        return chosen
    }

    /// The exact path, else the exact name, else every name that holds `wanted` between separators, whatever its case.
    private func matches(_ wanted: String, _ weights: [HubFile]) throws(HubError) -> [HubFile] {
        for rule: (HubFile) -> Bool in [{ $0.path == wanted }, { $0.name == wanted }, { $0.holds(wanted) }] {
            let found = weights.filter(rule)
            if !found.isEmpty { return found }
        }
        throw .fileNotFound(repository: repository, file: wanted, available: weights)
    }
}

extension HubFile {
    /// Whether the name holds `word` as a part of its own: `Q4_K` is not in `model-Q4_K_M.gguf`.
    fileprivate func holds(_ word: String) -> Bool {
        let name = name.lowercased()
        let word = word.lowercased()
        return name.ranges(of: word).contains { range in
            let before = range.lowerBound == name.startIndex ? "." : name[name.index(before: range.lowerBound)]
            let after = range.upperBound == name.endIndex ? "." : name[range.upperBound]
            return ".-".contains(before) && ".-".contains(after)
        }
    }
}
