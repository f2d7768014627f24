import ArgumentParser
import Foundation
import LapwingHub
import LapwingModel

/// `lapwing doctor`: what this machine has, and what stands in the way.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what this machine has and whether Lapwing can run here.",
        discussion: """
            Looks at the processor, the memory and its speed, the weight files, the configuration and the data folder. \
            Exits with 1 where something stands in the way.

              lapwing doctor
              lapwing doctor --json
            """)

    @OptionGroup var options: ConfigurationOptions
    @Flag(help: "Print one JSON object.") var json = false

    func run() async throws {
        var examination = Examination()
        try examination.examineMachine()
        let configuration = examination.examineConfiguration(path: options.config)
        examination.examineModels(configuration)
        if let configuration { examination.examineData(configuration) }
        if json {
            try Output.standard.json(examination)
        } else {
            for line in examination.lines(for: Output.standard.terminal) { Output.standard.line(line) }
        }
        if examination.findings.contains(where: { $0.state == .bad }) { throw Failure() }
    }
}

/// What `doctor` found, in the order it looked.
package struct Examination: Sendable, Encodable {
    package enum State: String, Sendable, Encodable { case good, note, bad }

    package struct Finding: Sendable, Encodable {
        package var subject: String
        package var state: State
        package var text: String
    }

    package private(set) var findings: [Finding] = []
    /// Bytes a second.
    package private(set) var memoryBandwidth: Double?

    package init() {}

    package mutating func add(_ subject: String, _ state: State, _ text: String) {
        findings.append(Finding(subject: subject, state: state, text: text))
    }

    package func lines(for terminal: Terminal = .plain) -> [String] {
        let width = findings.map(\.subject.count).max() ?? 0
        return findings.map { finding in
            let mark =
                switch finding.state {
                case .good: terminal.paint("ok  ", .green)
                case .note: terminal.paint("note", .yellow)
                case .bad: terminal.paint("bad ", .red, .bold)
                }
            let padding = String(repeating: " ", count: width - finding.subject.count)
            return "\(mark)  \(finding.subject)\(padding)  \(finding.text)"
        }
    }

    package mutating func examineMachine() throws {
        let facts = MachineFacts.read()
        add("processor", .good, "\(facts.processor), \(facts.coreCount) \(facts.coreCount == 1 ? "core" : "cores")")
        let names = KernelTable.availableNames
        let chosen = try KernelTable().name
        let isFast = chosen != "scalar"
        add(
            "kernels", isFast ? .good : .note,
            "\(chosen) chosen of \(names.joined(separator: ", "))"
                + (isFast
                    ? "" : "; answers will be slow: AVX2 with FMA and F16C, or NEON, is not there or was turned off"))
        let available = facts.availableMemory.map { ", \(ByteCount($0)) available" } ?? ""
        add("memory", .good, "\(facts.memory.map { "\(ByteCount($0))" } ?? "unknown")\(available)")
        let workers = Workers()
        let bandwidth = MemoryBandwidth.measure(workers: workers)
        memoryBandwidth = bandwidth
        add("bandwidth", .good, "\(ByteCount(Int64(bandwidth)))/s read by \(workers.count) threads")
    }

    package mutating func examineConfiguration(path: String) -> Configuration? {
        guard FileManager.default.fileExists(atPath: path) else {
            add("configuration", .note, "there is no \(path); `lapwing demo` writes one")
            return nil
        }
        do {
            let configuration = try Configuration.read(path: path)
            add("configuration", .good, "\(path) is valid")
            for warning in configuration.warnings { add("configuration", .note, "\(warning)") }
            return configuration
        } catch {
            add("configuration", .bad, "\(error)")
            return nil
        }
    }

    package mutating func examineModels(_ configuration: Configuration?) {
        let listing = ModelListing(configuration, folder: "models")
        for model in listing.models where model.runs == "here" {
            guard let file = model.file else {
                add("model \(model.name)", .bad, model.unavailable ?? "cannot be read")
                continue
            }
            add("model \(model.name)", file.isSupported ? .good : .bad, describe(file))
        }
        for file in listing.unused {
            add(
                "weights", .note,
                "\(URL(filePath: file.path).lastPathComponent) is in no configuration: \(describe(file))")
        }
        if listing.models.isEmpty, listing.unused.isEmpty {
            add("weights", .bad, "no weight file; `make model` fetches the default one, `lapwing pull` any other")
        }
    }

    private func describe(_ file: WeightFile) -> String {
        let what = "\(file.architecture), \(file.quantisation), \(ByteCount(file.byteCount))"
        guard file.isSupported else { return "\(what); this architecture or type cannot be run" }
        let memory = MachineFacts.read().availableMemory
        if let memory, memory < file.byteCount { return "\(what); more than the memory available" }
        guard let memoryBandwidth else { return what }
        // Each token reads every weight once, so memory's speed is the ceiling of a single stream.
        let ceiling = Int(memoryBandwidth / Double(max(1, file.byteCount)))
        return "\(what); memory allows at most about \(ceiling) tokens a second for one stream"
    }

    package mutating func examineData(_ configuration: Configuration) {
        var folder = configuration.dataFolder
        let exists = FileManager.default.fileExists(atPath: folder)
        if !exists { folder = URL(filePath: folder).deletingLastPathComponent().path }
        if FileManager.default.isWritableFile(atPath: folder) {
            let free = DiskSpace.free(folder).map { ", \(ByteCount($0)) free" } ?? ""
            add("data", .good, "\(configuration.dataFolder)\(exists ? "" : " will be made")\(free)")
        } else {
            add("data", .bad, "\(folder) cannot be written")
        }
    }
}
