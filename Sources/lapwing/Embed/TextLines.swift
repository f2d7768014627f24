import Foundation
import LapwingHub

/// The lines of a file or of standard input that hold more than white space.
package struct TextLines: Sendable {
    package struct Line: Hashable, Sendable {
        /// From 1, blank lines counted.
        package var number: Int
        package var text: String
    }

    package var lines: [Line]

    package init(_ text: String) {
        // "\r\n" is one character.
        let parts = text.split(omittingEmptySubsequences: false) { $0.isNewline }
        lines = parts.enumerated().compactMap { index, part in
            part.allSatisfy(\.isWhitespace) ? nil : Line(number: index + 1, text: String(part))
        }
    }

    /// `-` is standard input. Throws `Failure` for what is no text, and where there is none.
    package init(path: String) throws {
        let name = path == "-" ? "standard input" : path
        let data: Data
        do {
            data =
                try path == "-" ? FileHandle.standardInput.readToEnd() ?? Data() : Data(contentsOf: URL(filePath: path))
        } catch {
            throw Failure("cannot read '\(name)': \((error as? CocoaError)?.reason ?? "\(error)")")
        }
        guard let text = String(validating: data, as: UTF8.self) else { throw Failure("\(name) is not UTF-8 text") }
        self.init(text)
        guard !lines.isEmpty else { throw Failure("\(name) holds no text, expected a text a line") }
    }
}
