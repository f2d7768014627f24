import ArgumentParser
import Foundation
import LapwingAPI
import LapwingEvaluation

/// Runs tasks for one candidate and stores what comes out.
struct EvaluationSession {
    let candidate: Candidate
    let runs: RunFolder
    let dataFolder: String
    let limit: Int?
    /// Drops what is stored of the same run.
    let startsOver: Bool
    let showsProgress: Bool

    /// The run as it is stored at its end. A run that was stored before goes on, or is given again where it is whole.
    func run(_ file: TaskFile) async throws -> RunRecord {
        let task = file.task
        let folder = DataFolder(path: file.folder ?? dataFolder)
        let items = try ItemMaker(task, folder: folder).items(limit: limit)
        var record = try record(of: file, folder: folder, count: items.count)
        if startsOver { try runs.remove(record.id) }
        let done = try runs.readSamples(of: record.id)
        if let stored = try runs.read(record.id) {
            if stored.isFinished, done.count == items.count { return stored }
            record.startedAt = stored.startedAt
        }
        try runs.write(record)
        let log = try runs.log(of: record.id)
        var display = showsProgress ? ProgressDisplay(label: task.task, output: .error) : nil
        defer { display?.finish() }
        let meter = PaceMeter(done: done.count)
        let samples: [Sample]
        do {
            samples = try await EvaluationRun(
                task, items: items, examinee: candidate.examinee, concurrency: candidate.concurrency
            ).run(done: done) {
                try log.append($0)
            } progress: { done, total in
                display?.update(done: Int64(done), total: Int64(total), detail: meter.detail(done: done, total: total))
            }
        } catch {
            try? log.close()
            throw error
        }
        try log.close()
        record.finish(samples, metrics: task.metrics, at: Self.now())
        try runs.write(record)
        return record
    }

    /// Its folder's name has a mark of all that decides about the scores, so that another setting is another run.
    private func record(of file: TaskFile, folder: DataFolder, count: Int) throws -> RunRecord {
        let dataHash = try ContentDigest.of(files: folder.files(of: file.task))
        let taskHash = ContentDigest.of(file.text)
        let name = candidate.examinee.name
        var identity = [
            taskHash, dataHash, name, candidate.weightsHash ?? "", candidate.settings, candidate.server ?? "",
            "\(Self.scoring)", limit.map(String.init) ?? "all",
            "\(file.task.shotCount)",
        ]
        if file.task.comparesChoices, let wording = candidate.choiceWording { identity.append(wording) }
        let mark = ContentDigest.of(identity.joined(separator: "\n")).prefix(8)
        let plain = String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "_" })
        var record = RunRecord(
            id: "\(file.task.task)-\(plain)-\(mark)", task: file.task, model: name, modelHash: candidate.weightsHash,
            dataHash: dataHash, taskHash: taskHash, limit: limit, software: Lapwing.configuration.version,
            startedAt: Self.now(), questions: count)
        record.server = candidate.server
        if file.task.comparesChoices, let wording = candidate.choiceWording { record.wording = wording }
        return record
    }

    /// Raised where a metric comes to score an answer otherwise, so that runs of before are not taken for runs of now.
    private static let scoring = 2

    private static func now() -> String { Date().ISO8601Format() }
}

/// How fast questions are answered, and how long the rest will take.
struct PaceMeter {
    private let start = ContinuousClock.now
    private let doneBefore: Int

    init(done: Int) { doneBefore = done }

    func detail(done: Int, total: Int) -> String {
        let count = "\(Figures.grouped(done)) of \(Figures.grouped(total))"
        let seconds = start.duration(to: .now) / .seconds(1)
        guard done > doneBefore, done < total, seconds > 0 else { return count }
        let rate = Double(done - doneBefore) / seconds
        let left = Int64(Double(total - done) / rate * 1000)
        return "\(count), \(Figures.fixed(rate, places: 1))/s, \(Figures.duration(milliseconds: left)) left"
    }
}
