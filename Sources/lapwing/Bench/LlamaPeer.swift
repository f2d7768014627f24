import Foundation

/// llama.cpp on the same file, run by a Python that has the package `llama-cpp-python`.
package struct LlamaPeer: Sendable, Codable {
    package static let script = "Benchmarks/peer_llama.py"

    package var engine: String
    package var prefillTokensPerSecond: Double
    package var decodeTokensPerSecond: Double
    /// Of eight sequences in one batch.
    package var eightStreamsTokensPerSecond: Double
    /// Less what Python and its packages take.
    package var residentMegabytes: Double?

    private enum CodingKeys: String, CodingKey {
        case engine
        case prefillTokensPerSecond = "prefill_tokens_per_second"
        case decodeTokensPerSecond = "decode_tokens_per_second"
        case eightStreamsTokensPerSecond = "eight_streams_tokens_per_second"
        case residentMegabytes = "resident_mb"
    }

    /// Runs the script to its end and reads its last line.
    static func measure(python: String, model: String, threads: Int) throws -> LlamaPeer {
        guard FileManager.default.fileExists(atPath: script) else {
            throw Failure("there is no \(script) here; --peer works in Lapwing's own folder")
        }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [python, script, model, "\(threads)"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let line = String(decoding: data, as: UTF8.self).split(separator: "\n").last.map(String.init) ?? ""
        guard process.terminationStatus == 0,
            let peer = try? JSONDecoder().decode(LlamaPeer.self, from: Data(line.utf8))
        else { throw Failure("\(python) \(script) failed; does that Python have llama-cpp-python?") }
        return peer
    }
}
