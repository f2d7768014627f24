import LapwingAPI
import LapwingStore
import Logging

/// What a router is made of; `lapwing` fills it from the configuration file.
package struct RouterConfiguration: Sendable {
    package var models: [ModelBinding]
    package var routes: [Route]
    /// Nano-US-dollars for an hour of this machine, which calls to local models are priced by.
    package var machineRate: NanoUSD
    /// The model that savings are counted against where a route has no closed one.
    package var counterfactual: String?
    package var confidence: any ConfidenceModel = LogisticConfidence.default1
    package var gate: (any PromptGate)?
    /// Where judged answers are remembered; nil remembers none.
    package var evidence: EvidenceStore?
    /// Whether their texts are too.
    package var keepsTexts = false
    /// From 0 to 1, for pauses before retries.
    package var random: @Sendable () -> Double = { .random(in: 0...1) }
    /// nil counts nothing.
    package var metrics: RouterMetrics?
    /// Says what went wrong behind an answer that was given all the same; silent unless it is set.
    package var logger = Logger(label: "lapwing") { _ in SwiftLogNoOpLogHandler() }

    package init(
        models: [ModelBinding], routes: [Route] = [], machineRate: NanoUSD, counterfactual: String? = nil
    ) {
        self.models = models
        self.routes = routes
        self.machineRate = machineRate
        self.counterfactual = counterfactual
    }
}
