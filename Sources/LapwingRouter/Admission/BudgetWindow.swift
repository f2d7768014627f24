import Foundation
import LapwingAPI

/// One day or one month in UTC.
package struct BudgetWindow: Hashable, Sendable {
    package let period: BudgetPeriod
    /// Days, or months, since 1970.
    package let number: Int

    private static let millisecondsPerDay: Int64 = 86_400_000

    private static let calendar: Calendar = {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        return calendar
    }()

    package init(_ period: BudgetPeriod, at milliseconds: Int64) {
        self.period = period
        switch period {
        case .day:
            let (days, rest) = milliseconds.quotientAndRemainder(dividingBy: Self.millisecondsPerDay)
            number = Int(rest < 0 ? days - 1 : days)
        case .month:
            let parts = Self.calendar.dateComponents(
                [.year, .month], from: Date(timeIntervalSince1970: Double(milliseconds) / 1000))
            number = ((parts.year ?? 1970) - 1970) * 12 + (parts.month ?? 1) - 1
        }
    }

    /// When the next one begins: milliseconds since 1970.
    package var end: Int64 { Self.start(of: period, number + 1) }
    package var start: Int64 { Self.start(of: period, number) }

    private static func start(of period: BudgetPeriod, _ number: Int) -> Int64 {
        switch period {
        case .day: Int64(number) * millisecondsPerDay
        case .month:
            Int64(
                (calendar.date(from: DateComponents(year: 1970, month: number + 1, day: 1))?.timeIntervalSince1970 ?? 0)
                    * 1000)
        }
    }
}
