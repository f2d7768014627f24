import LapwingAPI
import LapwingRouter
import LapwingStatistics
import LapwingStore
import Logging

extension RouteGates {
    /// The newest version of each gate that a route names; nil where none does. Throws where one cannot be read or asked.
    init?(_ configuration: Configuration, locals: [String: ModelBinding], logger: Logger) throws {
        var gates: [String: Gate] = [:]
        for route in configuration.routes {
            guard let wanted = route.gate else { continue }
            let file: GateFile = try GateFile.folder(configuration.dataFolder).newest(wanted.name)
            let threshold =
                switch wanted.rule {
                case .fitted: file.threshold
                case .share(let share): file.threshold(forShare: share)
                case .above(let gain): gain
                }
            var gate = Gate(file: file, threshold: threshold)
            if file.model.embeddingLength != nil {
                guard let name = file.embedding, let provider = locals[name]?.embedding else {
                    throw Failure(
                        "routes.\(route.name).gate: '\(wanted.name)' was fitted with vectors of "
                            + "'\(file.embedding ?? "–")', which is not a local embedding model under 'models'")
                }
                gate.embedding = provider
            }
            gates[route.name] = gate
        }
        if gates.isEmpty { return nil }
        self.init(gates, logger: logger)
    }
}
