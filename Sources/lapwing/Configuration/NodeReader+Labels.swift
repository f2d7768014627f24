import Foundation
import Yams

extension NodeReader {
    private static let expectedLabels =
        "a list of labels such as [refund, delivery], { file: labels.json }, { head: NAME } or request"
    /// More would not fit the engine's queue at once.
    private static let mostLabels = 1000

    /// The labels that a route answers with.
    mutating func labels(_ field: Field, folder: URL) -> Configuration.Route.Labels? {
        if case .sequence = field.node {
            guard let elements = elements(of: field, expected: Self.expectedLabels) else { return nil }
            let labels = elements.compactMap { string($0, expected: "a label") }
            if let reason = Self.refusal(of: labels) {
                refuse(field, found: reason, expected: "from 2 to \(Self.mostLabels) different labels")
                return nil
            }
            return .list(labels)
        }
        if case .scalar(let scalar) = field.node {
            if scalar.string == "request" { return .request }
            refuse(field, found: "'\(scalar.string)'", expected: Self.expectedLabels)
            return nil
        }
        guard let given = fields(of: field, known: ["file", "head"]) else { return nil }
        guard given.count == 1, let (key, value) = given.first else {
            refuse(field, found: given.isEmpty ? "nothing" : "both of them", expected: Self.expectedLabels)
            return nil
        }
        if key == "head" { return fileName(value).map(Configuration.Route.Labels.head) }
        guard let path = string(value, expected: "a file of labels") else { return nil }
        return .file(Configuration.absolute(path, in: folder))
    }

    /// Why these cannot be labels; nil where they can.
    static func refusal(of labels: [String]) -> String? {
        var seen: Set<String> = []
        if let again = labels.first(where: { !seen.insert($0).inserted }) { return "'\(again)' twice" }
        if labels.contains(where: { $0.allSatisfy(\.isWhitespace) }) { return "an empty label" }
        return (2...mostLabels).contains(labels.count) ? nil : "\(labels.count) of them"
    }

    /// The name of a versioned file in the data folder.
    mutating func fileName(_ field: Field) -> String? {
        guard let name = string(field, expected: FileName.expected) else { return nil }
        guard FileName.isOne(name) else {
            refuse(field, found: "'\(name)'", expected: FileName.expected)
            return nil
        }
        return name
    }
}
