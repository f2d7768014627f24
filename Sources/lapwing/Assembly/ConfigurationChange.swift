import LapwingServer

/// What a configuration that was read anew changes in a running server, and what it cannot change there.
package struct ConfigurationChange: Sendable {
    /// The new one, with all that only a restart changes as it was.
    package private(set) var effective: Configuration
    /// Keys of the file that are served otherwise, such as `routes.support`.
    package private(set) var changed: [String] = []
    /// Keys that wait for a restart.
    package private(set) var needsRestart: [String] = []

    package init(from old: Configuration, to new: Configuration) {
        effective = new
        keep("server.host", \.server.host, of: old)
        keep("server.port", \.server.port, of: old)
        keep("server.limits.connections", \.server.maxConnections, of: old)
        keep("server.timeouts.drain", \.server.drainTimeout, of: old)
        // Whether there is a certificate decides how each connection begins; which one it is may change.
        if (old.server.tls == nil) != (new.server.tls == nil) { keep("server.tls", \.server.tls, of: old) }
        keep("data", \.dataFolder, of: old)
        keep("log", \.log, of: old)
        keep("evidence", \.evidence, of: old)
        keep("machine.memory", \.machine.memory, of: old)
        compareServers(old.server)
        note("machine.usd_per_hour", old.machine.perHour != effective.machine.perHour)
        compareModels(old)
        compareRoutes(old)
        note("report.counterfactual", old.counterfactual != effective.counterfactual)
    }

    private mutating func keep<Value: Equatable>(
        _ key: String, _ path: WritableKeyPath<Configuration, Value>, of old: Configuration
    ) {
        guard effective[keyPath: path] != old[keyPath: path] else { return }
        effective[keyPath: path] = old[keyPath: path]
        needsRestart.append(key)
    }

    private mutating func note(_ key: String, _ isChanged: Bool) {
        if isChanged { changed.append(key) }
    }

    private mutating func compareServers(_ old: ServerOptions) {
        var rest = effective.server
        note("server.tls", rest.tls != old.tls)
        rest.tls = old.tls
        for (key, path) in NodeReader.serverTimeouts {
            note("server.timeouts.\(key)", rest[keyPath: path] != old[keyPath: path])
            rest[keyPath: path] = old[keyPath: path]
        }
        note("server.limits", rest != old)
    }

    /// A model's weights are read at the start alone: one that is to run here stays what it was, or waits.
    private mutating func compareModels(_ old: Configuration) {
        for index in effective.models.indices {
            let model = effective.models[index]
            let before = old.model(named: model.name)
            guard model != before else { continue }
            // How its answers are kept has nothing to do with its weights.
            var unlessCached = before
            unlessCached?.cache = model.cache
            guard model.local != nil, model != unlessCached else {
                changed.append("models.\(model.name)")
                continue
            }
            needsRestart.append("models.\(model.name)")
            if let before {
                effective.models[index] = before
            } else {
                effective.models[index].unavailable = "it is loaded when the server is started again"
            }
        }
        for model in old.models where effective.model(named: model.name) == nil {
            changed.append("models.\(model.name)")
        }
    }

    private mutating func compareRoutes(_ old: Configuration) {
        let names = effective.routes.map(\.name) + old.routes.map(\.name)
        var seen: Set<String> = []
        for name in names where seen.insert(name).inserted {
            let (before, after) = (old.routes.first { $0.name == name }, effective.routes.first { $0.name == name })
            note("routes.\(name)", before != after)
        }
    }
}
