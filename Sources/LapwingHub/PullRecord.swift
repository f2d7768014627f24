import Foundation

/// What was pulled and from where, kept beside a model as `MODEL.lapwing-pulled`, so that it can be verified later.
package struct PullRecord: Hashable, Sendable, Codable {
    package struct File: Hashable, Sendable, Codable {
        /// From the model's folder, or from the one that the model's file lies in.
        package var path: String
        package var size: Int64
        package var sha256: String
    }

    package var repository: String
    package var revision: String
    package var commit: String
    package var card: ModelCard?
    package var files: [File]

    static func path(of model: String) -> String { "\(model).lapwing-pulled" }

    /// nil for a model that was not pulled by this program. Throws where the record is there and cannot be read.
    package init?(of model: String) throws(HubError) {
        let path = Self.path(of: model)
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        do {
            self = try JSONDecoder().decode(Self.self, from: data)
        } catch {
            throw .cannotRead(path: path, reason: "it is no record of a pull")
        }
    }

    init(_ snapshot: HubSnapshot, files: [File]) {
        (repository, revision, commit) = (snapshot.repository, snapshot.revision, snapshot.commit)
        (card, self.files) = (snapshot.card, files)
    }

    func write(of model: String) throws(HubError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        let path = Self.path(of: model)
        do {
            try encoder.encode(self).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw .cannotWrite(path: path, reason: (error as? CocoaError)?.reason ?? "\(error)")
        }
    }
}
