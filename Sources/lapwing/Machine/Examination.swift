import Foundation
import LapwingHub
import LapwingModel

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

    mutating func examineConfiguration(_ options: ConfigurationOptions) -> Configuration? {
        do {
            guard let configuration = try options.loadIfPresent() else {
                add("configuration", .note, "there is no \(options.config); `lapwing demo` writes one")
                return nil
            }
            add("configuration", .good, "\(options.config) is valid")
            for warning in configuration.allWarnings { add("configuration", .note, "\(warning)") }
            return configuration
        } catch {
            add("configuration", .bad, "\(error)")
            return nil
        }
    }

    package mutating func examineModels(
        _ configuration: Configuration?, folder: String = "models", machine: MachineFacts = .read()
    ) {
        let listing = ModelListing(configuration, folder: folder)
        for model in listing.models where model.runs == "here" {
            guard let file = model.file else {
                add("model \(model.name)", .bad, model.unavailable ?? "cannot be read")
                continue
            }
            let obstacle = obstacle(to: file)
            add(
                "model \(model.name)", obstacle == nil ? .good : .bad,
                [describe(file), obstacle ?? ceiling(of: file)].compactMap(\.self).joined(separator: "; "))
        }
        for file in listing.unused {
            let name = URL(filePath: file.path).lastPathComponent
            add(
                "weights", .note,
                ["\(name) is in no configuration: \(describe(file))", obstacle(to: file)]
                    .compactMap(\.self).joined(separator: "; "))
        }
        for file in listing.damaged {
            add("weights", .note, "\(URL(filePath: file.path).lastPathComponent) cannot be read: \(file.reason)")
        }
        examineMemoryPlan(configuration, machine)
        if listing.models.isEmpty, listing.unused.isEmpty {
            add("weights", .bad, "no weight file; `make model` fetches the default one, `lapwing pull` any other")
        }
    }

    /// Whether the models that run here fit together; those that cannot be read have a finding of their own.
    private mutating func examineMemoryPlan(_ configuration: Configuration?, _ machine: MachineFacts) {
        let models = (configuration?.models ?? []).compactMap { model in
            model.unavailable == nil ? model.local.flatMap { try? LocalModel(model.name, $0) } : nil
        }
        guard !models.isEmpty else { return }
        let budget = MemoryBudget(configuration?.machine.memory, machine: machine)
        do {
            add("memory plan", .good, budget.line(try budget.plan(models)))
        } catch {
            add("memory plan", .bad, (error as? Failure)?.message ?? "\(error)")
        }
    }

    private func describe(_ file: WeightFile) -> String {
        "\(file.architecture), \(file.quantisation), \(ByteCount(file.byteCount))"
    }

    /// Why a model cannot run here; nil where it can.
    private func obstacle(to file: WeightFile) -> String? {
        file.isSupported ? nil : "this architecture or type cannot be run"
    }

    /// Each token reads its weights once, so memory's speed is the ceiling of a single stream.
    private func ceiling(of file: WeightFile) -> String? {
        guard let memoryBandwidth, let byteCount = try? ModelFootprint.byteCountPerToken(of: GGUFFile(path: file.path))
        else { return nil }
        let tokens = Int(memoryBandwidth / Double(max(1, byteCount)))
        return "memory allows at most about \(tokens) tokens a second for one stream"
    }

    package mutating func examineData(_ configuration: Configuration) {
        let folder = configuration.dataFolder
        // Folders that are missing are made, in the nearest one that is there.
        var existing = URL(filePath: folder)
        while !FileManager.default.fileExists(atPath: existing.path), existing.path != "/" {
            existing.deleteLastPathComponent()
        }
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: existing.path, isDirectory: &isFolder)
        guard isFolder.boolValue else {
            return add("data", .bad, "\(existing.path) is a file, expected a folder")
        }
        guard FileManager.default.isWritableFile(atPath: existing.path) else {
            return add("data", .bad, "\(existing.path) cannot be written")
        }
        let free = DiskSpace.free(existing.path).map { ", \(ByteCount($0)) free" } ?? ""
        add("data", .good, "\(folder)\(existing.path == URL(filePath: folder).path ? "" : " will be made")\(free)")
    }
}
