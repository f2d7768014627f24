import ArgumentParser
import Foundation

/// The most memory that this process's models may take, as a user writes it: `512MB`, `2GiB`, or `60%` of the machine's.
package enum MemoryLimit: Hashable, Sendable {
    case bytes(Int)
    case percent(Double)

    package static let expected = "a size such as 512MB or 2GiB, or a share of the machine's memory such as 60%"

    private static let units: [(name: String, bytes: Double)] = [
        ("kb", 1e3), ("mb", 1e6), ("gb", 1e9), ("tb", 1e12), ("kib", 0x1p10), ("mib", 0x1p20), ("gib", 0x1p30),
        ("tib", 0x1p40), ("b", 1),
    ]

    /// nil where the text is no limit.
    package init?(_ text: String) {
        let text = text.lowercased()
        func number(before unit: String) -> Double? {
            guard text.hasSuffix(unit) else { return nil }
            let digits = text.dropLast(unit.count).trimmingCharacters(in: .whitespaces)
            guard digits.utf8.allSatisfy({ (48...57).contains($0) || $0 == UInt8(ascii: ".") }) else { return nil }
            return Double(digits).flatMap { $0 > 0 ? $0 : nil }
        }
        if let percent = number(before: "%") {
            guard percent <= 100 else { return nil }
            self = .percent(percent)
            return
        }
        for unit in Self.units {
            guard let count = number(before: unit.name), count * unit.bytes < 0x1p60 else { continue }
            self = .bytes(Int(count * unit.bytes))
            return
        }
        return nil
    }

    /// In bytes, on a machine with so much memory; nil where that has to be known and is not.
    package func byteCount(of memory: Int64?) -> Int? {
        switch self {
        case .bytes(let count): count
        case .percent(let percent): memory.map { Int(Double($0) * percent / 100) }
        }
    }
}

extension MemoryLimit: ExpressibleByArgument {
    /// Of `--memory`, on every command that runs a model.
    static let help = ArgumentHelp(
        "The most memory for weights, cache and buffers together, such as 512MB, 2GiB or 60%; the default is what is free.",
        valueName: "size")

    package init?(argument: String) { self.init(argument) }
}
