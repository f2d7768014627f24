import Foundation

/// The modules each target may import, as `Scripts/imports.txt` lists them.
struct ImportTable {
    /// Modules that every Swift target may import.
    static let free: Set<String> = [
        "Foundation", "FoundationEssentials", "FoundationNetworking", "Glibc", "Darwin", "Musl",
    ]

    private(set) var allowed: [String: Set<String>] = [:]

    init(_ text: String) {
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard let target = parts.first else { continue }
            allowed[String(target)] = Set(parts.dropFirst().joined().split(separator: " ").map(String.init))
        }
    }

    /// One sentence for each import in `source` that the table does not allow its target.
    func violations(in source: String, target: String, file: String) -> [String] {
        guard let allowed = allowed[target] else { return ["\(file): target \(target) is not in the import table"] }
        return Self.imports(in: source).compactMap { module in
            if module == target || Self.free.contains(module) || allowed.contains(module) { return nil }
            return "\(file): \(target) may not import \(module)"
        }
    }

    /// The modules named by a source file's import lines, whatever attributes or access level stand before them.
    static func imports(in source: String) -> [String] {
        source.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            guard let position = words.firstIndex(of: "import"), position + 1 < words.count,
                words[..<position].allSatisfy({ modifiers.contains($0) || $0.hasPrefix("@") })
            else { return nil }
            let kinds: Set<String> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
            let rest = words[(position + 1)...].drop(while: kinds.contains)
            // Prose and SQL in string literals may begin with the word too, but go on after the name.
            guard let path = rest.first, rest.dropFirst().first?.hasPrefix("//") ?? true else { return nil }
            return path.split(separator: ".").first.map(String.init)
        }
    }

    private static let modifiers: Set<String> = ["public", "package", "internal", "fileprivate", "private"]
}
