import ArgumentParser
import Foundation
import Testing
import lapwing

@Suite struct CommandLineTests {
    private func ending(of arguments: String...) -> Lapwing.Ending? {
        do {
            var command = try Lapwing.parseAsRoot(arguments)
            try command.run()
            return nil
        } catch {
            return Lapwing.Ending(of: error)
        }
    }

    @Test(
        "Bad usage ends with 2 and shows how the command that was meant is used",
        arguments: [
            (["chekc"], "<subcommand>"), (["--nonsense"], "<subcommand>"),
            (["report", "--since", "yesterday"], "report"),
            (["report", "--by", "colour"], "report"),
            (["report", "--since", "2026-02-01", "--until", "2026-01-01"], "report"),
            (["pull", "not-a-model"], "pull"),
            (["pull"], "pull"), (["prices", "list", "--day", "2026-13-01"], "prices list"),
            (["prices", "import", "f", "--effective", "today"], "prices import"), (["run", ""], "run"),
            (["run", " "], "run"), (["bench", "--chat-template", "chatml"], "bench"),
        ])
    func badUsage(arguments: [String], command: String) {
        do {
            _ = try Lapwing.parseAsRoot(arguments)
            Issue.record("\(arguments) was taken")
        } catch {
            let ending = Lapwing.Ending(of: error)
            #expect(ending.status == 2)
            #expect(ending.message?.contains("Usage: lapwing \(command)") == true, "\(ending.message ?? "")")
            #expect(ending.stream == .error)
        }
    }

    @Test("Help is a success, on standard output")
    func help() {
        let ending = ending(of: "report", "--help")
        #expect(ending?.status == 0)
        #expect(ending?.stream == .output)
        #expect(ending?.message?.contains("lapwing report --by feature") == true)
    }

    @Test("A failure is 1 with one sentence, an interruption 130 with none")
    func failures() {
        #expect(Lapwing.Ending(of: Failure("no model")).status == 1)
        #expect(Lapwing.Ending(of: Failure("no model")).message == "lapwing: no model")
        #expect(Lapwing.Ending(of: Failure()).message == nil)
        let refused = ConfigurationError.unreadable(file: "/x", reason: "there is no such file")
        #expect(Lapwing.Ending(of: refused).message == "lapwing: Cannot read '/x': there is no such file.")
        #expect(Lapwing.Ending(of: CancellationError()).status == 130)
        #expect(Lapwing.Ending(of: CancellationError()).message == nil)
    }

    @Test("Every command's help has an example")
    func examples() throws {
        for command in Lapwing.configuration.subcommands
            + Lapwing.configuration.groupedSubcommands.flatMap(\.subcommands)
        {
            let leaves = command.configuration.subcommands.isEmpty ? [command] : command.configuration.subcommands
            for leaf in leaves {
                #expect(leaf.configuration.discussion.contains("  lapwing "), "\(leaf)")
                #expect(!leaf.configuration.abstract.isEmpty, "\(leaf)")
            }
        }
    }

    @Test("Times are days, moments or spans ago")
    func times() throws {
        let now = Date(timeIntervalSince1970: 1_000_000)
        #expect(TimePoint("2026-11-01", now: now)?.milliseconds == 1_793_491_200_000)
        #expect(TimePoint("2026-11-01T08:00:00Z", now: now)?.milliseconds == 1_793_520_000_000)
        #expect(TimePoint("24h", now: now)?.milliseconds == 913_600_000)
        #expect(TimePoint("90m", now: now)?.milliseconds == 994_600_000)
        #expect(TimePoint("2w", now: now)?.milliseconds == -209_600_000)
        for text in ["", "h", "-1d", "1y", "2026-13-01", "2026-02-30", "01.02.2026", "now"] {
            #expect(TimePoint(text, now: now) == nil, "\(text)")
        }
    }
}
