import Foundation
import LapwingAPI
import LapwingHub
import LapwingServer

/// What a configuration says, in the words of a person. Keys are never shown.
package enum ConfigurationSummary {
    package static func lines(of configuration: Configuration, terminal: Terminal = .plain) -> [String] {
        let server = configuration.server
        let machine = configuration.machine
        var lines = [
            "\(configuration.file) is valid.", "",
            "server   \(server.address(port: server.port))",
            "data     \(configuration.dataFolder)",
            "machine  \(Figures.dollars(machine.perHour)) an hour\(machine.isDefault ? " (the default)" : "")",
        ]
        if let model = configuration.counterfactual { lines.append("report   compared with \(model)") }
        var models = Table([("model", .left), ("runs", .left), ("", .left)])
        models.rows = configuration.models.map { [$0.name, place(of: $0), state(of: $0)] }
        lines += [""] + models.lines(for: terminal)
        if !configuration.routes.isEmpty {
            var routes = Table([
                ("route", .left), ("open", .left), ("closed", .left), ("escalates", .left), ("holds", .left),
            ])
            routes.rows = configuration.routes.map { route in
                [route.name, route.open, route.closed ?? "–", escalation(of: route), hold(of: route)]
            }
            lines += [""] + routes.lines(for: terminal)
        }
        return lines
    }

    private static func place(of model: Configuration.Model) -> String {
        switch model.source {
        case .local(let local):
            return "here, context \(local.context.map(String.init) ?? "as in the file")"
        case .remote(let remote):
            let hosts = remote.endpoints.compactMap { URL(string: $0.url)?.host() }
            let places = hosts.isEmpty ? remote.provider.rawValue : hosts.joined(separator: ", ")
            return remote.upstream == model.name ? "at \(places)" : "at \(places) as \(remote.upstream)"
        }
    }

    private static func state(of model: Configuration.Model) -> String {
        if let reason = model.unavailable { return "unavailable: \(reason)" }
        switch model.source {
        case .local(let local):
            let attributes = try? FileManager.default.attributesOfItem(atPath: local.weights)
            // A folder's own size says nothing of its files.
            if attributes?[.type] as? FileAttributeType == .typeDirectory { return local.weights }
            return (attributes?[.size] as? NSNumber).map { "\(local.weights), \(ByteCount($0.int64Value))" }
                ?? "\(local.weights), which is not there"
        case .remote(let remote):
            guard let price = remote.price else { return "price from the price book" }
            return
                "\(Figures.dollars(price.inputPerMillion)) in, \(Figures.dollars(price.outputPerMillion)) out a million"
        }
    }

    private static func escalation(of route: Configuration.Route) -> String {
        guard let escalation = route.escalation else { return "never" }
        let tiers = escalation.tiers.map { " for \($0.joined(separator: ", "))" } ?? ""
        // Without a closed model its answers are marked, and kept.
        return "\(route.closed == nil ? "never, would " : "")below \(escalation.below)\(tiers)"
    }

    private static func hold(of route: Configuration.Route) -> String {
        switch route.hold {
        case .all: "all"
        case .tokens(let count): "\(count) tokens"
        }
    }
}
