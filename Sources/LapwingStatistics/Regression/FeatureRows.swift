/// The numbers of one sample: values at columns, zero everywhere else.
package struct FeatureRow: Hashable, Sendable {
    package var columns: [Int32]
    package var values: [Double]

    package init(columns: [Int32] = [], values: [Double] = []) {
        precondition(columns.count == values.count, "a value for each column")
        self.columns = columns
        self.values = values
    }

    /// A row in which nothing is left out.
    package init(dense: some Collection<Double>) {
        self.init(columns: dense.indices.enumerated().map { Int32($0.offset) }, values: Array(dense))
    }

    /// Made as long as 1, unless it is empty.
    package mutating func normalize() {
        let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        if length > 0 { values = values.map { $0 / length } }
    }
}

/// Rows of samples, one after another, of which only what is not zero is kept.
package struct FeatureRows: Hashable, Sendable {
    package let columnCount: Int
    /// Where each row begins in `columns` and `values`, and where the last one ends.
    package private(set) var starts = [0]
    package private(set) var columns: [Int32] = []
    package private(set) var values: [Double] = []

    package init(columnCount: Int) { self.columnCount = columnCount }

    package init(columnCount: Int, _ rows: some Sequence<FeatureRow>) {
        self.init(columnCount: columnCount)
        for row in rows { append(row) }
    }

    /// Rows of the same length, in which nothing is left out.
    package init(dense rows: [[Double]]) {
        self.init(columnCount: rows.first?.count ?? 0, rows.lazy.map { FeatureRow(dense: $0) })
    }

    /// The rows of several matrices beside one another, each times its weight.
    package init(sideBySide parts: [(rows: FeatureRows, weight: Double)]) {
        self.init(columnCount: parts.reduce(0) { $0 + $1.rows.columnCount })
        let count = parts.first?.rows.count ?? 0
        precondition(parts.allSatisfy { $0.rows.count == count }, "rows that stand beside one another are as many")
        let entries = parts.reduce(0) { $0 + $1.rows.columns.count }
        columns.reserveCapacity(entries)
        values.reserveCapacity(entries)
        for row in 0..<count {
            var offset: Int32 = 0
            for (rows, weight) in parts {
                for entry in rows.starts[row]..<rows.starts[row + 1] {
                    columns.append(rows.columns[entry] + offset)
                    values.append(rows.values[entry] * weight)
                }
                offset += Int32(rows.columnCount)
            }
            starts.append(columns.count)
        }
    }

    package var count: Int { starts.count - 1 }

    package mutating func append(_ row: FeatureRow) {
        precondition(
            row.columns.allSatisfy { $0 >= 0 && $0 < columnCount }, "a column of a row lies beyond the \(columnCount)")
        columns += row.columns
        values += row.values
        starts.append(columns.count)
    }

    package subscript(row: Int) -> FeatureRow {
        let range = starts[row]..<starts[row + 1]
        return FeatureRow(columns: Array(columns[range]), values: Array(values[range]))
    }

    package func selecting(_ rows: some Sequence<Int>) -> FeatureRows {
        var selected = FeatureRows(columnCount: columnCount)
        for row in rows {
            let range = starts[row]..<starts[row + 1]
            selected.columns += columns[range]
            selected.values += values[range]
            selected.starts.append(selected.columns.count)
        }
        return selected
    }
}
