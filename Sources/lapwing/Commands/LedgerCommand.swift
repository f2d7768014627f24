import ArgumentParser
import Foundation
import LapwingHub
import LapwingStore

/// `lapwing ledger`: the record of every request.
struct LedgerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger", abstract: "Verify, sign, export, reprice, reconcile, back up or restore the ledger.",
        subcommands: [
            Verify.self, Checkpoint.self, Export.self, Reprice.self, Reconcile.self, Backup.self, Restore.self,
        ])

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check that no entry was changed, added or removed.",
            discussion: """
                Recomputes the chain of hashes over all entries, beside a running server. Keep the printed head somewhere \
                else, and compare: as long as it comes up again, nothing before it was changed.

                  lapwing ledger verify
                  lapwing ledger verify --checkpoint /mnt/elsewhere/checkpoints.jsonl
                """)

        @OptionGroup var options: ConfigurationOptions
        @OptionGroup var checkpoints: CheckpointOptions
        @Flag(help: "Print one JSON object.") var json = false

        func run() async throws {
            let configuration = try options.load()
            let ledger = try openLedger(configuration)
            let checkpoints = try checkpoints.load(configuration)
            let result = try await showingProgress("verifying", of: "entries") { progress in
                try ledger.verify(against: checkpoints, progress: progress)
            }
            if json {
                try Output.standard.json(result)
            } else if result.failure == nil {
                Output.standard.line(
                    "The ledger is sound: \(Figures.grouped(Int(result.entryCount))) entries with "
                        + "\(Figures.grouped(Int(result.callCount))) calls, head \(result.head)")
                if let last = checkpoints.max(by: { $0.entryCount < $1.entryCount }) {
                    let count = checkpoints.count
                    let holding =
                        count == 1 ? "The checkpoint holds," : "All \(count) checkpoints hold, the last"
                    Output.standard.line(
                        holding + " over \(Figures.grouped(Int(last.entryCount))) entries; signed by \(last.publicKey)")
                }
            }
            guard let failure = result.failure else { return }
            let place = failure.sequence.map { "entry \($0)" } ?? "the file"
            throw Failure(
                json
                    ? nil
                    : "the ledger is damaged at \(place)\(failure.requestID.map { " (\($0))" } ?? ""): \(failure.reason); "
                        + "the \(result.entryCount) entries before it are sound")
        }
    }

    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write every entry to standard output.",
            discussion: """
                  lapwing ledger export --format jsonl > ledger.jsonl
                  lapwing ledger export --format csv --since 2026-11-01 --until 2026-12-01 > november.csv
                """)

        @OptionGroup var options: ConfigurationOptions
        @OptionGroup var period: PeriodOptions
        @Option(help: "csv or jsonl.") var format: ExportFormat = .jsonl

        func run() throws {
            let configuration = try options.load()
            try openLedger(configuration).export(format, period: period.period) { piece in
                Output.standard.write(piece)
            }
        }
    }

    struct Backup: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Copy the ledger to a file, also while the server runs.",
            discussion: "  lapwing ledger backup /mnt/backup/ledger-2026-11-23.sqlite")

        @OptionGroup var options: ConfigurationOptions
        @Argument(help: "The file to write.") var file: String
        @Flag(help: "Overwrite the file.") var force = false
        @Flag(help: "Print one JSON object.") var json = false

        func run() async throws {
            let ledger = try openLedger(options.load())
            let result = try await showingProgress("copying", of: "pages") { [file, force] progress in
                try ledger.backup(to: file, force: force) { progress(Int64($0), Int64($1)) }
            }
            if let failure = result.failure {
                throw Failure("the copy \(file) was kept, but the ledger is damaged: \(failure.reason)")
            }
            try tell(result, path: file, json: json)
        }
    }

    struct Restore: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put a backup in the place of the ledger.",
            discussion: """
                The server must not be running. The backup is verified first; the ledger is replaced at once or not at all.

                  lapwing ledger restore /mnt/backup/ledger-2026-11-23.sqlite --force
                """)

        @OptionGroup var options: ConfigurationOptions
        @Argument(help: "The backup.") var file: String
        @Flag(help: "Replace a ledger that is there.") var force = false
        @Flag(help: "Print one JSON object.") var json = false

        func run() async throws {
            let configuration = try options.load()
            // Before anything is made: a mistyped path is to leave nothing behind.
            _ = try LedgerReader(path: file)
            try configuration.makeDataFolder()
            let path = configuration.ledgerPath
            let result = try await showingProgress("copying", of: "pages") { [file, force] progress in
                try Ledger.restore(from: file, to: path, force: force) { progress(Int64($0), Int64($1)) }
            }
            try tell(result, path: path, json: json)
        }
    }
}

/// Runs `work` with a bar on a terminal, and cancels it at Ctrl-C, so that it removes what it has half written.
private func showingProgress<Value: Sendable>(
    _ label: String, of unit: String,
    _ work: @escaping @Sendable (_ progress: (Int64, Int64) -> Void) throws -> Value
) async throws -> Value {
    try await cancellingOnInterrupt {
        var display = ProgressDisplay(label: label, output: .error)
        defer { display.finish() }
        return try work { done, total in
            guard Output.error.terminal.isInteractive else { return }
            display.update(done: done, total: total, detail: "\(done) of \(total) \(unit)")
        }
    }
}

private func tell(_ result: VerifyResult, path: String, json: Bool) throws {
    if json { return try Output.standard.json(result) }
    Output.standard.line("\(path): \(Figures.grouped(Int(result.entryCount))) entries, head \(result.head)")
}

extension ExportFormat: ExpressibleByArgument {}

/// The configuration's ledger for reading. Throws `Failure` where there is none yet.
func openLedger(_ configuration: Configuration) throws -> LedgerReader {
    guard FileManager.default.fileExists(atPath: configuration.ledgerPath) else {
        throw Failure(
            "there is no ledger at \(configuration.ledgerPath) yet; `lapwing serve` or `lapwing demo` begins one")
    }
    return try LedgerReader(path: configuration.ledgerPath)
}
