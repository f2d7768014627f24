/// How far something is, as one line that a terminal draws again and again.
package struct ProgressBar: Sendable {
    private static let eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]

    /// `label  ██████▌        43%  detail`, never wider than the terminal.
    package static func line(
        label: String, done: Int64, total: Int64, detail: String, terminal: Terminal
    ) -> String {
        let share = total > 0 ? min(1, max(0, Double(done) / Double(total))) : 0
        let percent = "\(Int(share * 100))%"
        let padded = String(repeating: " ", count: 4 - percent.count) + percent
        let fixed = label.count + detail.count + padded.count + 6
        let cells = min(40, terminal.width - 1 - fixed)
        guard cells >= 4 else {
            return Figures.shortened("\(label)  \(padded)  \(detail)", to: max(1, terminal.width - 1))
        }
        let filled = Int(share * Double(cells * 8))
        let bar = String(repeating: "█", count: filled / 8) + eighths[filled % 8]
        let rest = String(repeating: " ", count: cells - bar.count)
        return "\(label)  \(terminal.paint(bar, .cyan))\(rest)  \(padded)  \(detail)"
    }
}

/// A progress bar at the foot of the lines that fall meanwhile; elsewhere than on a terminal, a line now and then.
///
/// Not shared between tasks: one owner prints.
package struct ProgressDisplay {
    private let write: (String) -> Void
    private let terminal: Terminal
    private let label: String
    private var drawn = false
    private var lastTenth: Int64 = -1
    private var lastLine = ""

    package init(label: String, output: Output) {
        self.init(label: label, terminal: output.terminal, write: { output.write($0) })
    }

    /// `write` takes each piece of text, line ends included.
    package init(label: String, terminal: Terminal, write: @escaping (String) -> Void) {
        self.label = label
        self.terminal = terminal
        self.write = write
    }

    /// Shows the state; without a terminal only when another tenth is done.
    package mutating func update(done: Int64, total: Int64, detail: String) {
        guard terminal.isInteractive else {
            let tenth = total > 0 ? done * 10 / total : 0
            if tenth > lastTenth {
                lastTenth = tenth
                write("\(label) \(tenth * 10)%  \(detail)\n")
            }
            return
        }
        let line = ProgressBar.line(label: label, done: done, total: total, detail: detail, terminal: terminal)
        guard line != lastLine else { return }
        lastLine = line
        write("\r\u{1B}[2K" + line)
        drawn = true
    }

    /// Prints a line above the bar.
    package mutating func print(_ line: String) {
        write(drawn ? "\r\u{1B}[2K\(line)\n\(lastLine)" : "\(line)\n")
    }

    /// Takes the bar away, so that what comes next starts on an empty line.
    package mutating func finish() {
        if drawn { write("\r\u{1B}[2K") }
        drawn = false
        lastLine = ""
    }
}
