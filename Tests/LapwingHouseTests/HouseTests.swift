import Foundation
import Testing

/// What must hold for the whole tree: layers, lengths, escapes from the type system.
@Suite struct HouseTests {
    @Test("Every import is one that the table allows its target")
    func importsKeepToTheTable() throws {
        let table = ImportTable(try Tree.text("Scripts/imports.txt"))
        let files = try Tree.swiftFiles(under: "Sources") + Tree.swiftFiles(under: "Benchmarks")
        #expect(files.count > 40)
        #expect(files.flatMap { table.violations(in: $0.text, target: $0.target, file: $0.path) } == [])
    }

    @Test("The table allows nothing that no file of its target imports")
    func theTableHasNoUnusedLines() throws {
        let table = ImportTable(try Tree.text("Scripts/imports.txt"))
        var imported: [String: Set<String>] = [:]
        for file in try Tree.swiftFiles(under: "Sources") + Tree.swiftFiles(under: "Benchmarks") {
            imported[file.target, default: []].formUnion(ImportTable.imports(in: file.text))
        }
        for (target, allowed) in table.allowed {
            #expect(allowed.subtracting(imported[target] ?? []) == [], "\(target)")
        }
    }

    @Test("An import that the table does not allow is found, in every spelling")
    func aForbiddenImportIsFound() {
        let table = ImportTable("# comment\nLapwingText:\nLapwingEngine: LapwingText Logging\n")
        for line in [
            "import LapwingEngine", "package import LapwingEngine", "@preconcurrency import LapwingEngine",
            "import struct LapwingEngine.Engine", "  import LapwingEngine.Sub", "import LapwingEngine  // why",
        ] {
            #expect(
                table.violations(in: "import Foundation\n\(line)\n", target: "LapwingText", file: "A.swift") == [
                    "A.swift: LapwingText may not import LapwingEngine"
                ])
        }
        #expect(table.violations(in: "import LapwingText\n// import GRDB\n", target: "LapwingEngine", file: "B") == [])
        #expect(table.violations(in: "", target: "Unknown", file: "C").count == 1)
    }

    @Test("The table's arrows only point to targets listed before")
    func theTableHasNoCycle() throws {
        var seen: Set<String> = ["CLapwingKernels"]
        for line in try Tree.text("Scripts/imports.txt").split(separator: "\n") where !line.hasPrefix("#") {
            let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
            let ours = parts.dropFirst().joined().split(separator: " ").filter { $0.contains("Lapwing") }
            for module in ours { #expect(seen.contains(String(module)), "\(parts[0]) imports \(module)") }
            seen.insert(parts[0])
        }
    }

    @Test("Escapes from the compiler's checks stand only in files of the allow-list")
    func escapesAreListed() throws {
        let allowed = Set(
            try Tree.text("Scripts/unsafe-allowlist.txt").split(separator: "\n").filter { !$0.hasPrefix("#") }
                .compactMap { $0.split(separator: " ").first.map(String.init) })
        let escapes = ["@unchecked Sendable", "nonisolated(unsafe)", "try!", "fatalError("]
        let found = try Tree.swiftFiles(under: "Sources").filter { file in
            !allowed.contains(file.path) && escapes.contains(where: file.text.contains)
        }
        #expect(found.map(\.path) == [])
    }

    @Test("No source file is longer than 600 lines")
    func filesAreShort() throws {
        let long = try Tree.swiftFiles(under: "Sources").filter {
            $0.text.split(separator: "\n", omittingEmptySubsequences: false).count > 601
        }
        #expect(long.map(\.path) == [])
    }
}

/// The package's own files, found from where this file lies.
enum Tree {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    struct File {
        let path: String
        let text: String
        /// The folder below `Sources` or `Benchmarks`, which is named like its target.
        var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }
    }

    static func swiftFiles(under folder: String) throws -> [File] {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: folder).path)
        return try paths.filter { $0.hasSuffix(".swift") }.sorted().map {
            File(path: "\(folder)/\($0)", text: try text("\(folder)/\($0)"))
        }
    }
}
