import Foundation

/// How far Stirling's formula lies under log Γ: δ(x) = log Γ(x) - (x - ½) log x + x - ½ log 2π, for x > 0.
///
/// Differences of log Γ of large arguments lose all their digits; written with δ and `deviance` they lose none
/// (C. Loader, "Fast and accurate computation of binomial probabilities", 2000).
func stirlingError(_ x: Double) -> Double {
    var x = x
    var lowered = 0.0
    // δ(x) - δ(x + 1) = (x + ½) log(1 + 1/x) - 1, which follows from Γ(x + 1) = x Γ(x).
    while x < 15 {
        lowered += (x + 0.5) * log1p(1 / x) - 1
        x += 1
    }
    // DLMF 5.11.1; the next term is under 1e-17 from 15 on.
    let r = 1 / (x * x)
    let series =
        1 / 12.0 - r * (1 / 360.0 - r * (1 / 1260.0 - r * (1 / 1680.0 - r * (1 / 1188.0 - r * 691 / 360360.0))))
    return lowered + series / x
}

/// D(x, m) = x log(x / m) + m - x, for x ≥ 0 and m > 0, without cancellation where they are close (Loader, section 3).
func deviance(_ x: Double, mean m: Double) -> Double {
    guard x > 0 else { return m }
    let difference = x - m
    guard abs(difference) < 0.1 * (x + m) else { return x * log(x / m) - difference }
    let v = difference / (x + m)
    var term = 2 * x * v
    var sum = difference * v
    var odd = 1.0
    while true {
        term *= v * v
        odd += 2
        let next = sum + term / odd
        if next == sum { return next }
        sum = next
    }
}
