import Foundation

/// A step that changes text before it is cut into tokens.
package enum Normalization: Sendable, Equatable {
    case bert(BertNormalization)
    case characterMap(CharacterMap)
    /// Every occurrence, from left to right.
    case replace(String, with: String)
    /// A run of `least` or more spaces becomes the text.
    case replaceSpaces(least: Int, with: String)
    /// Drops the white space at the beginning and at the end.
    case trim(start: Bool, end: Bool)
    /// Makes runs of white space one space, and drops those at the beginning and the end.
    case joinWhiteSpace
    /// As `joinWhiteSpace`, for spaces alone.
    case joinSpaces
    case lowercase
    /// Drops marks that take no room of their own.
    case stripAccents
    case composed
    case decomposed
    case compatiblyComposed
    case compatiblyDecomposed

    func applied(to text: [UInt8]) -> [UInt8] {
        switch self {
        case .bert(let steps): steps.applied(to: text)
        case .characterMap(let map): map.applied(to: text)
        case .replace(let pattern, let replacement):
            Normalization.replace(Array(pattern.utf8), with: Array(replacement.utf8), in: text)
        case .replaceSpaces(let least, let replacement):
            Normalization.replaceSpaces(least, with: Array(replacement.utf8), in: text)
        case .trim(let start, let end): Normalization.trim(text, start: start, end: end)
        case .joinWhiteSpace: Normalization.join(text) { ScalarTable.shared.set(of: $0).meets(.space) }
        case .joinSpaces: Normalization.join(text) { $0 == 0x20 }
        case .lowercase: Normalization.scalars(of: text) { $0.properties.lowercaseMapping }
        case .stripAccents:
            Normalization.scalars(of: text) { $0.properties.generalCategory == .nonspacingMark ? "" : String($0) }
        case .composed: Normalization.string(text) { $0.precomposedStringWithCanonicalMapping }
        case .decomposed: Normalization.string(text) { $0.decomposedStringWithCanonicalMapping }
        case .compatiblyComposed:
            // In two steps, because Foundation's one does not compose what it has decomposed: U+FF76 U+FF9E.
            Normalization.string(text) {
                $0.decomposedStringWithCompatibilityMapping.precomposedStringWithCanonicalMapping
            }
        case .compatiblyDecomposed: Normalization.string(text) { $0.decomposedStringWithCompatibilityMapping }
        }
    }

    /// ASCII is composed and decomposed already.
    private static func string(_ text: [UInt8], _ change: (String) -> String) -> [UInt8] {
        text.allSatisfy { $0 < 0x80 }
            ? text : Array(String(decoding: text, as: UTF8.self).normalizedInParts(change).utf8)
    }

    private static func scalars(of text: [UInt8], _ change: (Unicode.Scalar) -> String) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
            result.append(contentsOf: change(scalar).utf8)
        }
        return result
    }

    private static func replace(_ pattern: [UInt8], with replacement: [UInt8], in text: [UInt8]) -> [UInt8] {
        guard let first = pattern.first, text.contains(first) else { return text }
        var matcher = BytePattern(pattern)
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        for byte in text {
            result.append(byte)
            matcher.advance(byte)
            guard matcher.isComplete else { continue }
            result.removeLast(pattern.count)
            result.append(contentsOf: replacement)
            matcher.restart()
        }
        return result
    }

    private static func replaceSpaces(_ least: Int, with replacement: [UInt8], in text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var offset = 0
        while offset < text.count {
            let run = text[offset...].prefix { $0 == UInt8(ascii: " ") }
            if !run.isEmpty, run.count >= least {
                result.append(contentsOf: replacement)
                offset += run.count
            } else {
                result.append(contentsOf: run)
                offset += run.count
                guard offset < text.count else { break }
                result.append(text[offset])
                offset += 1
            }
        }
        return result
    }

    private static func trim(_ text: [UInt8], start: Bool, end: Bool) -> [UInt8] {
        text.withUnsafeBufferPointer { bytes in
            let first = start ? bytes.skippingSpace(from: 0) : 0
            return Array(bytes[first..<(end ? bytes.trimmingSpaceAtEnd(of: first..<bytes.count) : bytes.count)])
        }
    }

    private static func join(_ text: [UInt8], isSpace: (UInt32) -> Bool) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        text.withUnsafeBufferPointer { bytes in
            let scalars = ScalarView(bytes)
            var offset = 0
            var isPending = false
            while offset < bytes.count {
                let scalar = scalars.scalar(at: offset)
                defer { offset = scalar.end }
                if isSpace(scalar.value) {
                    isPending = !result.isEmpty
                    continue
                }
                if isPending { result.append(UInt8(ascii: " ")) }
                isPending = false
                result.append(contentsOf: bytes[offset..<scalar.end])
            }
        }
        return result
    }
}

extension String {
    /// Applies a normalisation of Unicode to parts with at most 256 marks in a row: Foundation takes quadratic time to
    /// order those, and what people write has a dozen at most.
    func normalizedInParts(_ normalize: (String) -> String) -> String {
        var result = ""
        var start = unicodeScalars.startIndex
        var marks = 0
        for index in unicodeScalars.indices {
            let scalar = unicodeScalars[index]
            // No mark lies below U+0300.
            if scalar.value < 0x300 || scalar.properties.canonicalCombiningClass == .notReordered {
                marks = 0
                continue
            }
            marks += 1
            if marks == 256 {
                let end = unicodeScalars.index(after: index)
                result += normalize(String(unicodeScalars[start..<end]))
                start = end
                marks = 0
            }
        }
        return result + normalize(start == startIndex ? self : String(unicodeScalars[start...]))
    }
}
