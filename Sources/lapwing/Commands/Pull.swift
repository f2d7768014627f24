import ArgumentParser
import Foundation
import LapwingHub

/// `lapwing pull`: a model from the hub to the disk.
struct Pull: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fetch a model from the Hugging Face hub.",
        discussion: """
            Fetches one GGUF file, goes on where an earlier run broke off, and verifies its SHA-256 before it gets its name. \
            HF_TOKEN is sent for private and gated models; HF_ENDPOINT names another hub.

              lapwing pull bartowski/SmolLM2-360M-Instruct-GGUF:Q8_0
              lapwing pull owner/name:file.gguf --output /srv/models
            """)

    @Argument(help: ArgumentHelp("owner/name, or owner/name:file.", valueName: "model"))
    var model: String

    @Option(name: .shortAndLong, help: ArgumentHelp("The folder to put it in.", valueName: "folder"))
    var output = "models"

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
                try await Self.pull(reference, to: folder, client: client)
            }
        }
        if json { return try Output.standard.json(Result(pulled)) }
        Output.standard.line(
            pulled.wasFetched
                ? "\(pulled.path)  \(ByteCount(pulled.file.size)), verified"
                : "\(pulled.path) is there already, verified")
    }

    private struct Result: Encodable {
        var path: String
        var bytes: Int64
        var sha256: String?
        /// False where it lay there already.
        var fetched: Bool

        init(_ pulled: PulledFile) {
            path = pulled.path
            bytes = pulled.file.size
            sha256 = pulled.file.sha256
            fetched = pulled.wasFetched
        }
    }

    private static func pull(_ reference: HubReference, to folder: String, client: HubClient) async throws -> PulledFile
    {
        Output.error.line("asking the hub for \(reference.repository)")
        let file = try reference.choose(among: await client.files(of: reference))
        let path = URL(filePath: folder).appending(path: file.name).path
        let meter = PullMeter(label: file.name, output: .error)
        defer { meter.finish() }
        return try await Download(client: client, reference: reference, file: file, path: path).run { meter.update($0) }
    }
}
