import Foundation

/// The folder of stored runs: each a folder of its own with `run.json` and `samples.jsonl`.
package struct RunFolder: Sendable {
    private let path: String

    package init(path: String) { self.path = path }

    package func folder(of id: String) -> String { path + "/" + id }
    private func record(of id: String) -> String { folder(of: id) + "/run.json" }
    private func samples(of id: String) -> String { folder(of: id) + "/samples.jsonl" }

    /// Every run, finished or not, by task, model and start; `onDamage` is told of those that cannot be read.
    package func runs(onDamage: (EvaluationError) -> Void = { _ in }) -> [RunRecord] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { return [] }
        return names.sorted().compactMap { name in
            do { return try read(name) } catch let error as EvaluationError {
                onDamage(error)
            } catch {
                onDamage(.badRun(path: record(of: name), reason: "\(error)"))
            }
            return nil
        }.sorted { ($0.task, $0.model, $0.startedAt, $0.id) < ($1.task, $1.model, $1.startedAt, $1.id) }
    }

    /// nil where there is no such run.
    package func read(_ id: String) throws -> RunRecord? {
        guard let data = FileManager.default.contents(atPath: record(of: id)) else { return nil }
        do {
            return try JSONDecoder().decode(RunRecord.self, from: data)
        } catch {
            throw EvaluationError.badRun(path: record(of: id), reason: "it does not read as one")
        }
    }

    package func write(_ run: RunRecord) throws {
        try FileManager.default.createDirectory(atPath: folder(of: run.id), withIntermediateDirectories: true)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        try encoder.encode(run).write(to: URL(filePath: record(of: run.id)), options: .atomic)
    }

    package func remove(_ id: String) throws {
        guard FileManager.default.fileExists(atPath: folder(of: id)) else { return }
        try FileManager.default.removeItem(atPath: folder(of: id))
    }

    /// In the order of their questions. A last line that was cut off is passed over: its question is asked again.
    package func readSamples(of id: String) throws -> [Sample] {
        guard let data = FileManager.default.contents(atPath: samples(of: id)) else { return [] }
        let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true)
        let endsWell = data.last == UInt8(ascii: "\n")
        let decoder = JSONDecoder()
        var byQuestion: [Int: Sample] = [:]
        for (index, line) in lines.enumerated() where endsWell || index < lines.count - 1 {
            do {
                let sample = try decoder.decode(Sample.self, from: Data(line))
                byQuestion[sample.id] = sample
            } catch {
                throw EvaluationError.badRun(path: samples(of: id), reason: "line \(index + 1) is no sample")
            }
        }
        return byQuestion.values.sorted { $0.id < $1.id }
    }

    /// Opens a run's samples to add to them; what was cut off is taken away first.
    package func log(of id: String) throws -> SampleLog { try SampleLog(path: samples(of: id)) }
}

/// Writes samples as they come, each a whole line.
package final class SampleLog {
    private let handle: FileHandle
    private let encoder = JSONEncoder()

    init(path: String) throws {
        let files = FileManager.default
        guard files.fileExists(atPath: path) || files.createFile(atPath: path, contents: nil),
            let handle = FileHandle(forUpdatingAtPath: path)
        else {
            throw EvaluationError.unreadable(path: path, expected: "a file that can be written")
        }
        self.handle = handle
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let content = try handle.readToEnd() ?? Data()
        let whole = content.lastIndex(of: UInt8(ascii: "\n")).map { $0 - content.startIndex + 1 } ?? 0
        try handle.truncate(atOffset: UInt64(whole))
        try handle.seek(toOffset: UInt64(whole))
    }

    package func append(_ sample: Sample) throws {
        try handle.write(contentsOf: try encoder.encode(sample) + Data("\n".utf8))
    }

    package func close() throws { try handle.close() }
}
