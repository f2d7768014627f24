/// Text as Python has it: a sequence of scalars, compared scalar by scalar. Swift's own equality and counting go by
/// grapheme clusters and canonical equivalence, which chat templates do not know.
extension String {
    init(scalars: some Sequence<Unicode.Scalar>) {
        var view = UnicodeScalarView()
        view.append(contentsOf: scalars)
        self.init(view)
    }

    func isIdentical(to other: String) -> Bool { utf8.elementsEqual(other.utf8) }

    func contains(scalarsOf other: String) -> Bool {
        other.utf8.isEmpty || Occurrences(of: other, in: self).contains { _ in true }
    }

    /// `strip`, `lstrip`, `rstrip`: takes white space, or the scalars of `set`, off the ends.
    func stripped(_ set: String? = nil, left: Bool = true, right: Bool = true) -> String {
        var view = unicodeScalars[...]
        let members = set.map { Set($0.unicodeScalars) }
        func isStripped(_ scalar: Unicode.Scalar) -> Bool { members?.contains(scalar) ?? scalar.isPythonSpace }
        if left { view = view.drop(while: isStripped) }
        if right { while let last = view.last, isStripped(last) { view.removeLast() } }
        return String(view)
    }

    /// The parts between occurrences of `separator`, at most `limit` cuts; an empty separator gives no cut.
    func split(scalars separator: String, limit: Int = .max, fromEnd: Bool = false) -> [String] {
        let found = Occurrences(of: separator, in: self)
        // From the end, overlapping occurrences are found the other way round; templates split by what cannot overlap.
        let cuts = fromEnd ? Array(found.suffix(limit)) : Array(found.prefix(limit))
        var parts: [String] = []
        var start = 0
        for cut in cuts {
            parts.append(String(decoding: found.bytes[start..<cut], as: UTF8.self))
            start = cut + separator.utf8.count
        }
        return parts + [cuts.isEmpty ? self : String(decoding: found.bytes[start...], as: UTF8.self)]
    }

    /// The runs between white space; what is left after `limit` cuts keeps its white space.
    func splitAtSpaces(limit: Int = .max) -> [String] {
        var parts: [String] = []
        var rest = unicodeScalars.drop(while: \.isPythonSpace)
        while !rest.isEmpty, parts.count < limit {
            let end = rest.firstIndex(where: \.isPythonSpace) ?? rest.endIndex
            parts.append(String(rest[..<end]))
            rest = rest[end...].drop(while: \.isPythonSpace)
        }
        if !rest.isEmpty { parts.append(String(rest).stripped(left: false)) }
        return parts
    }

    func replacing(scalarsOf old: String, with new: String, limit: Int = .max) -> String {
        if old.isEmpty {
            var result = ""
            var count = 0
            for scalar in unicodeScalars {
                if count < limit { result += new }
                count += 1
                result.unicodeScalars.append(scalar)
            }
            return count < limit ? result + new : result
        }
        let found = Occurrences(of: old, in: self)
        var result: [UInt8] = []
        var start = 0
        for cut in found.prefix(limit) {
            result += found.bytes[start..<cut]
            result += new.utf8
            start = cut + old.utf8.count
        }
        return start == 0 ? self : String(decoding: result + found.bytes[start...], as: UTF8.self)
    }

    /// The lines, without their ends.
    func splitLines() -> [String] {
        var lines: [String] = []
        var line = UnicodeScalarView()
        var isAfterReturn = false
        for scalar in unicodeScalars {
            defer { isAfterReturn = scalar == "\r" }
            if scalar == "\n", isAfterReturn { continue }
            if scalar.isPythonLineEnd {
                lines.append(String(line))
                line = UnicodeScalarView()
            } else {
                line.append(scalar)
            }
        }
        return line.isEmpty ? lines : lines + [String(line)]
    }

    /// The first scalar in capitals, the rest small.
    var capitalizedFirst: String {
        guard let first = unicodeScalars.first else { return "" }
        return first.properties.titlecaseMapping + String(unicodeScalars.dropFirst()).lowercased()
    }

    /// Python's `title`: a capital after everything that has no case.
    var titled: String {
        var result = ""
        var isInWord = false
        for scalar in unicodeScalars {
            result += isInWord ? scalar.properties.lowercaseMapping : scalar.properties.titlecaseMapping
            isInWord = scalar.properties.isCased
        }
        return result
    }

    /// Python's `repr` of a string.
    var pythonLiteral: String {
        let quote: Unicode.Scalar = utf8.contains(UInt8(ascii: "'")) && !utf8.contains(UInt8(ascii: "\"")) ? "\"" : "'"
        var result = String.UnicodeScalarView([quote])
        for scalar in unicodeScalars {
            switch scalar {
            case quote, "\\": result.append(contentsOf: ["\\", scalar])
            case "\n": result.append(contentsOf: "\\n".unicodeScalars)
            case "\r": result.append(contentsOf: "\\r".unicodeScalars)
            case "\t": result.append(contentsOf: "\\t".unicodeScalars)
            case _ where scalar.isPythonPrintable: result.append(scalar)
            default:
                let (mark, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
                result.append(contentsOf: "\\\(mark)\(scalar.hexadecimal(width: width))".unicodeScalars)
            }
        }
        result.append(quote)
        return String(result)
    }
}

/// Where `pattern` occurs in a text, from left to right and without overlaps, as offsets in bytes; an empty one nowhere.
struct Occurrences: Sequence, IteratorProtocol {
    /// The text, or nothing where the pattern cannot be in it: the work is charged by the text alone.
    let bytes: [UInt8]
    private var pattern: BytePattern
    private var end = 0

    init(of pattern: String, in text: String) {
        let isPossible = !pattern.utf8.isEmpty && pattern.utf8.count <= text.utf8.count
        bytes = isPossible ? Array(text.utf8) : []
        self.pattern = BytePattern(isPossible ? Array(pattern.utf8) : [])
    }

    mutating func next() -> Int? {
        while end < bytes.count {
            pattern.advance(bytes[end])
            end += 1
            if pattern.isComplete {
                pattern.restart()
                return end - pattern.count
            }
        }
        return nil
    }

    /// How many there are.
    var total: Int { reduce(0) { total, _ in total + 1 } }
}

extension Unicode.Scalar {
    /// Python's `isspace`: white space and the four information separators.
    var isPythonSpace: Bool { properties.isWhitespace || (0x1C...0x1F).contains(value) }

    var isPythonLineEnd: Bool {
        switch value {
        case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029: true
        default: false
        }
    }

    fileprivate var isPythonPrintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        case .spaceSeparator: self == " "
        default: true
        }
    }

    func hexadecimal(width: Int) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

extension Double {
    /// Python's `repr` of a float: the shortest digits that give it back, with an exponent from 1e16 on.
    var pythonLiteral: String {
        if isNaN { return "nan" }
        if isInfinite { return self < 0 ? "-inf" : "inf" }
        let text = description
        guard let mark = text.firstIndex(of: "e") else { return text }
        var digits = text[..<mark]
        if digits.hasSuffix(".0") { digits = digits.dropLast(2) }
        let exponent = text[text.index(after: mark)...]
        let sign = exponent.hasPrefix("-") ? "-" : "+"
        let number = exponent.drop { $0 == "-" || $0 == "+" }
        return "\(digits)e\(sign)\(number.count < 2 ? "0" : "")\(number)"
    }
}
