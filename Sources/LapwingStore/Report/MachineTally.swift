import LapwingAPI

/// Adds calls of this machine's own models up to `Report.Machine`.
struct MachineTally {
    private var models: [String: ModelTally] = [:]

    mutating func add(_ entry: LedgerEntry) {
        for call in entry.calls where call.usage.computeNanoseconds != nil {
            models[call.model, default: ModelTally()].add(call)
        }
    }

    /// nil where there was no such call.
    func result(served: RunTime) -> Report.Machine? {
        guard !models.isEmpty else { return nil }
        let busy = models.values.reduce(Int128(0)) { $0 + $1.nanoseconds }
        let busyCost = models.values.reduce(Int128(0)) { $0 + $1.cost }
        let isServed = served.milliseconds > 0
        // Two engines may work at once, so that busy time can pass the time of day.
        let idle = max(0, 1 - Double(busy) / 1e6 / Double(max(1, served.milliseconds)))
        let factor = busyCost > 0 ? max(1, Double(served.cost.rawValue) / Double(busyCost)) : 1
        let rows = models.sorted { ($1.value.nanoseconds, $0.key) < ($0.value.nanoseconds, $1.key) }
        return Report.Machine(
            servedSeconds: isServed ? Double(served.milliseconds) / 1000 : nil,
            servedCost: isServed ? DollarAmount(served.cost) : nil, busySeconds: Double(busy) / 1e9,
            busyCost: dollars(busyCost), idleShare: isServed ? idle : nil,
            models: rows.map { $0.value.row($0.key, idleFactor: isServed ? factor : nil) })
    }
}

/// The calls of one model.
private struct ModelTally {
    private var calls = 0
    private(set) var nanoseconds: Int128 = 0
    private(set) var cost: Int128 = 0
    private var promptTokens: Int64 = 0
    private var completionTokens: Int64 = 0
    private var exact = ExactCalls()

    mutating func add(_ call: CallReceipt) {
        let read = Int64(call.usage.promptTokens - call.usage.cachedPromptTokens)
        calls += 1
        nanoseconds += Int128(call.usage.computeNanoseconds ?? 0)
        cost += Int128(call.cost?.rawValue ?? 0)
        promptTokens += read
        completionTokens += Int64(call.usage.completionTokens)
        if !call.usage.isEstimated { exact.add(call, read: read) }
    }

    func row(_ name: String, idleFactor: Double?) -> Report.Model {
        Report.Model(
            name: name, calls: calls, promptTokens: promptTokens, completionTokens: completionTokens,
            busySeconds: Double(nanoseconds) / 1e9, cost: dollars(cost), busyOnly: exact.tokenCost(factor: 1),
            withIdle: idleFactor.flatMap { exact.tokenCost(factor: $0) })
    }
}

/// The calls whose tokens were counted and not estimated, and what a token of each kind took of them.
///
/// A call's machine time t is taken to be a·p + b·c for its p prompt tokens and c generated ones. Over all calls, a and b
/// are those with the least squares of what is left over, and are then scaled so that a·P + b·C is all the time there was.
private struct ExactCalls {
    private var prompt = 0.0
    private var completion = 0.0
    private var time = 0.0
    private var cost: Int128 = 0
    private var (pp, pc, cc, pt, ct) = (0.0, 0.0, 0.0, 0.0, 0.0)

    mutating func add(_ call: CallReceipt, read: Int64) {
        let (p, c, t) = (
            Double(read), Double(call.usage.completionTokens), Double(call.usage.computeNanoseconds ?? 0)
        )
        prompt += p
        completion += c
        time += t
        cost += Int128(call.cost?.rawValue ?? 0)
        pp += p * p
        pc += p * c
        cc += c * c
        pt += p * t
        ct += c * t
    }

    /// nil where no token was counted.
    func tokenCost(factor: Double) -> Report.TokenCost? {
        guard prompt + completion > 0 else { return nil }
        func perMillion(_ nanoDollars: Double) -> DollarAmount {
            DollarAmount(NanoUSD(Int64(min(nanoDollars * factor * 1e6, 9e18).rounded(.toNearestOrEven))))
        }
        let mean = perMillion(Double(cost) / (prompt + completion))
        guard let (input, output) = nanoseconds else {
            // What only reads, as an encoder does, has one price.
            return Report.TokenCost(perMillion: mean, inputPerMillion: completion == 0 ? mean : nil)
        }
        let rate = Double(cost) / time
        return Report.TokenCost(
            perMillion: mean, inputPerMillion: perMillion(input * rate), outputPerMillion: perMillion(output * rate))
    }

    /// What a token of each kind took. nil where all calls are of much the same shape, so that many a and b explain them as
    /// well, or where the best ones make no sense.
    private var nanoseconds: (input: Double, output: Double)? {
        let determinant = pp * cc - pc * pc
        guard determinant > Self.leastSpread * pp * cc, time > 0 else { return nil }
        let input = (pt * cc - ct * pc) / determinant
        let output = (ct * pp - pt * pc) / determinant
        guard input > 0, output > 0 else { return nil }
        let scale = time / (input * prompt + output * completion)
        return (input * scale, output * scale)
    }

    /// The sine squared of the angle between prompts and answers as vectors: 0 where each answer is as long for its prompt
    /// as every other.
    private static let leastSpread = 1e-3
}

private func dollars(_ amount: Int128) -> DollarAmount { DollarAmount(NanoUSD(Int64(clamping: amount))) }
