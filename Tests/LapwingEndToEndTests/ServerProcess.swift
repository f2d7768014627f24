import Foundation
import LapwingTestSupport
import Testing

/// A real `lapwing serve` on a free loopback port, with a configuration and a data folder of its own.
final class ServerProcess {
    let baseURL: String
    let processID: Int32
    private let process: Process
    private let output: Pipe

    /// Starts the binary and returns once it says where it listens. `prefix` is a command that runs it, such as strace.
    static func start(in folder: TestFolder, prefix: [String] = [], options: [String] = []) throws -> ServerProcess {
        let command = prefix + [try Binary.path(), "serve", "--config", folder.configuration, "--port", "0"] + options
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        let output = Pipe()
        process.standardOutput = output
        process.standardError = try folder.logHandle()
        try process.run()
        var seen = ""
        while let chunk = try output.fileHandleForReading.read(upToCount: 1), !chunk.isEmpty {
            seen += String(decoding: chunk, as: UTF8.self)
            if seen.hasSuffix("\n"), let url = seen.firstMatch(of: /listening on (https?:\/\/[0-9.:]+)/)?.1 {
                return ServerProcess(baseURL: String(url), process: process, output: output)
            }
        }
        process.waitUntilExit()
        throw StartFailure(output: seen + ((try? String(contentsOfFile: folder.log, encoding: .utf8)) ?? ""))
    }

    private init(baseURL: String, process: Process, output: Pipe) {
        self.baseURL = baseURL
        self.process = process
        self.output = output
        processID = process.processIdentifier
    }

    /// Ends the process at once, as a power cut would end it for its clients.
    func kill() {
        Foundation.kill(processID, SIGKILL)
        process.waitUntilExit()
    }

    /// Asks for a graceful end and returns the exit status.
    @discardableResult
    func stop() -> Int32 {
        terminate()
        return wait()
    }

    /// Asks it to read its configuration anew.
    func hangUp() { Foundation.kill(processID, SIGHUP) }

    /// Asks for a graceful end, and does not wait for it.
    func terminate() { process.terminate() }

    /// Waits for the end and returns the exit status.
    func wait() -> Int32 {
        process.waitUntilExit()
        return process.terminationStatus
    }

    deinit { if process.isRunning { Foundation.kill(processID, SIGKILL) } }

    struct StartFailure: Error, CustomStringConvertible {
        let output: String
        var description: String { "the server did not start: \(output)" }
    }
}

/// The `lapwing` binary that was built together with these tests.
enum Binary {
    static func path() throws -> String {
        if let named = ProcessInfo.processInfo.environment["LAPWING_BINARY"] { return named }
        let tests = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        return tests.deletingLastPathComponent().appending(path: "lapwing").path
    }

    struct Outcome {
        let status: Int32
        let standardOutput: String
        let standardError: String
    }

    /// Runs a subcommand to its end.
    static func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Outcome {
        try Command.run([try path()] + arguments, environment: environment)
    }
}

/// Any program, run to its end with its output collected.
enum Command {
    static func run(_ command: [String], environment: [String: String] = [:]) throws -> Binary.Outcome {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let folder = try TestFolder()
        let files = try ["out", "err"].map { name in
            let path = folder.path + "/" + name
            try Data().write(to: URL(filePath: path))
            return try #require(FileHandle(forWritingAtPath: path))
        }
        process.standardOutput = files[0]
        process.standardError = files[1]
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return Binary.Outcome(
            status: process.terminationStatus,
            standardOutput: try String(contentsOfFile: folder.path + "/out", encoding: .utf8),
            standardError: try String(contentsOfFile: folder.path + "/err", encoding: .utf8))
    }
}

/// A folder that is removed when the test ends, with the paths a server needs.
final class TestFolder {
    let path: String
    var configuration: String { path + "/lapwing.yaml" }
    var log: String { path + "/server.log" }
    var data: String { path + "/data" }

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "lapwing-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes `lapwing.yaml` for one local model, with a route `support` whose threshold no answer reaches.
    func configure(model: String, name: String = "smollm2", context: Int = 8192) throws {
        try write(
            models: ["\(name): { weights: \"\(model)\", context: \(context), pooling: mean }"],
            routes: "routes: { support: { open: \(name), hold: 48, escalate: { below: 1.0 } } }")
    }

    /// Writes `lapwing.yaml` with a line for each model.
    func write(models: [String], routes: String = "") throws {
        let yaml = """
            server: { host: 127.0.0.1, port: 8080 }
            data: ./data
            machine: { usd_per_hour: 0.10 }
            models:
            \(models.map { "  " + $0 }.joined(separator: "\n"))
            \(routes)
            report: { counterfactual: gpt-4-turbo }

            """
        try yaml.write(toFile: configuration, atomically: true, encoding: .utf8)
    }

    fileprivate func logHandle() throws -> FileHandle {
        if !FileManager.default.fileExists(atPath: log) { try Data().write(to: URL(filePath: log)) }
        let handle = try #require(FileHandle(forWritingAtPath: log))
        try handle.seekToEnd()
        return handle
    }
}

/// What the machine running the tests has beyond the package itself.
enum Resources {
    private static let environment = ProcessInfo.processInfo.environment
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The default model's file.
    static let model = existing(DefaultModel.path)
    /// The folder of the embedding model.
    static let encoder = existing(environment["LAPWING_MINILM"] ?? root.path + "/models/all-MiniLM-L6-v2")
    /// The folder of public data sets.
    static let data = existing(environment["LAPWING_DATA"] ?? root.deletingLastPathComponent().path + "/shared/data")
    /// A Python that has the client packages.
    static let python = existing(environment["LAPWING_PYTHON"] ?? root.path + "/.cache/clients/bin/python")

    static func script(_ name: String) -> String { file("Scripts/" + name) }
    static func file(_ path: String) -> String { root.path + "/" + path }

    private static func existing(_ path: String) -> String? {
        FileManager.default.fileExists(atPath: path) ? path : nil
    }
}
