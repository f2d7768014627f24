import LapwingModel
import LapwingTestSupport

/// The simplest rounding that each type allows: scales from the greatest or the least and greatest values, whole-number
/// scales from the greatest of them, and every weight to the nearest code.
enum PlainRounding {
    /// 256 values after the way to a type and back.
    static func roundTrip(_ values: [Float], as type: TensorType) -> [Float] {
        switch type {
        case .q4_0: blocks(values) { scaled($0, low: -8, numbers: whole(-8, 7)) }
        case .q5_0: blocks(values) { scaled($0, low: -16, numbers: whole(-16, 15)) }
        case .q8_0: blocks(values) { scaled($0, low: -127, numbers: whole(-127, 127)) }
        case .iq4_nl: blocks(values) { scaled($0, low: -127, numbers: table) }
        case .q4_1: blocks(values) { lined($0, top: 15) }
        case .q5_1: blocks(values) { lined($0, top: 31) }
        case .iq4_xs: groupScaled(values, count: 8, low: -127, numbers: table, scales: -32...31)
        case .q3_K: groupScaled(values, count: 16, low: -4, numbers: whole(-4, 3), scales: -32...31)
        case .q6_K: groupScaled(values, count: 16, low: -32, numbers: whole(-32, 31), scales: -128...127)
        case .q2_K: groupLined(values, count: 16, top: 3, limit: 15)
        case .q4_K: groupLined(values, count: 8, top: 15, limit: 63)
        case .q5_K: groupLined(values, count: 8, top: 31, limit: 63)
        default: preconditionFailure("\(type) has no blocks")
        }
    }

    private static let table: [Float] = [
        -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
    ]

    private static func whole(_ low: Int, _ high: Int) -> [Float] { (low...high).map(Float.init) }

    private static func blocks(_ values: [Float], _ round: ([Float]) -> [Float]) -> [Float] {
        stride(from: 0, to: values.count, by: 32).flatMap { round(Array(values[$0..<$0 + 32])) }
    }

    private static func nearest(_ value: Float, _ numbers: [Float], scale: Float, minimum: Float = 0) -> Float {
        var best = Float.infinity
        for number in numbers where abs(number * scale + minimum - value) < abs(best - value) {
            best = number * scale + minimum
        }
        return best
    }

    private static func extreme(_ values: [Float]) -> Float { values.max { abs($0) < abs($1) } ?? 0 }

    private static func scaled(_ block: [Float], low: Float, numbers: [Float]) -> [Float] {
        let scale = Float16Bits.round(extreme(block) / low)
        return block.map { nearest($0, numbers, scale: scale) }
    }

    private static func lined(_ block: [Float], top: Int) -> [Float] {
        let least = block.min() ?? 0, scale = ((block.max() ?? 0) - least) / Float(top)
        return block.map {
            nearest($0, whole(0, top), scale: Float16Bits.round(scale), minimum: Float16Bits.round(least))
        }
    }

    private static func groups(_ values: [Float], _ count: Int) -> [[Float]] {
        (0..<count).map { Array(values[$0 * 256 / count..<($0 + 1) * 256 / count]) }
    }

    private static func groupScaled(
        _ values: [Float], count: Int, low: Float, numbers: [Float], scales: ClosedRange<Int>
    ) -> [Float] {
        let groups = groups(values, count)
        let wanted = groups.map { extreme($0) / low }
        let block = Float16Bits.round(extreme(wanted) / Float(scales.lowerBound))
        return zip(groups, wanted).flatMap { group, scale in
            let ratio = block == 0 ? 0 : Int((scale / block).rounded(.toNearestOrEven))
            let whole = max(scales.lowerBound, min(scales.upperBound, ratio))
            return group.map { nearest($0, numbers, scale: block * Float(whole)) }
        }
    }

    private static func groupLined(_ values: [Float], count: Int, top: Int, limit: Int) -> [Float] {
        let groups = groups(values, count)
        let depths = groups.map { -min(0, $0.min() ?? 0) }
        let scales = zip(groups, depths).map { (($0.max() ?? 0) + $1) / Float(top) }
        let block = Float16Bits.round((scales.max() ?? 0) / Float(limit))
        let blockDepth = Float16Bits.round((depths.max() ?? 0) / Float(limit))
        func whole(_ part: Float, of unit: Float) -> Float {
            unit == 0 ? 0 : min(Float(limit), (part / unit).rounded(.toNearestOrEven))
        }
        return groups.indices.flatMap { index in
            let scale = block * whole(scales[index], of: block)
            let minimum = -(blockDepth * whole(depths[index], of: blockDepth))
            return groups[index].map { nearest($0, Self.whole(0, top), scale: scale, minimum: minimum) }
        }
    }
}
