import Foundation
import LapwingAPI
import Testing
import lapwing

@Suite struct TerminalTests {
    private let wide = Terminal(isInteractive: true, hasColours: false, width: 80)

    @Test(
        "Dollars show four digits that count, and at least cents",
        arguments: [
            (0, "$0.00"), (1, "$0.000000001"), (12_345, "$0.00001235"), (123_456, "$0.0001235"),
            (1_000_000_000, "$1.00"), (12_345_678_900, "$12.35"), (1_234_567_890_000, "$1,234.57"),
            (-50_000_000, "-$0.05"), (999_999_999, "$1.00"), (24_000_000, "$0.024"), (Int64.max, "$9,223,372,036.85"),
        ] as [(Int64, String)])
    func dollars(amount: Int64, expected: String) { #expect(Figures.dollars(NanoUSD(amount)) == expected) }

    @Test("Numbers, shares and times read as people write them")
    func figures() {
        #expect([0, 999, 1000, -1_234_567].map(Figures.grouped) == ["0", "999", "1,000", "-1,234,567"])
        #expect(Figures.percent(3, of: 8) == "37.5%")
        #expect(Figures.percent(0, of: 0) == "–")
        #expect(
            [7, 999, 1000, 59_999, 192_000].map { Figures.duration(milliseconds: $0) }
                == ["7 ms", "999 ms", "1.00 s", "60.00 s", "3 min 12 s"])
        #expect(Figures.shortened("a\nb\u{1B}[31mc", to: 20) == "a b [31mc")
        #expect(Figures.shortened("Where is my parcel?", to: 10) == "Where is…")
    }

    @Test("Colours are written only where they can be seen")
    func colours() {
        #expect(Terminal.plain.paint("x", .bold) == "x")
        #expect(
            Terminal(isInteractive: true, hasColours: true, width: 80).paint("x", .bold, .red)
                == "\u{1B}[1;31mx\u{1B}[0m")
        // A test run's own standard error may be either; a descriptor that is no terminal never has colours.
        if isatty(1) == 0 { #expect(Terminal(.output, environment: ["TERM": "xterm"]) == .plain) }
    }

    @Test("A decision's line fits the terminal, and its columns stand under their titles")
    func decisions() {
        for width in [80, 100, 200] {
            let line = DecisionLine(terminal: Terminal(isInteractive: true, hasColours: false, width: width))
            let question = String(repeating: "Where is my parcel? ", count: 10)
            let answered = line.answered(
                40, question, tokens: 120, confidence: 0.25, decision: .wouldEscalate, cost: NanoUSD(12_345),
                time: "12.34 s")
            #expect(answered.count < width)
            #expect(line.failed(40, question, String(repeating: "no ", count: 100)).count < width)
            for (title, cell) in [
                ("question", "Where"), ("decision", "would"), ("cost", "$0.00001235"), ("time", "12.34"),
            ] {
                #expect(
                    line.header.range(of: title)?.lowerBound.utf16Offset(in: line.header)
                        == answered.range(of: cell)?.lowerBound.utf16Offset(in: answered), "\(title)")
            }
        }
        #expect(DecisionLine(terminal: .plain).failed(1, "Why?", String(repeating: "x", count: 300)).hasSuffix("x"))
    }

    @Test("A table's columns line up, numbers on the right, with nothing after the last cell")
    func table() {
        var table = Table([("model", .left), ("tokens", .right), ("note", .left)])
        table.rows = [["smollm2", "7", ""], ["gpt-4-turbo", "1,204", "closed"]]
        #expect(
            table.lines() == [
                "model        tokens  note",
                "smollm2           7",
                "gpt-4-turbo   1,204  closed",
            ])
        #expect(table.lines(for: Terminal(isInteractive: true, hasColours: true, width: 80))[0].hasPrefix("\u{1B}[1m"))
    }

    @Test("A bar fills by eighths of a cell and fits the terminal")
    func bar() {
        let line = ProgressBar.line(label: "get", done: 1, total: 3, detail: "1 of 3", terminal: wide)
        let bar = String(repeating: "█", count: 13) + "▎" + String(repeating: " ", count: 26)
        #expect(line == "get  \(bar)   33%  1 of 3")
        for width in [1, 5, 12, 20, 40, 200] {
            let terminal = Terminal(isInteractive: true, hasColours: false, width: width)
            for done in [-1, 0, 5, 10, 11] as [Int64] {
                let line = ProgressBar.line(label: "download", done: done, total: 10, detail: "x", terminal: terminal)
                #expect(line.count <= max(1, width - 1))
            }
        }
        #expect(ProgressBar.line(label: "a", done: 0, total: 0, detail: "", terminal: wide).contains("0%"))
    }

    @Test("On a terminal the bar is drawn anew and lines fall above it; in a pipe there are plain lines by tenths")
    func display() {
        var written = ""
        var display = ProgressDisplay(label: "ask", terminal: wide) { written += $0 }
        display.update(done: 0, total: 2, detail: "0 of 2")
        display.update(done: 0, total: 2, detail: "0 of 2")
        display.print("first")
        display.finish()
        let bar = ProgressBar.line(label: "ask", done: 0, total: 2, detail: "0 of 2", terminal: wide)
        #expect(written == "\r\u{1B}[2K\(bar)" + "\r\u{1B}[2Kfirst\n\(bar)" + "\r\u{1B}[2K")

        written = ""
        display = ProgressDisplay(label: "ask", terminal: .plain) { written += $0 }
        for done in 0...40 { display.update(done: Int64(done), total: 40, detail: "\(done)") }
        display.print("line")
        display.finish()
        #expect(written.split(separator: "\n").count == 12)
        #expect(written.hasPrefix("ask 0%  0\nask 10%  4\n"))
        #expect(written.hasSuffix("ask 100%  40\nline\n"))
        #expect(!written.contains("\u{1B}") && !written.contains("\r"))
    }
}
