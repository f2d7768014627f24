import Foundation

/// A folder of JSON files `NAME-vN.json`, each written once: the newest version of a name is the one in use, and the others
/// stay for whoever asks what was in use before.
package struct VersionedFiles: Sendable {
    package let folder: String

    package init(folder: String) { self.folder = folder }

    package func path(_ name: String, version: Int) -> String { "\(folder)/\(name)-v\(version).json" }

    /// Ascending; empty where there is none.
    package func versions(of name: String) -> [Int] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return files.compactMap { file in
            guard file.hasPrefix("\(name)-v"), file.hasSuffix(".json") else { return nil }
            return Int(file.dropFirst(name.count + 2).dropLast(5)).flatMap { $0 > 0 ? $0 : nil }
        }.sorted()
    }

    /// The newest version. Throws `StoreError.cannotOpen` where there is none, or it does not say what `Value` holds.
    package func newest<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
        guard let version = versions(of: name).last else {
            throw StoreError.cannotOpen(path: "\(folder)/\(name)-v1.json", reason: "there is no version of '\(name)'")
        }
        return try read(name, version: version)
    }

    /// Throws `StoreError.cannotOpen` where that version is not there, or does not say what `Value` holds.
    package func read<Value: Decodable>(
        _ name: String, version: Int, as type: Value.Type = Value.self
    ) throws -> Value {
        let path = path(name, version: version)
        do {
            return try JSONDecoder().decode(type, from: Data(contentsOf: URL(filePath: path)))
        } catch let error as DecodingError {
            throw StoreError.cannotOpen(path: path, reason: "it is not what was expected: \(error.place)")
        } catch {
            throw StoreError.cannotOpen(path: path, reason: (error as? CocoaError)?.localizedDescription ?? "\(error)")
        }
    }

    /// Writes the next version and gives its path. `make` is told which it is. Whoever reads meanwhile sees a whole file or
    /// none, and of two that write at once each gets a version of its own.
    @discardableResult
    package func write(_ name: String, _ make: (Int) throws -> any Encodable) throws -> String {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let draft = "\(folder)/.\(name)-\(getpid())"
        defer { unlink(draft) }
        while true {
            let version = (versions(of: name).last ?? 0) + 1
            let path = path(name, version: version)
            try encoder.encode(AnyEncodable(make(version))).write(to: URL(filePath: draft))
            // Fails where the name was taken meanwhile, as a rename would not.
            if link(draft, path) == 0 { return path }
            guard errno == EEXIST else {
                throw StoreError.cannotOpen(path: path, reason: String(cString: strerror(errno)))
            }
        }
    }

    private struct AnyEncodable: Encodable {
        let value: any Encodable

        init(_ value: any Encodable) { self.value = value }

        func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
    }
}

extension DecodingError {
    /// Where in the file and what, in few words.
    fileprivate var place: String {
        switch self {
        case .keyNotFound(let key, let context): "\(Self.path(context))has no '\(key.stringValue)'"
        case .valueNotFound(_, let context), .typeMismatch(_, let context), .dataCorrupted(let context):
            "\(Self.path(context))\(context.debugDescription)"
        @unknown default: "\(self)"
        }
    }

    private static func path(_ context: Context) -> String {
        context.codingPath.isEmpty ? "" : context.codingPath.map(\.stringValue).joined(separator: ".") + ": "
    }
}
