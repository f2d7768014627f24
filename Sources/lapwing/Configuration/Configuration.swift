import LapwingAPI
import LapwingEngine
import LapwingModel
import LapwingRouter
import LapwingServer
import LapwingText

/// What `lapwing.yaml` says, checked, with paths made absolute and `${NAME}` expanded.
package struct Configuration: Sendable {
    /// Absolute path of the file it was read from.
    package var file: String
    package var server = ServerOptions()
    /// Absolute path of the folder for ledger, keys and indexes.
    package var dataFolder: String
    package var machine = Machine()
    package var log = LogOptions()
    package var evidence = Evidence()
    /// In the file's order.
    package var models: [Model] = []
    /// In the file's order.
    package var routes: [Route] = []
    /// The model that routes without a closed one are compared with: a remote one of `models`, or a name in the price book.
    package var counterfactual: String?
    /// What the operator should know and may ignore, such as a variable that is not set.
    package var warnings: [Finding] = []

    package struct Machine: Hashable, Sendable {
        /// What an hour of this machine costs; open calls here are priced by their share of it.
        package var perHour = NanoUSD(100_000_000)
        package var isDefault = true
        /// The most that weights, caches and buffers of all local models may take together; nil for what is available.
        package var memory: MemoryLimit?
    }

    /// What is remembered of judged answers, for calibrators to learn from.
    package struct Evidence: Hashable, Sendable {
        /// For how long; 0 remembers nothing.
        package var days = 90
        /// Whether prompts, answers, corrections and comments are kept too.
        package var keepsTexts = false
    }

    package struct Model: Hashable, Sendable {
        package enum Source: Hashable, Sendable {
            case local(Local)
            case remote(Remote)
        }

        package var name: String
        package var source: Source
        /// How answers to requests that name it are kept; nil keeps none.
        package var cache: AnswerCache.Options?
        /// Why requests to it are to be refused, such as a variable that is not set.
        package var unavailable: String?

        package var local: Local? { if case .local(let local) = source { local } else { nil } }
        package var remote: Remote? { if case .remote(let remote) = source { remote } else { nil } }
    }

    package struct Local: Hashable, Sendable {
        /// Absolute path of a GGUF file or of a folder with `config.json`.
        package var weights: String
        /// Most tokens of a conversation; nil means what the file says.
        package var context: Int?
        package var kvCache = KVCacheFormat.int8
        /// Whether the packed weights are kept beside the file, for quicker starts.
        package var packedCache = false
        /// Which of its states make a text's vector; nil where it makes none.
        package var pooling: DecoderPooling?
        /// What an encoder multiplies with; nil means floats.
        package var precision: EncoderPrecision?
        /// Overrides the template in the file.
        package var chatTemplate: NamedTemplate?
    }

    package struct Remote: Hashable, Sendable {
        package enum Provider: String, Hashable, Sendable, CaseIterable {
            case openAI = "openai"
            case openAICompatible = "openai-compatible"
            case azure
            case anthropic
        }

        package var provider: Provider
        /// The model name that is sent.
        package var upstream: String
        package var endpoints: [Endpoint]
        /// Of Azure's older API, whose paths name the deployment; nil means its newer one.
        package var apiVersion: String?
        /// Secret: never printed.
        package var key: String?
        package var price: Price?
        /// Whether it is asked for log-probabilities, without which its answers cannot be judged.
        package var reportsLogProbabilities = true
        /// Most tokens of a conversation; nil where it is not said.
        package var context: Int?
        package var timeouts = UpstreamTimeouts()
        /// How the endpoints share the calls, and what is done about failures.
        package var pool = PoolOptions()
        /// The models that answer in its place, in turn, where it gives no answer.
        package var fallback: [String] = []
    }

    package struct Endpoint: Hashable, Sendable {
        package var url: String
        package var weight = 1
    }

    package struct Route: Hashable, Sendable {
        package enum Unknown: String, Hashable, Sendable, CaseIterable { case keep, escalate }

        package struct Escalation: Hashable, Sendable {
            package var target: EscalationTarget
            /// How surely what the target promises holds.
            package var confidence = 0.95
            /// nil means every tier.
            package var tiers: [String]?

            package init(target: EscalationTarget) { self.target = target }
        }

        package enum Labels: Hashable, Sendable {
            case list([String])
            /// Absolute path of a JSON list, or of a label a line.
            case file(String)
            /// A name under `heads` in the data folder.
            case head(String)
            /// Each request's own.
            case request
        }

        /// A fitted gate that reads the prompt, and which of its scores go to the closed model.
        package struct Gate: Hashable, Sendable {
            package enum Rule: Hashable, Sendable {
                /// As it was fitted.
                case fitted
                /// This share of prompts like those of the fit.
                case share(Double)
                /// Scores over this.
                case above(Double)
            }

            package var name: String
            package var rule: Rule

            package init(name: String, rule: Rule = .fitted) { (self.name, self.rule) = (name, rule) }
        }

        package var name: String
        package var open: String
        package var closed: String?
        /// What its answers are where they are labels; nil is text.
        package var labels: Labels?
        /// The embedding model that is asked of scored labels and of prompts too; nil asks none.
        package var embedder: String?
        /// What the open model is asked of each of its answers; nil asks nothing more.
        package var checks: CheckOptions?
        /// A name under `calibrators` in the data folder; nil judges by what ships with the program.
        package var calibrator: String?
        package var hold = Hold.standard
        package var escalation: Escalation?
        package var unknown = Unknown.keep
        package var gate: Gate?
        /// The models that answer in the open one's place; nil means those of the model itself.
        package var fallback: [String]?
        /// What goes on with an answer that broke off; nil ends it with an error.
        package var continuation: Continuation?
        /// The model that answers a share of its requests too; nil asks none.
        package var shadow: ShadowOptions?
        /// The model that is on trial in the open one's place; nil tries none.
        package var canary: CanaryOptions?
        /// How its answers are kept; nil keeps none.
        package var cache: AnswerCache.Options?
        /// The most tokens of an answer; nil leaves it to requests.
        package var maxTokens: Int?
        /// What its calibration is watched for; nil does not watch it.
        package var drift: DriftOptions?

        package init(name: String, open: String) {
            self.name = name
            self.open = open
        }
    }

    package func model(named name: String) -> Model? { models.first { $0.name == name } }
}

/// Something said about one place of a configuration file.
package struct Finding: Hashable, Sendable, Encodable, CustomStringConvertible {
    /// From 1; nil where it is about the whole file.
    package var line: Int?
    /// Dotted path such as `routes.support.hold`; empty for the whole file.
    package var key: String
    package var message: String

    package init(line: Int?, key: String, message: String) {
        self.line = line
        self.key = key
        self.message = message
    }

    /// `line 12: routes.support.hold: found -1, expected …`.
    package var description: String {
        [line.map { "line \($0)" }, key.isEmpty ? nil : key, message].compactMap(\.self).joined(separator: ": ")
    }
}
