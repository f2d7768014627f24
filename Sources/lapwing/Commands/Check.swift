import ArgumentParser

/// `lapwing check`: reads the configuration and says what it found, and no more.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check the configuration file.",
        discussion: """
            Reads the file and says what it found. Nothing is loaded, opened or called.

              lapwing check
              lapwing check --config /etc/lapwing/lapwing.yaml
            """)

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let configuration = try options.load(warns: true)
        for line in ConfigurationSummary.lines(of: configuration, terminal: Output.standard.terminal) {
            Output.standard.line(line)
        }
    }
}
