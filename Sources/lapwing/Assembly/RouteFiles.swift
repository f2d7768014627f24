import Foundation
import LapwingRouter
import LapwingStore

/// What a route reads from files of its own, each time that a configuration is put in place.
struct RouteFiles {
    var labels: RouteLabels?
    var calibrator: Calibrator?

    /// Throws `Failure`, which names the route.
    init(_ route: Configuration.Route, dataFolder: String) throws {
        do {
            labels = try route.labels.map { try Self.labels($0, dataFolder: dataFolder) }
            if let name = route.calibrator {
                let found: Calibrator = try Self.calibrators(in: dataFolder).newest(name)
                try found.checkFit(route: route.name, model: route.open, labels: labels?.names)
                calibrator = found
            }
        } catch let failure as Failure {
            throw Failure("route '\(route.name)': \(failure.message ?? "")")
        } catch {
            throw Failure("route '\(route.name)': \(error)")
        }
    }

    static func calibrators(in dataFolder: String) -> VersionedFiles {
        VersionedFiles(folder: dataFolder + "/calibrators")
    }

    static func heads(in dataFolder: String) -> VersionedFiles { VersionedFiles(folder: dataFolder + "/heads") }

    private static func labels(_ labels: Configuration.Route.Labels, dataFolder: String) throws -> RouteLabels {
        switch labels {
        case .list(let names): return .scored(names)
        case .file(let path): return .scored(try read(path))
        case .head(let name):
            let head: LabelHead = try heads(in: dataFolder).newest(name)
            if let defect = head.defect {
                throw Failure("the head '\(name)' has \(defect); fit it again with `lapwing calibrate head`")
            }
            return .head(head)
        }
    }

    /// A JSON list of strings, or a label a line.
    static func read(_ path: String) throws -> [String] {
        guard let data = FileManager.default.contents(atPath: path), let text = String(validating: data, as: UTF8.self)
        else { throw Failure("there is no file of labels '\(path)'") }
        let labels =
            (try? JSONDecoder().decode([String].self, from: data))
            ?? text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty }
        if let reason = NodeReader.refusal(of: labels) {
            throw Failure("'\(path)': found \(reason), expected different labels, two or more")
        }
        return labels
    }
}

extension Configuration {
    /// Throws `Failure` where a route's labels or calibrator cannot be used.
    func checkRouteFiles() throws {
        for route in routes { _ = try RouteFiles(route, dataFolder: dataFolder) }
    }
}
