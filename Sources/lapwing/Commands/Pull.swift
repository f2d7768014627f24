import ArgumentParser
import Foundation
import LapwingHub

/// `lapwing pull`: a model from the hub to the disk.
struct Pull: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fetch a model from the Hugging Face hub.",
        discussion: """
            Fetches a GGUF file, all parts of one, or a folder with config.json, tokenizer and safetensors files; goes on \
            where an earlier run broke off, and verifies each file before it gets its name. Behind an @ stands a branch, tag \
            or commit, behind a colon what is meant where there are several. HF_TOKEN is sent for private and gated models; \
            HF_ENDPOINT names another hub.

              lapwing pull bartowski/SmolLM2-360M-Instruct-GGUF:Q8_0
              lapwing pull HuggingFaceTB/SmolLM2-360M-Instruct
              lapwing pull owner/name@v1.0:file.gguf --output /srv/models
            """)

    @Argument(help: ArgumentHelp("owner/name[@revision][:file].", valueName: "model"))
    var model: String

    @Option(name: .shortAndLong, help: ArgumentHelp("The folder to put it in.", valueName: "folder"))
    var output = Models.List.folder

    @Flag(help: "Print one JSON object.") var json = false

    func validate() throws {
        do {
            _ = try HubReference(model)
        } catch {
            throw ValidationError(error.description)
        }
    }

    func run() async throws {
        let reference = try HubReference(model)
        let folder = output
        let pulled = try await cancellingOnInterrupt {
            try await HubClient.use(environment: ProcessInfo.processInfo.environment) { client in
                Output.error.line("asking the hub for \(reference.repository)")
                let meter = PullMeter(label: reference.name, output: .error)
                defer { meter.finish() }
                return try await HubPull(client: client, reference: reference, folder: folder).run { meter.update($0) }
            }
        }
        if json { return try Output.standard.json(Result(pulled)) }
        let commit = pulled.snapshot.commit.prefix(12)
        Output.standard.line(
            pulled.wasFetched
                ? "\(pulled.path)  \(ByteCount(pulled.size)), verified, \(reference.repository) at \(commit)"
                : "\(pulled.path) is there already, verified")
    }

    private struct Result: Encodable {
        struct File: Encodable {
            var path: String
            var bytes: Int64
            var sha256: String
            /// False where it lay there already.
            var fetched: Bool
        }

        var path: String
        var bytes: Int64
        var repository: String
        var commit: String
        var files: [File]

        init(_ pulled: PulledModel) {
            path = pulled.path
            bytes = pulled.size
            repository = pulled.snapshot.repository
            commit = pulled.snapshot.commit
            files = pulled.files.map { file in
                File(path: file.path, bytes: file.file.size, sha256: file.sha256, fetched: file.wasFetched)
            }
        }
    }
}
