/// Rows in columns as wide as their widest cell.
package struct Table: Sendable {
    package enum Alignment: Sendable { case left, right }

    package var columns: [(title: String, alignment: Alignment)]
    package var rows: [[String]] = []

    package init(_ columns: [(title: String, alignment: Alignment)]) { self.columns = columns }

    /// The table's lines, each without spaces at its end. Cells carry no colour; the title line is bold where there is any.
    package func lines(for terminal: Terminal = .plain) -> [String] {
        let widths = columns.indices.map { column in
            ([columns[column].title] + rows.map { $0[column] }).map(\.count).max() ?? 0
        }
        let all = [columns.map(\.title)] + rows
        return all.enumerated().map { index, row in
            let cells = row.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                return columns[column].alignment == .left ? cell + padding : padding + cell
            }
            var line = cells.joined(separator: "  ")
            while line.hasSuffix(" ") { line.removeLast() }
            return index == 0 ? terminal.paint(line, .bold) : line
        }
    }
}
