import ArgumentParser

/// `lapwing doctor`: what this machine has, and what stands in the way.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what this machine has and whether Lapwing can run here.",
        discussion: """
            Looks at the processor, the memory and its speed, the weight files, the configuration and the data folder. \
            Exits with 1 where something stands in the way.

              lapwing doctor
              lapwing doctor --json
            """)

    @OptionGroup var options: ConfigurationOptions
    @Flag(help: "Print one JSON object.") var json = false

    func run() async throws {
        var examination = Examination()
        try examination.examineMachine()
        let configuration = examination.examineConfiguration(options)
        examination.examineModels(configuration)
        if let configuration { examination.examineData(configuration) }
        if json {
            try Output.standard.json(examination)
        } else {
            for line in examination.lines(for: Output.standard.terminal) { Output.standard.line(line) }
        }
        if examination.findings.contains(where: { $0.state == .bad }) { throw Failure() }
    }
}
