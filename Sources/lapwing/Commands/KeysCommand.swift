import ArgumentParser
import Foundation
import LapwingAPI
import LapwingStore

/// `lapwing keys`: who may send requests, and how many of what.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Make, list, revoke or rotate keys.",
        discussion: "A running server knows of each change within a second.",
        subcommands: [CreateKey.self, List.self, Revoke.self, Rotate.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the keys that were made.",
            discussion: """
                  lapwing keys list
                  lapwing keys list --tenant acme --json
                """)

        @OptionGroup var options: ConfigurationOptions
        @Option(help: "Only this tenant's keys.") var tenant: String?
        @Flag(help: "Print one JSON object.") var json = false

        func run() throws {
            let now = KeyClock.now()
            let keys = try openKeys(options.load())?.keys(tenant: tenant) ?? []
            if json {
                return try Output.standard.json(
                    KeyList(data: keys.map { KeyObject($0, state: $0.state(at: now)) }))
            }
            guard !keys.isEmpty else { return Output.standard.line("No key has been made.") }
            for line in KeysText.lines(keys, now: now, terminal: Output.standard.terminal) {
                Output.standard.line(line)
            }
        }
    }

    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a key for good.", discussion: "  lapwing keys revoke key_4fTq0mZr81Cx")

        @OptionGroup var options: ConfigurationOptions
        @Argument(help: "The key's id, as `keys list` shows it.") var id: String
        @Flag(help: "Print one JSON object.") var json = false

        func run() throws {
            let now = KeyClock.now()
            guard let key = try openKeys(options.load())?.revoke(id, at: now) else { throw noKey(id) }
            if json { return try Output.standard.json(KeyObject(key, state: key.state(at: now))) }
            Output.standard.line("\(key.id) (\(key.draft.name)) is revoked.")
        }
    }

    struct Rotate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a key a new text, and print it once.",
            discussion: """
                Name, limits and what was spent stay the key's. The old text is refused from now on, or from the end of \
                --keep-old, so that its holders can change over.

                  lapwing keys rotate key_4fTq0mZr81Cx --keep-old 24h
                """)

        @OptionGroup var options: ConfigurationOptions
        @Argument(help: "The key's id, as `keys list` shows it.") var id: String
        @Option(help: "How long the old text is still accepted: 30m, 24h, 7d.") var keepOld: LaterTime?
        @Flag(help: "Print one JSON object.") var json = false

        func run() throws {
            let now = KeyClock.now()
            let store = try openKeys(options.load())
            guard let made = try store?.rotate(id, oldUntil: keepOld?.milliseconds ?? now, at: now) else {
                throw noKey(id, " that holds")
            }
            try tell(made, json: json)
        }
    }
}

private func noKey(_ id: String, _ more: String = "") -> Failure {
    // Who gives the key itself is not to find it in a terminal's log.
    let shown = id.hasPrefix("key_") ? " '\(Figures.shortened(id, to: 40))'" : ""
    return Failure("there is no key\(shown)\(more); `lapwing keys list` shows the ids")
}

enum KeyClock {
    static func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1000) }
}

/// nil where no key has been made.
private func openKeys(_ configuration: Configuration) throws -> KeyStore? {
    guard FileManager.default.fileExists(atPath: configuration.dataFolder + "/keys.sqlite") else { return nil }
    return try KeyStore(folder: configuration.dataFolder)
}

/// Shows a key's text, alone on standard output, so that `$(lapwing keys create NAME)` is the key.
func tell(_ made: NewKey, json: Bool) throws {
    if json { return try Output.standard.json(KeyObject(made.key, state: .active, secret: made.secret)) }
    Output.error.line("\(made.key.id) (\(made.key.draft.name)); this is the only time that the key is shown:")
    Output.standard.line(made.secret.reveal())
}
