import Foundation
import LapwingRouter
import LapwingStatistics
import LapwingStore

/// What a route reads from files of its own, each time that a configuration is put in place.
struct RouteFiles {
    var labels: RouteLabels?
    var calibrator: Calibrator?
    var gate: (file: GateFile, threshold: Double)?

    /// Throws `Failure`, which names the route.
    init(_ route: Configuration.Route, dataFolder: String) throws {
        do {
            calibrator = try route.calibrator.map { try Self.calibrators(in: dataFolder).newest($0) }
            labels = try route.labels.map { try Self.labels($0, judgedBy: calibrator, dataFolder: dataFolder) }
            try calibrator?.checkFit(
                route: route.name, model: route.open, labels: labels?.names, head: labels?.head?.fullName,
                embedder: route.embedder)
            if let head = labels?.head, let embedder = head.embedder, route.embedder != embedder {
                throw Failure(
                    "found \(route.embedder.map { "'embedder: \($0)'" } ?? "no 'embedder'") beside the head '\(head.name)', expected "
                        + "'embedder: \(embedder)', as it was fitted; else fit it again with `lapwing calibrate head \(route.name)`"
                )
            }
            if let head = labels?.head, let canary = route.canary {
                throw Failure(
                    "found the candidate '\(canary.candidate)' beside the head '\(head.name)', expected no canary: a head is "
                        + "fitted to one model's scores or vectors")
            }
            if let wanted = route.gate {
                let file: GateFile = try GateFile.folder(dataFolder).newest(wanted.name)
                let threshold =
                    switch wanted.rule {
                    case .fitted: file.threshold
                    case .share(let share): file.threshold(forShare: share)
                    case .above(let gain): gain
                    }
                gate = (file, threshold)
            }
        } catch let failure as Failure {
            throw Failure("route '\(route.name)': \(failure.message ?? "")")
        } catch {
            throw Failure("route '\(route.name)': \(error)")
        }
    }

    /// All that decides about the route's answers: the versions that were read, and the labels.
    var identity: [String] {
        [
            calibrator?.fullName, labels?.head?.fullName,
            gate.map { "\($0.file.name)-v\($0.file.version) over \($0.threshold)" },
        ].compactMap(\.self) + (labels?.names ?? [])
    }

    static func calibrators(in dataFolder: String) -> VersionedFiles {
        VersionedFiles(folder: dataFolder + "/calibrators")
    }

    static func heads(in dataFolder: String) -> VersionedFiles { VersionedFiles(folder: dataFolder + "/heads") }

    /// Of a head that version that the calibrator was fitted to, so that the two go together from one fit to the next; the
    /// newest where there is no calibrator.
    private static func labels(
        _ labels: Configuration.Route.Labels, judgedBy calibrator: Calibrator?, dataFolder: String
    ) throws -> RouteLabels {
        switch labels {
        case .list(let names): return .scored(names)
        case .request: return .scored([])
        case .file(let path): return .scored(try read(path))
        case .head(let name):
            let heads = heads(in: dataFolder)
            let judged = heads.versions(of: name).first { calibrator?.head == "\(name)-v\($0)" }
            let head: LabelHead = try judged.map { try heads.read(name, version: $0) } ?? heads.newest(name)
            if let defect = head.defect {
                throw Failure("the head '\(name)' has \(defect); fit it again with `lapwing calibrate head`")
            }
            return .head(head)
        }
    }

    /// How a person is told that a newer head waits for a calibrator; nil where none does.
    func headLine(_ route: Configuration.Route, dataFolder: String) -> String? {
        guard let head = labels?.head, calibrator != nil,
            let newest = Self.heads(in: dataFolder).versions(of: head.name).last, newest != head.version
        else { return nil }
        return "\(route.name): answers by the head \(head.fullName), which its calibrator was fitted to; "
            + "`lapwing calibrate \(route.name)` fits one to \(head.name)-v\(newest)"
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
    /// Throws `Failure` where a route's labels, calibrator or gate cannot be used.
    func checkRouteFiles() throws {
        for route in routes {
            let files = try RouteFiles(route, dataFolder: dataFolder)
            if let embedder = route.embedder, model(named: embedder)?.local == nil {
                throw Failure(
                    "routes.\(route.name).embedder: found '\(embedder)', expected an embedding model that runs here")
            }
            if let file = files.gate?.file, file.model.embeddingLength != nil,
                file.embedding.flatMap({ model(named: $0) })?.local == nil
            {
                throw route.lacksVectors(of: file)
            }
        }
    }
}
