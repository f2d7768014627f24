/// Why a router cannot be made of a configuration.
package enum RouterError: Error, Hashable, Sendable {
    /// Two routes, two models, or a route and a model have the same name.
    case duplicateName(String)
    case unknownModel(route: String, model: String, known: [String])
    case unknownFallback(model: String, fallback: String, known: [String])
    case invalidThreshold(route: String, found: Double)
    case invalidHold(route: String, found: Int)
    case unfitLabels(route: String, found: String, expected: String)
    case unfitEmbedder(route: String, model: String)
    case unfitChecks(route: String, model: String)
    case unfitCalibrator(route: String, calibrator: String, found: String, expected: String)
    case invalidEndpoint(model: String, found: String, expected: String)
}

extension RouterError: CustomStringConvertible {
    /// One sentence that says what was found and what was expected.
    package var description: String {
        switch self {
        case .duplicateName(let name): "'\(name)' names more than one route or model; names must differ."
        case .unknownModel(let route, let model, let known):
            "Route '\(route)' names the model '\(model)', which does not exist. Known models: \(known.joined(separator: ", "))."
        case .unknownFallback(let model, let fallback, let known):
            "Model '\(model)' falls back to '\(fallback)', which does not exist. Known models: \(known.joined(separator: ", "))."
        case .invalidThreshold(let route, let found):
            "Route '\(route)' escalates below \(found), expected a number from 0 to 1."
        case .invalidHold(let route, let found): "Route '\(route)' holds \(found) tokens back, expected at least 1."
        case .unfitLabels(let route, let found, let expected):
            "Route '\(route)' answers with labels: found \(found), expected \(expected)."
        case .unfitEmbedder(let route, let model):
            "Route '\(route)' has the embedder '\(model)', expected an embedding model that runs here."
        case .unfitChecks(let route, let model):
            "Route '\(route)' checks its answers: found the model '\(model)', expected a language model that runs here."
        case .unfitCalibrator(let route, let calibrator, let found, let expected):
            "Route '\(route)' has the calibrator '\(calibrator)': found \(found), expected \(expected)."
        case .invalidEndpoint(let model, let found, let expected):
            "Model '\(model)' has the endpoint '\(found)', expected \(expected)."
        }
    }
}
