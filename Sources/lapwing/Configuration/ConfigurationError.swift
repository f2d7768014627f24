/// Why a configuration cannot be used.
package enum ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    case unreadable(file: String, reason: String)
    /// All that is wrong with the file, in its order.
    case invalid(file: String, findings: [Finding])

    /// One line for each finding, with the file and line in front, as editors and people look for them.
    package var description: String {
        switch self {
        case .unreadable(let file, let reason): "Cannot read '\(file)': \(reason)."
        case .invalid(let file, let findings):
            findings.map { finding in
                let place = finding.line.map { "\(file):\($0)" } ?? file
                return finding.key.isEmpty
                    ? "\(place): \(finding.message)" : "\(place): \(finding.key): \(finding.message)"
            }.joined(separator: "\n")
        }
    }
}
