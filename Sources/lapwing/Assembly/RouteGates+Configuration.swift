import LapwingAPI
import LapwingRouter
import LapwingStatistics
import LapwingStore
import Logging

extension RouteGates {
    /// The gates that were read for the configuration's routes; nil where there is none. Throws where one cannot be asked.
    init?(
        _ files: [(route: Configuration.Route, files: RouteFiles)], locals: [String: ModelBinding], logger: Logger
    ) throws {
        var gates: [String: Gate] = [:]
        for (route, files) in files {
            guard let found = files.gate else { continue }
            var gate = Gate(file: found.file, threshold: found.threshold)
            if found.file.model.embeddingLength != nil {
                guard let provider = found.file.embedding.flatMap({ locals[$0]?.embedding }) else {
                    throw route.lacksVectors(of: found.file)
                }
                gate.embedding = provider
            }
            gates[route.name] = gate
        }
        if gates.isEmpty { return nil }
        self.init(gates, logger: logger)
    }
}

extension Configuration.Route {
    func lacksVectors(of gate: GateFile) -> Failure {
        Failure(
            "routes.\(name).gate: '\(gate.name)' was fitted with vectors of '\(gate.embedding ?? "–")', which is not a local "
                + "embedding model under 'models'")
    }

    /// How a person is told of the gate; nil where there is none.
    func gateLine(_ files: RouteFiles) -> String? {
        guard let (file, threshold) = files.gate, let closed else { return nil }
        // The share of the fit's own prompts that are over it.
        let over = Double(file.scores.count { $0 > threshold }) / Double(max(file.scores.count, 1))
        return
            "\(name): the gate \(file.name)-v\(file.version) sends about \(Figures.fixed(over * 100, places: 0))% of prompts "
            + "like the \(Figures.grouped(file.prompts)) it was fitted to to \(closed) at once, those over "
            + "\(Figures.fixed(threshold, places: 3))"
    }
}
