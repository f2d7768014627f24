/// A model on the hub: `owner/name`, with `@revision` and `:file` where they are given.
package struct HubReference: Hashable, Sendable {
    package var owner: String
    package var name: String
    /// A branch, a tag or a commit.
    package var revision: String
    /// A path in the repository, its last part, a quantisation such as `Q4_K_M`, or `safetensors`.
    package var file: String?

    package var repository: String { "\(owner)/\(name)" }

    package init(_ text: String) throws(HubError) {
        let halves = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let place = halves[0].split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        let parts = place[0].split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy(Self.isName), halves.count == 1 || HubFile.isSafe(path: halves[1]),
            place.count == 1 || Self.isRevision(place[1])
        else {
            throw .malformedReference(text)
        }
        owner = String(parts[0])
        name = String(parts[1])
        revision = place.count == 2 ? String(place[1]) : "main"
        file = halves.count == 2 ? String(halves[1]) : nil
    }

    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.count <= 96 && text.utf8.first != UInt8(ascii: ".")
            && text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || "-_.".utf8.contains(byte)
            }
    }

    /// A branch may have `/` in its name, as `refs/pr/1` does.
    private static func isRevision(_ text: Substring) -> Bool {
        text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy(isName)
    }
}

/// A file of a repository as the hub lists it.
package struct HubFile: Hashable, Sendable {
    /// From the repository's root.
    package var path: String
    package var size: Int64
    /// nil where the hub tells none that could be checked.
    package var digest: HubDigest?

    package init(path: String, size: Int64, digest: HubDigest?) {
        self.path = path
        self.size = size
        self.digest = digest
    }

    /// The path's last part.
    package var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// A petabyte: no sum of listed sizes comes near an overflow.
    static let sizeLimit: Int64 = 1 << 50

    /// Whether a path stays below the folder that it is put behind.
    static func isSafe(path: some StringProtocol) -> Bool {
        path.utf8.count <= 1024 && path.utf8.allSatisfy { $0 >= 32 && $0 != 127 && $0 != UInt8(ascii: "\\") }
            && !path.split(separator: "/", omittingEmptySubsequences: false).contains { ["", ".", ".."].contains($0) }
    }
}
