import Foundation
import LapwingHub

/// What the reader of an output stream can show: colours and a line drawn anew, or plain lines.
package struct Terminal: Hashable, Sendable {
    package enum Stream: Int32, Sendable {
        case output = 1
        case error = 2
    }

    package var isInteractive: Bool
    package var hasColours: Bool
    /// In columns.
    package var width: Int

    package init(isInteractive: Bool, hasColours: Bool, width: Int) {
        self.isInteractive = isInteractive
        self.hasColours = hasColours
        self.width = width
    }

    /// A pipe or a file.
    package static let plain = Terminal(isInteractive: false, hasColours: false, width: 100)

    /// What `stream` is connected to. `NO_COLOR` (https://no-color.org) and `TERM=dumb` turn colours off.
    package init(_ stream: Stream, environment: [String: String] = ProcessInfo.processInfo.environment) {
        guard isatty(stream.rawValue) == 1 else {
            self = .plain
            return
        }
        let isDumb = environment["TERM"] == "dumb"
        var size = winsize()
        let found = ioctl(stream.rawValue, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        self.init(
            isInteractive: !isDumb, hasColours: !isDumb && (environment["NO_COLOR"] ?? "").isEmpty,
            width: found ? Int(size.ws_col) : 80)
    }

    package enum Style: String, Sendable {
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case cyan = "36"
    }

    /// `text` in a style, or as it is where there are no colours.
    package func paint(_ text: String, _ styles: Style...) -> String {
        guard hasColours, !text.isEmpty, !styles.isEmpty else { return text }
        return "\u{1B}[\(styles.map(\.rawValue).joined(separator: ";"))m\(text)\u{1B}[0m"
    }
}

/// Writes whole pieces of text, unbuffered, so that a pipe's reader sees each line when it falls.
package struct Output: Sendable {
    private let handle: FileHandle
    package let terminal: Terminal

    package init(handle: FileHandle, terminal: Terminal) {
        self.handle = handle
        self.terminal = terminal
    }

    package static let standard = Output(handle: .standardOutput, terminal: Terminal(.output))
    package static let error = Output(handle: .standardError, terminal: Terminal(.error))

    package func write(_ text: String) { write(Data(text.utf8)) }

    /// Bytes as they are. Ends the process where they cannot be written: quietly where nobody reads any more, as other
    /// programs do.
    package func write(_ data: Data) {
        do {
            try handle.write(contentsOf: data)
        } catch {
            let failure = error as? CocoaError
            if failure?.errorNumber != EPIPE {
                let complaint = "lapwing: cannot write the output: \(failure?.reason ?? "\(error)")\n"
                try? FileHandle.standardError.write(contentsOf: Data(complaint.utf8))
            }
            exit(1)
        }
    }

    package func line(_ text: String = "") { write(text + "\n") }

    /// One JSON value with its keys in alphabetical order, on lines of its own or on one.
    package func json(_ value: some Encodable, onOneLine: Bool = false) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if !onOneLine { encoder.outputFormatting.insert(.prettyPrinted) }
        write(try encoder.encode(value) + Data("\n".utf8))
    }
}
