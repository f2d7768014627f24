/// Finds where a smooth convex function is least; the same start and function give the same point to the last bit.
///
/// L-BFGS with the two-loop recursion (Nocedal and Wright, "Numerical Optimization", 2nd edition, algorithms 7.4 and 7.5),
/// and a search along the line by bisection until the weak Wolfe conditions hold (Lewis and Overton, "Nonsmooth optimization
/// via quasi-Newton methods", 2013, algorithm 2.6), which keeps every update of the curvature positive.
struct LimitedMemoryBFGS {
    /// Ends where no part of the gradient is larger.
    var tolerance: Double
    var iterationLimit: Int
    /// How many steps back the curvature is remembered.
    var memory = 10

    struct Minimum {
        var point: [Double]
        var value: Double
        var iterations: Int
        /// Whether the gradient is within the tolerance; else the limit was reached, or rounding allows no further step.
        var isConverged: Bool
    }

    /// `evaluate` returns the value at a point and writes the gradient there.
    func minimize(
        from start: [Double], _ evaluate: (_ point: [Double], _ gradient: inout [Double]) -> Double
    ) -> Minimum {
        var point = start
        var gradient = [Double](repeating: 0, count: start.count)
        var value = evaluate(point, &gradient)
        var updates: [Update] = []
        for iteration in 0..<iterationLimit {
            guard gradient.contains(where: { abs($0) > tolerance }) else {
                return Minimum(point: point, value: value, iterations: iteration, isConverged: true)
            }
            var direction = Self.direction(gradient, updates)
            if dot(direction, gradient) >= 0 {
                updates = []
                direction = gradient.map { -$0 }
            }
            let first = updates.isEmpty ? 1 / max(dot(gradient, gradient).squareRoot(), 1) : 1
            guard let step = search(from: point, value, gradient, along: direction, first, evaluate) else { break }
            let update = Update(step: minus(step.point, point), change: minus(step.gradient, gradient))
            if update.curvature > 0 { updates.append(update) }
            if updates.count > memory { updates.removeFirst() }
            (point, value, gradient) = (step.point, step.value, step.gradient)
        }
        let isConverged = !gradient.contains { abs($0) > tolerance }
        return Minimum(point: point, value: value, iterations: iterationLimit, isConverged: isConverged)
    }

    private struct Update {
        var step: [Double]
        var change: [Double]
        var curvature: Double

        init(step: [Double], change: [Double]) {
            self.step = step
            self.change = change
            curvature = dot(step, change)
        }
    }

    private struct Step {
        var point: [Double]
        var value: Double
        var gradient: [Double]
    }

    private static func direction(_ gradient: [Double], _ updates: [Update]) -> [Double] {
        var direction = gradient.map { -$0 }
        var shares = [Double](repeating: 0, count: updates.count)
        for (index, update) in updates.enumerated().reversed() {
            shares[index] = dot(update.step, direction) / update.curvature
            add(update.change, times: -shares[index], to: &direction)
        }
        if let last = updates.last {
            let scale = last.curvature / dot(last.change, last.change)
            for index in direction.indices { direction[index] *= scale }
        }
        for (index, update) in updates.enumerated() {
            let back = dot(update.change, direction) / update.curvature
            add(update.step, times: shares[index] - back, to: &direction)
        }
        return direction
    }

    /// nil where rounding hides every descent.
    private func search(
        from start: [Double], _ value: Double, _ gradient: [Double], along direction: [Double], _ first: Double,
        _ evaluate: (_ point: [Double], _ gradient: inout [Double]) -> Double
    ) -> Step? {
        let slope = dot(direction, gradient)
        let slack = abs(value) * 1e-15
        var (low, high, length) = (0.0, Double.infinity, first)
        var found = Step(point: start, value: value, gradient: gradient)
        for _ in 0..<40 {
            found.point = start
            add(direction, times: length, to: &found.point)
            found.value = evaluate(found.point, &found.gradient)
            if !(found.value <= value + 1e-4 * length * slope + slack) {
                high = length
            } else if dot(direction, found.gradient) < 0.9 * slope {
                low = length
            } else {
                return found
            }
            length = high.isFinite ? (low + high) / 2 : 2 * low
        }
        return nil
    }
}

private func minus(_ a: [Double], _ b: [Double]) -> [Double] {
    var difference = a
    add(b, times: -1, to: &difference)
    return difference
}
