import Foundation

/// The board as one page that needs nothing else.
package enum BoardHTML {
    package static func text(_ board: Board) -> String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Lapwing evaluation board</title>
        <style>\(style)</style>
        </head>
        <body>
        <h1>Evaluation board</h1>
        <p>Each score with its standard error; below it, normalised as the Open LLM Leaderboard v2 does: 0 is guessing, 100 is
        all right. An average is given where a model has every task.</p>
        <div class="wide"><table>
        <thead><tr><th>Model</th><th>Average</th>\(board.columns.map { heading($0, board) }.joined())</tr></thead>
        <tbody>
        \(board.rows.map(row).joined(separator: "\n"))
        </tbody>
        </table></div>
        <h2>Conventions</h2>
        <p>Scores of other harnesses, prompts or shots are not comparable with these.</p>
        <ul>
        \(board.columns.map { convention($0, board) }.joined(separator: "\n"))
        </ul>
        </body>
        </html>

        """
    }

    private static let style = """
        :root{color-scheme:light dark;--line:#d0d7de;--soft:#59636e;--band:#f6f8fa;--bar:#b6d4fe}
        @media(prefers-color-scheme:dark){:root{--line:#3d444d;--soft:#9198a1;--band:#151b23;--bar:#1f4b8e}}
        body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}
        h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}
        .wide{overflow-x:auto}
        table{border-collapse:collapse;width:100%}
        th,td{border-bottom:1px solid var(--line);padding:.5rem .75rem;text-align:right;vertical-align:top}
        th:first-child,td:first-child{text-align:left}
        thead th{background:var(--band)}
        small{display:block;color:var(--soft)}
        .bar{display:block;height:.3rem;background:var(--bar);margin:.2rem 0 0 auto}
        """

    private static func heading(_ column: Board.Column, _ board: Board) -> String {
        "<th>\(escaped(board.name(of: column)))<small>\(escaped(column.metric)), \(column.shots)-shot</small></th>"
    }

    private static func row(_ row: Board.Row) -> String {
        let average = row.average.map { fixed($0, 1) } ?? "–"
        return "<tr><td>\(escaped(row.model))</td><td>\(average)</td>\(row.cells.map(cell).joined())</tr>"
    }

    private static func cell(_ cell: Board.Cell?) -> String {
        guard let cell else { return "<td>–</td>" }
        let error = cell.standardError.map { " ± " + fixed($0 * 100, 1) } ?? ""
        let count = cell.run.limit == nil ? "" : ", \(cell.run.questions) questions"
        return "<td>\(fixed(cell.value * 100, 1))\(error)<small>\(fixed(cell.normalised, 1))\(count)</small>"
            + "<span class=\"bar\" style=\"width:\(fixed(cell.normalised, 0))%\"></span></td>"
    }

    private static func convention(_ column: Board.Column, _ board: Board) -> String {
        let chance = column.chance > 0 ? "guessing gets \(fixed(column.chance * 100, 1))%" : "guessing counts as 0"
        return "<li><b>\(escaped(board.name(of: column)))</b>: \(escaped(column.convention)), \(column.shots) shots, "
            + "\(escaped(column.wording)), \(escaped(column.metric)); \(chance)</li>"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }

    private static func fixed(_ value: Double, _ places: Int) -> String {
        value.formatted(
            .number.precision(.fractionLength(places)).grouping(.never).locale(Locale(identifier: "en_US_POSIX")))
    }
}
