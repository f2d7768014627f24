/// A moment in UTC, by the Gregorian calendar.
struct CalendarTime {
    private let year: Int
    private let month: Int
    private let day: Int
    private let dayOfYear: Int
    private let weekday: Int
    private let hour: Int
    private let minute: Int
    private let second: Int

    /// Howard Hinnant's `civil_from_days`: years begin in March, so that leap days come last.
    init(secondsSince1970 seconds: Int64) {
        // Beyond the year 9999 a date has no use here, and the sums stay small.
        let seconds = Int(min(max(seconds, -62_135_596_800), 253_402_300_799))
        let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let rest = seconds - days * 86_400
        (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60)
        weekday = ((days + 4) % 7 + 7) % 7
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let marchDay = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * marchDay + 2) / 153
        day = marchDay - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        dayOfYear = month > 2 ? marchDay + 60 + (isLeap ? 1 : 0) : marchDay - 305
    }

    /// Python's `strftime` in the C locale; nil where the format has a directive that is not here.
    func formatted(_ format: String) -> String? {
        var result = ""
        var scalars = format.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            guard scalar == "%" else {
                result.unicodeScalars.append(scalar)
                continue
            }
            guard var directive = scalars.next() else { return nil }
            let isUnpadded = directive == "-"
            if isUnpadded {
                guard let next = scalars.next() else { return nil }
                directive = next
            }
            guard let text = text(directive, isUnpadded: isUnpadded) else { return nil }
            result += text
        }
        return result
    }

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

    private func text(_ directive: Unicode.Scalar, isUnpadded: Bool) -> String? {
        func padded(_ value: Int, _ width: Int = 2) -> String {
            let digits = String(value)
            return isUnpadded ? digits : String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        switch directive {
        case "Y": return String(year)
        case "y": return padded(year % 100)
        case "m": return padded(month)
        case "d": return padded(day)
        case "H": return padded(hour)
        case "I": return padded((hour + 11) % 12 + 1)
        case "M": return padded(minute)
        case "S": return padded(second)
        case "j": return padded(dayOfYear, 3)
        case "B": return CalendarTime.months[month - 1]
        case "b": return String(CalendarTime.months[month - 1].prefix(3))
        case "A": return CalendarTime.weekdays[weekday]
        case "a": return String(CalendarTime.weekdays[weekday].prefix(3))
        case "p": return hour < 12 ? "AM" : "PM"
        case "F": return formatted("%Y-%m-%d")
        case "T": return formatted("%H:%M:%S")
        case "Z": return "UTC"
        case "z": return "+0000"
        case "%": return "%"
        default: return nil
        }
    }
}
