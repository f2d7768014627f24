import ArgumentParser
import Foundation
import LapwingStore

extension LedgerCommand {
    struct Checkpoint: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sign how far the ledger has come.",
            discussion: """
                Verifies the chain, then adds a line to checkpoints.jsonl beside the ledger: entries, head of the chain, time, public key and \
                signature. Keep the lines and the public key where nobody can write who can write here; \
                `lapwing ledger verify --checkpoint` then also finds entries that were cut off the end and a ledger that was \
                written anew. The private key is made on first use, in checkpoint.key.

                  lapwing ledger checkpoint
                  lapwing ledger checkpoint --output /mnt/elsewhere/checkpoints.jsonl --json
                """)

        @OptionGroup var options: ConfigurationOptions
        @Option(help: ArgumentHelp("The file to add the line to.", valueName: "file")) var output: String?
        @Flag(help: "Sign the end of the chain without reading the rest of it.") var quick = false
        @Flag(help: "Print the line that was added.") var json = false

        func run() throws {
            let configuration = try options.load()
            let ledger = try openLedger(configuration)
            if !quick, let failure = try ledger.verify().failure {
                let place = failure.sequence.map { " at entry \(Figures.grouped(Int($0)))" } ?? ""
                throw Failure("the ledger is damaged\(place): \(failure.reason); nothing was signed")
            }
            let key = try CheckpointKey(path: configuration.checkpointKeyPath)
            let checkpoint = try ledger.checkpoint(
                signing: key, at: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)))
            let file = output ?? configuration.dataFolder + "/checkpoints.jsonl"
            let line = try checkpoint.line()
            try Self.append(line, to: file)
            if json { return Output.standard.write(line) }
            Output.standard.line(
                "\(file): \(Figures.grouped(Int(checkpoint.entryCount))) entries, head \(checkpoint.head)")
            Output.standard.line("public key \(checkpoint.publicKey)")
        }

        /// In one write, so that of two lines neither is torn, and on the disk.
        private static func append(_ line: Data, to file: String) throws {
            let descriptor = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { throw failure(file) }
            defer { close(descriptor) }
            let count = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count == line.count, fsync(descriptor) == 0 else { throw failure(file) }
        }

        private static func failure(_ file: String) -> Failure {
            Failure("cannot write '\(file)': \(String(cString: strerror(errno)).lowercased())")
        }
    }
}

/// The checkpoints that `ledger verify` is given.
struct CheckpointOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Lines of `ledger checkpoint`, each of which must still hold.", valueName: "file"))
    var checkpoint: String?
    @Option(
        help: ArgumentHelp(
            "Who must have signed them: the key beside the ledger, or where there is none, the one of the first line.",
            valueName: "key"))
    var publicKey: String?

    func validate() throws {
        if publicKey != nil, checkpoint == nil {
            throw ValidationError("--public-key says who signed the file of --checkpoint.")
        }
    }

    func load(_ configuration: Configuration) throws -> [LapwingStore.Checkpoint] {
        guard let checkpoint else { return [] }
        guard let data = FileManager.default.contents(atPath: checkpoint) else {
            throw Failure("cannot read '\(checkpoint)'")
        }
        let expected = try publicKey ?? CheckpointKey.publicKey(at: configuration.checkpointKeyPath)
        return try LapwingStore.Checkpoint.read(data, signedBy: expected)
    }
}

extension Configuration {
    fileprivate var checkpointKeyPath: String { dataFolder + "/checkpoint.key" }
}
