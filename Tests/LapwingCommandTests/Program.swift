import Foundation
import LapwingAPI
import LapwingStore
import LapwingTestSupport
import Testing

/// The program that was built together with these tests, run in a folder of its own as its users run it.
struct Program {
    struct Outcome {
        let status: Int32
        let output: String
        let error: String
    }

    let folder: TemporaryFolder
    var path: String { folder.path }

    init(yaml: String? = nil) throws {
        folder = try TemporaryFolder()
        if let yaml { try write(yaml, to: "lapwing.yaml") }
    }

    func write(_ text: String, to name: String) throws { _ = try folder.write(Array(text.utf8), to: name) }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(path)/\(name)") }

    var files: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path))?.sorted() ?? [] }

    /// Runs a command to its end, with nothing on standard input.
    func run(_ arguments: [String], output: String? = nil) throws -> Outcome {
        let out = output ?? "\(path)/.out"
        if output == nil { try Data().write(to: URL(filePath: out)) }
        try Data().write(to: URL(filePath: "\(path)/.err"))
        defer { for name in [".out", ".err"] { try? FileManager.default.removeItem(atPath: "\(path)/\(name)") } }
        let process = try process(arguments)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle(forWritingAtPath: out)
        process.standardError = FileHandle(forWritingAtPath: "\(path)/.err")
        try process.run()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus,
            output: output == nil ? try String(contentsOfFile: out, encoding: .utf8) : "",
            error: try String(contentsOfFile: "\(path)/.err", encoding: .utf8))
    }

    /// A command that is to be started; keys of this machine's user are kept from it.
    func process(_ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: Self.binary)
        process.arguments = arguments
        process.currentDirectoryURL = URL(filePath: path)
        process.environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "HOME": path]
        return process
    }

    private static let binary =
        ProcessInfo.processInfo.environment["LAPWING_BINARY"]
        ?? URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "lapwing").path

    /// Enters requests into the ledger of the data folder `data`, one for each user, a month apart from January 2026 on.
    func enter(_ users: String...) async throws {
        try FileManager.default.createDirectory(atPath: "\(path)/data", withIntermediateDirectories: true)
        let ledger = try Ledger(path: "\(path)/data/ledger.sqlite")
        for (index, user) in users.enumerated() {
            var context = RequestContext(requestID: "request-\(user)")
            (context.user, context.keyID, context.tier) = (user, "key-\(user)", "tier-\(user)")
            context.tenant = "tenant-\(user)"
            context.metadata = ["feature": "feature-\(user)"]
            // The 15th of January 2026, and thirty days more each time.
            let start = 1_768_435_200_000 + Int64(index) * 2_592_000_000
            let request = LedgerRequest(
                context, startedAt: start, endpoint: "chat.completions", route: "route-\(user)", model: "model-\(user)")
            let call = CallReceipt(
                model: "model-\(user)", side: .open, role: .kept,
                usage: Usage(promptTokens: 100, completionTokens: 20), cost: NanoUSD(5000),
                priceSource: "machine time", latencyMilliseconds: 700)
            try await ledger.complete(
                LedgerEntry(
                    request, status: .completed, endedAt: start + 700, decision: .open, calls: [call],
                    latencyMilliseconds: 700))
        }
    }
}
