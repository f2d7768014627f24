import Foundation
import LapwingAPI
import LapwingStore

/// Measures the ledger: requests a second with group commit, the cost of reading, and bytes an entry.
///
/// Usage: LedgerBenchmark [FOLDER] [ENTRIES]. The folder's disk is what is measured. The last line is one JSON object.
@main
struct LedgerBenchmark {
    static func main() async throws {
        let arguments = CommandLine.arguments
        let parent = arguments.count > 1 ? arguments[1] : FileManager.default.temporaryDirectory.path
        let entryCount = arguments.count > 2 ? Int(arguments[2]) ?? 100_000 : 100_000
        let folder = parent + "/ledger-benchmark-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }

        var figures: [(String, String)] = []
        for durability in [Durability.grouped, .each, .deferred] {
            for concurrency in [1, 8, 64] {
                let path = folder + "/\(durability.rawValue)-\(concurrency).sqlite"
                let (rate, processorTime) = try await write(path, durability, concurrency: concurrency, seconds: 3)
                let name = "\(durability.rawValue)_\(concurrency)"
                figures.append(("requests_per_second_\(name)", "\(Int(rate))"))
                figures.append(("cpu_microseconds_per_request_\(name)", "\(Int(processorTime))"))
                print(
                    "\(durability.rawValue), \(concurrency) at once: \(Int(rate)) requests/s (admit and complete each), "
                        + "\(Int(processorTime)) microseconds of processor time a request")
            }
        }
        try await figures.append(contentsOf: readingFigures(folder + "/large.sqlite", entryCount: entryCount))
        figures.append(("machine", "\"\(machine)\""))
        print("{" + figures.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}")
    }

    /// The processor's name where Linux says it, its cores and the system; nothing in it needs escaping.
    private static var machine: String {
        let lines = ((try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? "").split(separator: "\n")
        let name = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last.map(String.init)
        let processor = (name ?? "unknown processor").trimmingCharacters(in: .whitespaces)
        let process = ProcessInfo.processInfo
        return "\(processor), \(process.activeProcessorCount) cores, \(process.operatingSystemVersionString)"
    }

    private static func write(
        _ path: String, _ durability: Durability, concurrency: Int, seconds: Int
    ) async throws -> (requestsPerSecond: Double, processorMicroseconds: Double) {
        var options = LedgerOptions()
        options.durability = durability
        let ledger = try Ledger(path: path, options: options)
        let clock = ContinuousClock()
        let processorStart = processorMicroseconds
        let start = clock.now
        let end = start + .seconds(seconds)
        let count = try await withThrowingTaskGroup(of: Int.self) { group in
            for task in 0..<concurrency {
                group.addTask {
                    var number = 0
                    while clock.now < end {
                        let entry = entry(task * 10_000_000 + number)
                        try await ledger.admit(LedgerIntent(entry.request, calls: [expected(entry.calls[0])]))
                        try await ledger.complete(entry)
                        number += 1
                    }
                    return number
                }
            }
            return try await group.reduce(0, +)
        }
        let elapsed = (clock.now - start) / .seconds(1)
        return (Double(count) / elapsed, (processorMicroseconds - processorStart) / Double(count))
    }

    /// User and system time of the process so far; unlike the rate, it hardly depends on what else the machine does.
    private static var processorMicroseconds: Double { Double(clock()) / Double(CLOCKS_PER_SEC) * 1_000_000 }

    private static func readingFigures(_ path: String, entryCount: Int) async throws -> [(String, String)] {
        do {
            let ledger = try Ledger(path: path)
            try await withThrowingTaskGroup { group in
                for task in 0..<256 {
                    group.addTask {
                        for number in stride(from: task, to: entryCount, by: 256) {
                            try await ledger.complete(entry(number))
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        // The last connection has checkpointed as it closed, so the file is all there is.
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
        let bytes = Double(size) / Double(entryCount)
        let reader = try LedgerReader(path: path)
        var figures = [("entries", "\(entryCount)"), ("bytes_per_entry", "\(Int(bytes.rounded(.up)))")]
        print(
            "\(entryCount) entries of one call each: \(size) bytes after a checkpoint, \(Int(bytes.rounded(.up))) each")
        func time(_ name: String, _ work: () throws -> Void) rethrows {
            let processorStart = processorMicroseconds
            let elapsed = try ContinuousClock().measure(work) / .seconds(1)
            let processor = (processorMicroseconds - processorStart) / 1_000_000
            figures += [("\(name)_seconds", "\(elapsed)"), ("\(name)_cpu_seconds", "\(processor)")]
            print("\(name): \(elapsed) s, \(processor) s of processor time")
        }
        try time("verify") {
            let result = try reader.verify()
            precondition(result.failure == nil, "the chain must hold")
        }
        try time("report") { _ = try reader.report(ReportQuery(by: .feature)) }
        try time("export_jsonl") { try reader.export(.jsonl) { _ in } }
        return figures
    }

    /// What the router takes a call to come to before it is made.
    private static func expected(_ call: CallReceipt) -> CallReceipt {
        var call = call
        (call.role, call.failure, call.usage.isEstimated) = (.failed, "lost", true)
        return call
    }

    /// One call, with a key and its reservation, a user, two labels, an estimated counterfactual, machine time and an
    /// endpoint: more than any request has.
    private static func entry(_ number: Int) -> LedgerEntry {
        // A stride that is coprime to 2^64 spreads the ids over the index as random ones would.
        let scattered = UInt64(truncatingIfNeeded: number &+ 1) &* 0x9E37_79B9_7F4A_7C15
        let digits = String(scattered, radix: 16)
        var context = RequestContext(requestID: "req-" + String(repeating: "0", count: 24 - digits.count) + digits)
        context.keyID = "key-\(number % 20)"
        context.user = "user-\(number % 500)"
        context.metadata = ["feature": "support-\(number % 7)", "project": "web"]
        let request = LedgerRequest(
            context, startedAt: 1_790_000_000_000 + Int64(number), endpoint: "chat.completions", route: "support",
            model: "smollm2", stream: true)
        let call = CallReceipt(
            model: "smollm2", side: .open, role: .kept,
            usage: Usage(promptTokens: 180, completionTokens: 64, computeNanoseconds: 640_000_000 + Int64(number)),
            cost: NanoUSD(17_800 + Int64(number % 1000)), priceSource: "machine time", latencyMilliseconds: 640,
            firstTokenMilliseconds: 210, endpoint: "10.0.0.\(number % 8):8000")
        var entry = LedgerEntry(
            request, status: .completed, endedAt: request.startedAt + 700, decision: .open,
            confidence: Confidence(
                probability: Double(number % 997) / 997, calibrator: "default-1", isCalibrated: false),
            threshold: 0.92, calls: [call],
            counterfactual: Counterfactual(
                model: "gpt-4", cost: NanoUSD(3_720_000), low: NanoUSD(3_500_000), high: NanoUSD(4_000_000),
                isEstimated: true),
            latencyMilliseconds: 700)
        entry.firstTokenMilliseconds = 212
        entry.reserved = NanoUSD(4_000_000 + Int64(number % 1000))
        return entry
    }
}
