/// All that was measured of one engine.
package struct BenchReport: Sendable, Equatable {
    package var engine: String
    package var model: String
    /// What else the reader is to know, such as threads and kernels, in the order of the table's foot.
    package var facts: [String]
    package var rounds: Int
    package var figures: [BenchFigure]

    package init(engine: String, model: String, facts: [String] = [], rounds: Int, figures: [BenchFigure]) {
        self.engine = engine
        self.model = model
        self.facts = facts
        self.rounds = rounds
        self.figures = figures
    }

    package func figure(_ measure: Measure) -> BenchFigure? { figures.first { $0.measure == measure } }
}

extension BenchReport: Encodable {
    private enum Key: String, CodingKey { case engine, model, facts, rounds, figures, notes }

    /// Figures by name, and the notes of those that have one: why a figure is null, or what it hangs on.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(engine, forKey: .engine)
        try container.encode(model, forKey: .model)
        try container.encode(facts, forKey: .facts)
        try container.encode(rounds, forKey: .rounds)
        let values = figures.map { ($0.measure.name, $0.value) }
        try container.encode(Dictionary(uniqueKeysWithValues: values), forKey: .figures)
        let notes = figures.filter { !$0.note.isEmpty }.map { ($0.measure.name, $0.note) }
        try container.encode(Dictionary(uniqueKeysWithValues: notes), forKey: .notes)
    }
}

/// A report, and a peer's of the same run where there is one.
package struct BenchComparison: Sendable, Encodable {
    package var lapwing: BenchReport
    package var peer: BenchReport?

    private enum Key: String, CodingKey { case lapwing, peer, ratio }

    package init(lapwing: BenchReport, peer: BenchReport? = nil) {
        self.lapwing = lapwing
        self.peer = peer
    }

    /// Ours divided by the peer's; nil where one of them is missing, and for shares, which are of each one's own.
    package func ratio(_ measure: Measure) -> Double? {
        guard measure.unit != .percent, let ours = lapwing.figure(measure)?.value,
            let theirs = peer?.figure(measure)?.value, theirs > 0
        else { return nil }
        return ours / theirs
    }

    package func encode(to encoder: any Encoder) throws {
        guard let peer else { return try lapwing.encode(to: encoder) }
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(lapwing, forKey: .lapwing)
        try container.encode(peer, forKey: .peer)
        let ratios = lapwing.figures.compactMap { figure in ratio(figure.measure).map { (figure.measure.name, $0) } }
        try container.encode(Dictionary(uniqueKeysWithValues: ratios), forKey: .ratio)
    }

    package func lines(for terminal: Terminal = .plain) -> [String] {
        var table = Table([(lapwing.model, .left), (lapwing.engine, .right)])
        if let peer { table.columns += [(peer.engine, .right), ("ratio", .right)] }
        table.columns.append(("", .left))
        table.rows = lapwing.figures.map { figure in
            var row = [figure.measure.label, Self.text(figure.value)]
            var notes = [figure.note]
            if let peer {
                let other = peer.figure(figure.measure)
                row += [
                    Self.text(other?.value), ratio(figure.measure).map { Figures.fixed($0, places: 2) } ?? "–",
                ]
                if let note = other?.note, !note.isEmpty, note != figure.note {
                    notes.append("\(peer.engine): \(note)")
                }
            }
            return row + [notes.filter { !$0.isEmpty }.joined(separator: "; ")]
        }
        var lines = table.lines(for: terminal)
        let rounds = lapwing.rounds == 1 ? "one round" : "medians of \(lapwing.rounds) rounds"
        lines += ["", (lapwing.facts + [rounds]).joined(separator: ", ")]
        if let peer {
            lines += peer.facts.isEmpty ? [] : ["\(peer.engine): \(peer.facts.joined(separator: ", "))"]
            lines.append(
                "ratio is \(lapwing.engine) / \(peer.engine): above 1 is better for speeds, below 1 for the rest")
        }
        return lines
    }

    private static func text(_ value: Double?) -> String {
        guard let value else { return "–" }
        return value >= 100 ? Figures.grouped(Int(value.rounded())) : Figures.fixed(value, places: 1)
    }
}
