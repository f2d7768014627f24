import Foundation
import LapwingAPI
import LapwingHub
import LapwingRouter
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
        let pools = configuration.models.compactMap { model in model.remote.map { pool(model.name, $0) } }
        if !pools.isEmpty {
            var table = Table([
                ("pool", .left), ("endpoints", .right), ("calls go to", .left), ("attempts", .right), ("times", .left),
                ("then", .left),
            ])
            table.rows = pools
            lines += [""] + table.lines(for: terminal)
        }
        if !configuration.routes.isEmpty {
            var routes = Table([
                ("route", .left), ("open", .left), ("closed", .left), ("escalates", .left), ("holds", .left),
            ])
            routes.rows = configuration.routes.map { route in
                [route.name, route.open, route.closed ?? "–", escalation(of: route), hold(of: route)]
            }
            if configuration.routes.contains(where: { $0.fallback != nil || $0.continuation != nil }) {
                routes.columns += [("falls back to", .left), ("continues with", .left)]
                for (index, route) in configuration.routes.enumerated() {
                    routes.rows[index] += [fallback(of: route), continuation(of: route)]
                }
            }
            lines += [""] + routes.lines(for: terminal)
        }
        for route in configuration.routes {
            if let labels = route.labels {
                lines += ["", "\(route.name) answers with \(words(labels))"]
            }
            if let embedder = route.embedder {
                let what = route.labels == nil ? "prompts" : "labels and prompts"
                lines += ["", "\(route.name) asks the embedder \(embedder) of its \(what) too"]
            }
            if let name = route.calibrator { lines += ["", "\(route.name) is judged by the calibrator \(name)"] }
        }
        lines += configuration.routes.flatMap(trials)
        let caches =
            configuration.routes.map { ($0.name, $0.cache) } + configuration.models.map { ($0.name, $0.cache) }
        for case (let name, let cache?) in caches {
            lines += [
                "",
                "answers of \(name) are kept for \(NodeReader.text(cache.timeToLive)), up to \(cache.byteLimit) bytes",
            ]
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

    /// How a model's endpoints share its calls, and what is done when they fail.
    private static func pool(_ name: String, _ remote: Configuration.Remote) -> [String] {
        let options = remote.pool
        let choice = options.endpoints.balance == .weighted ? "each in turn" : "the least loaded"
        let affinity = options.affinityBytes.map { ", by the first \($0) bytes" } ?? ""
        let time = NodeReader.text
        var times = "first token \(time(remote.timeouts.firstToken)), total \(time(remote.timeouts.total))"
        if let hedge = options.hedge { times += ", hedged after \(time(hedge))" }
        if let interval = options.probeEvery { times += ", probed every \(time(interval))" }
        return [
            name, "\(remote.endpoints.count)", choice + affinity, "\(options.attempts)", times,
            remote.fallback.isEmpty ? "–" : remote.fallback.joined(separator: ", "),
        ]
    }

    private static func escalation(of route: Configuration.Route) -> String {
        guard let escalation = route.escalation else { return "never" }
        let tiers = escalation.tiers.map { " for \($0.joined(separator: ", "))" } ?? ""
        // Without a closed model its answers are marked, and kept.
        return "\(route.closed == nil ? "never, would " : "")\(words(escalation.target))\(tiers)"
    }

    private static func words(_ target: EscalationTarget) -> String {
        switch target {
        case .below(let threshold): "below \(threshold)"
        case .accuracy(let share): "for an accuracy of \(share)"
        case .keep(let share): "to keep \(share) of the quality"
        case .spendPerDay(let limit): "for \(Figures.dollars(limit)) a day"
        }
    }

    private static func words(_ labels: Configuration.Route.Labels) -> String {
        switch labels {
        case .list(let names): "one of \(names.count) labels"
        case .file(let path): "one of the labels in \(path)"
        case .request: "one of the choices that a request names"
        case .head(let name): "the labels of the head \(name)"
        }
    }

    private static func trials(of route: Configuration.Route) -> [String] {
        var lines: [String] = []
        if let shadow = route.shadow {
            let judge = shadow.judge.map { ", and \($0) compares what no rule can" } ?? ""
            lines.append("\(shadow.model) answers \(share(shadow.share)) of \(route.name) in the shadow\(judge)")
        }
        if let canary = route.canary {
            lines.append(
                "\(canary.candidate) answers \(share(canary.share)) of \(route.name) in \(route.open)'s place, on trial "
                    + "within a margin of \(share(canary.margin))")
        }
        return lines.isEmpty ? [] : [""] + lines
    }

    private static func share(_ value: Double) -> String { Figures.fixed(value * 100, places: 1) + "%" }

    private static func fallback(of route: Configuration.Route) -> String {
        guard let fallback = route.fallback else { return "as the model" }
        return fallback.isEmpty ? "–" : fallback.joined(separator: ", ")
    }

    private static func continuation(of route: Configuration.Route) -> String {
        switch route.continuation {
        case nil: "–"
        case .sameModels: "the same models"
        case .model(let name): name
        }
    }

    private static func hold(of route: Configuration.Route) -> String {
        switch route.hold {
        case .all: "all"
        case .tokens(let count): "\(count) tokens"
        case .between(let bounds): "\(bounds.from) to \(bounds.to) tokens, until it is \(bounds.commit)"
        }
    }
}
