/// Rows of RFC 4180 text: cells in quotes may hold commas, line breaks and doubled quotes.
package struct CSVRows {
    /// What is wrong, and where.
    package struct Problem: Error, Hashable {
        /// From 1.
        package var line: Int
        package var reason: String
    }

    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var line = 1
    /// Where the last row began, from 1.
    package private(set) var rowLine = 1

    package init(_ text: String) {
        scalars = Array(text.unicodeScalars)
        if scalars.first == "\u{FEFF}" { position = 1 }
    }

    /// The next row that is not blank; nil at the end.
    package mutating func next() throws(Problem) -> [String]? {
        while position < scalars.count {
            rowLine = line
            let row = try readRow()
            if row != [""] { return row }
        }
        return nil
    }

    private mutating func readRow() throws(Problem) -> [String] {
        var row: [String] = []
        while true {
            row.append(try readCell())
            guard position < scalars.count else { return row }
            let separator = scalars[position]
            position += 1
            if separator == "," { continue }
            if separator == "\r", position < scalars.count, scalars[position] == "\n" { position += 1 }
            line += 1
            return row
        }
    }

    /// Reads up to a comma, a line break or the end, none of which it takes.
    private mutating func readCell() throws(Problem) -> String {
        var cell = String.UnicodeScalarView()
        guard position < scalars.count, scalars[position] == "\"" else {
            while position < scalars.count, ![",", "\n", "\r"].contains(scalars[position]) {
                cell.append(scalars[position])
                position += 1
            }
            return String(cell)
        }
        position += 1
        while position < scalars.count {
            let scalar = scalars[position]
            position += 1
            if scalar == "\"" {
                guard position < scalars.count, scalars[position] == "\"" else { return try closed(cell) }
                position += 1
            } else if scalar == "\n" {
                line += 1
            }
            cell.append(scalar)
        }
        throw Problem(line: rowLine, reason: "found a quote that is never closed")
    }

    private func closed(_ cell: String.UnicodeScalarView) throws(Problem) -> String {
        guard position == scalars.count || [",", "\n", "\r"].contains(scalars[position]) else {
            throw Problem(line: line, reason: "found text after a closing quote, expected a comma")
        }
        return String(cell)
    }
}
