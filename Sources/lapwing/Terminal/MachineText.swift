import LapwingAPI
import LapwingStore

/// What this machine's own models cost, as a person reads it.
package enum MachineText {
    package static func lines(_ machine: Report.Machine, terminal: Terminal = .plain) -> [String] {
        var rows = [(label: "machine", value: use(machine))]
        if let cost = machine.servedCost {
            rows.append(
                (
                    "machine's cost",
                    "\(Figures.dollars(cost.amount)), of which busy \(Figures.dollars(machine.busyCost.amount))"
                ))
        }
        var table = Table([
            ("own model", .left), ("time", .left), ("tokens in", .right), ("out", .right), ("$/M in", .right),
            ("$/M out", .right), ("$/M", .right),
        ])
        for model in machine.models {
            table.rows.append(
                [
                    Figures.shortened(model.name, to: 40), "busy",
                    Figures.grouped(Int(model.promptTokens)), Figures.grouped(Int(model.completionTokens)),
                ] + prices(model.busyOnly))
            if let cost = model.withIdle { table.rows.append(["", "and idle", "", ""] + prices(cost)) }
        }
        return [""] + ReceiptText.aligned(rows, terminal: terminal) + [""] + table.lines(for: terminal)
    }

    private static func use(_ machine: Report.Machine) -> String {
        let busy = "busy \(Figures.duration(milliseconds: milliseconds(machine.busySeconds)))"
        guard let served = machine.servedSeconds, let idle = machine.idleShare else {
            return "\(busy); when the server ran is not known, so neither is how long it stood idle"
        }
        return "up \(Figures.duration(milliseconds: milliseconds(served))), \(busy), "
            + "idle \(Figures.fixed(idle * 100, places: 1))%"
    }

    private static func prices(_ cost: Report.TokenCost?) -> [String] {
        [cost?.inputPerMillion, cost?.outputPerMillion, cost?.perMillion].map { amount in
            amount.map { Figures.dollars($0.amount) } ?? "–"
        }
    }

    private static func milliseconds(_ seconds: Double) -> Int64 { Int64((seconds * 1000).rounded()) }
}
