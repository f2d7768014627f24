import Foundation
import LapwingAPI
import LapwingHub
import LapwingStore
import Yams

extension Configuration {
    /// Reads and checks a configuration file. Relative paths in it start at its own folder.
    ///
    /// Throws `ConfigurationError`, with every finding at once.
    package static func read(
        path: String, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(ConfigurationError) -> Configuration {
        let url = URL(filePath: path)
        let text: String
        let modified: Date
        do {
            guard let handle = FileHandle(forReadingAtPath: url.path) else {
                let exists = FileManager.default.fileExists(atPath: url.path)
                throw ConfigurationError.unreadable(
                    file: path, reason: exists ? "permission denied" : "there is no such file")
            }
            let bytes = try handle.read(upToCount: YAMLBounds.byteLimit + 1) ?? Data()
            guard let decoded = String(validating: bytes, as: UTF8.self) else {
                throw ConfigurationError.unreadable(file: path, reason: "it is not UTF-8 text")
            }
            text = decoded
            let attributes = try? FileManager.default.attributesOfItem(atPath: url.path)
            modified = attributes?[.modificationDate] as? Date ?? Date(timeIntervalSince1970: 0)
        } catch let error as ConfigurationError {
            throw error
        } catch {
            throw .unreadable(file: path, reason: (error as? CocoaError)?.reason ?? "\(error)")
        }
        let day = Day.text(of: modified)
        return try Configuration(yaml: text, file: url.path, day: day, environment: environment)
    }

    /// Checks the text of a configuration file. `file` is its absolute path; prices that do not say since when they hold
    /// do so from `day` (`YYYY-MM-DD`).
    package init(
        yaml text: String, file: String, day: String, environment: [String: String]
    ) throws(ConfigurationError) {
        if let finding = YAMLBounds.violation(in: text) { throw .invalid(file: file, findings: [finding]) }
        var reader = NodeReader(environment: environment)
        let root = Field(path: "", line: 1, node: try Self.compose(text, file: file))
        guard NodeReader.isSmall(root.node, limit: YAMLBounds.valueLimit) else {
            let message = "found more than \(YAMLBounds.valueLimit) values once aliases are followed, expected fewer"
            throw .invalid(file: file, findings: [Finding(line: nil, key: "", message: message)])
        }
        self.file = file
        let folder = URL(filePath: file).deletingLastPathComponent()
        dataFolder = Self.absolute("data", in: folder)
        let known = ["server", "data", "machine", "log", "evidence", "models", "routes", "report"]
        var routesField: Field?
        var reportField: Field?
        for (key, field) in reader.fields(of: root, known: known) ?? [] {
            switch key {
            case "server": server = reader.server(field, folder: folder)
            case "data":
                dataFolder = Self.absolute(reader.string(field, expected: "a folder") ?? "", in: folder)
            case "log": log = reader.log(field)
            case "evidence": evidence = reader.evidence(field)
            case "machine": machine = reader.machine(field)
            case "models": models = reader.models(field, folder: folder, day: day)
            case "routes": routesField = field
            default: reportField = field
            }
        }
        if reader.findings.isEmpty, models.isEmpty {
            reader.refuse(
                Field(path: "models", line: nil, node: root.node), found: "no model", expected: "at least one")
        }
        // All three name models, which may stand after them in the file.
        reader.check(reader.fallbacks, models: reader.declaredModels)
        if let routesField { routes = reader.routes(routesField, folder: folder) }
        if let reportField { counterfactual = reader.report(reportField, models: models) }
        if evidence.days == 0, let route = routes.first(where: { $0.shadow != nil || $0.canary != nil }) {
            reader.refuse(
                Field(path: "evidence.days", line: nil, node: root.node), found: "0",
                expected: "at least 1, as the route '\(route.name)' is tried by what is remembered")
        }
        warnings = reader.warnings
        let findings = reader.findings
        if !findings.isEmpty { throw .invalid(file: file, findings: findings.sortedByLine()) }
    }

    /// An absolute path for one that is relative to `folder`; `~/` is the home folder.
    package static func absolute(_ path: String, in folder: URL) -> String {
        if path.hasPrefix("~/") {
            return FileManager.default.homeDirectoryForCurrentUser.appending(path: path.dropFirst(2)).standardized.path
        }
        // Made absolute first: of a relative address only what is written in it is standardised, and `..` would be lost.
        return URL(filePath: path, relativeTo: folder).absoluteURL.standardized.path
    }

    private static func compose(_ text: String, file: String) throws(ConfigurationError) -> Node {
        let finding: Finding
        do {
            if let node = try Yams.compose(yaml: text) { return node }
            finding = Finding(line: 1, key: "", message: "found an empty file, expected a mapping (key: value)")
        } catch let error as YamlError {
            var found = Finding(error)
            // What is missing at the end is found on the line after it.
            let text = text.hasSuffix("\n") ? text.dropLast() : text[...]
            let lineCount = text.split(separator: "\n", omittingEmptySubsequences: false).count
            found.line = found.line.map { min($0, lineCount) }
            finding = found
        } catch {
            finding = Finding(line: nil, key: "", message: "it is not valid YAML: \(error)")
        }
        throw .invalid(file: file, findings: [finding])
    }
}

extension Finding {
    /// What the YAML parser found, without the text around it, which may hold a key.
    fileprivate init(_ error: YamlError) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            self.init(line: mark.line, key: "", message: "it is not valid YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.map { "'\($0)'" }.joined(separator: ", ")
            self.init(
                line: context.mark.line, key: "", message: "found the key \(names) more than once, expected once")
        case .reader(let problem, _, _, _):
            self.init(line: nil, key: "", message: "it is not valid YAML: \(problem)")
        default:
            self.init(line: nil, key: "", message: "it is not valid YAML")
        }
    }
}

extension [Finding] {
    fileprivate func sortedByLine() -> [Finding] {
        enumerated().sorted { ($0.element.line ?? .max, $0.offset) < ($1.element.line ?? .max, $1.offset) }
            .map(\.element)
    }
}
