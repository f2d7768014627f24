/// What became of a configuration that was read anew while the server runs.
package enum ReloadOutcome: Hashable, Sendable {
    /// Requests that come from now on are served by it.
    case applied(ReloadReport)
    /// Nothing has changed. Says what is wrong, a line for each finding.
    case refused([String])
}

/// What a reload came to, in the file's own keys such as `models.gpt-4`.
package struct ReloadReport: Hashable, Sendable, Encodable {
    package var object = "reload"
    /// What is served otherwise from now on.
    package var changed: [String]
    /// What stays as it was until the program is started again.
    package var needsRestart: [String]
    /// What the operator should know and may ignore.
    package var warnings: [String]

    package init(changed: [String], needsRestart: [String], warnings: [String]) {
        self.changed = changed
        self.needsRestart = needsRestart
        self.warnings = warnings
    }

    private enum CodingKeys: String, CodingKey {
        case object, changed, warnings
        case needsRestart = "needs_restart"
    }
}
