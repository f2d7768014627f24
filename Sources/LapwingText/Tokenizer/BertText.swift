import Foundation

/// The normalisation of BERT's tokenizer, each part of which a model may leave out.
package struct BertNormalization: Sendable, Equatable {
    /// Drops control characters and makes all white space spaces.
    package var cleansText = true
    /// Makes each Chinese character a word of its own.
    package var spacesChinese = true
    package var stripsAccents = true
    package var lowercases = true

    package init() {}

    package func applied(to text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        let isASCII = text.withUnsafeBufferPointer { cleaned($0, into: &result) }
        if isASCII || !(stripsAccents || lowercases) { return result }
        return folded(String(decoding: result, as: UTF8.self))
    }

    /// The parts that look at one character only, those of ASCII entirely. Returns whether all was ASCII.
    private func cleaned(_ text: UnsafeBufferPointer<UInt8>, into result: inout [UInt8]) -> Bool {
        let scalars = ScalarView(text)
        var isASCII = true
        var offset = 0
        while offset < text.count {
            let scalar = scalars.scalar(at: offset)
            defer { offset = scalar.end }
            let kind = BertClass(scalar.value)
            if cleansText {
                if kind == .control || scalar.value == 0 || scalar.value == 0xFFFD { continue }
                if kind == .space {
                    result.append(UInt8(ascii: " "))
                    continue
                }
            }
            if scalar.value < 0x80 {
                result.append(lowercased(text[offset]))
                continue
            }
            isASCII = false
            if spacesChinese, kind == .chinese {
                result.append(UInt8(ascii: " "))
                result.append(contentsOf: text[offset..<scalar.end])
                result.append(UInt8(ascii: " "))
            } else {
                result.append(contentsOf: text[offset..<scalar.end])
            }
        }
        return isASCII
    }

    private func lowercased(_ byte: UInt8) -> UInt8 {
        let isUpper = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
        return isUpper && lowercases ? byte | 0x20 : byte
    }

    private func folded(_ text: String) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.utf8.count)
        let text = stripsAccents ? text.normalizedInParts(\.decomposedStringWithCanonicalMapping) : text
        for scalar in text.unicodeScalars {
            if scalar.isASCII {
                // What a capital with an accent leaves is a capital.
                result.append(lowercased(UInt8(truncatingIfNeeded: scalar.value)))
            } else if stripsAccents, BertClass(scalar.value) == .mark {
                continue
            } else if lowercases, scalar.properties.changesWhenLowercased {
                result.append(contentsOf: scalar.properties.lowercaseMapping.utf8)
            } else {
                result.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
        return result
    }
}

/// The classes that BERT's tokenizer tells apart.
///
/// The reference implementations know the categories of Unicode 8: what came later is in no class.
enum BertClass: UInt8 {
    case other, space, control, mark, punctuation, chinese

    /// Of the scalars in the basic plane, where nearly all text is.
    private static let table: [BertClass] = (0..<0x10000).map { BertClass(computed: $0) }

    @inline(__always)
    init(_ scalar: UInt32) {
        self = scalar < 0x10000 ? BertClass.table[Int(scalar)] : BertClass(computed: scalar)
    }

    private init(computed value: UInt32) {
        self = .other
        guard let scalar = Unicode.Scalar(value) else { return }
        if scalar.isASCII {
            self = BertClass(ascii: UInt8(truncatingIfNeeded: value))
            return
        }
        let isChinese = BertClass.chineseRanges.contains { $0.contains(value) }
        let properties = scalar.properties
        guard let age = properties.age, age.major <= 8 else {
            if isChinese { self = .chinese }
            return
        }
        switch properties.generalCategory {
        case .control, .format, .privateUse: self = .control
        case .nonspacingMark: self = .mark
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            self = .punctuation
        default: self = properties.isWhitespace ? .space : isChinese ? .chinese : .other
        }
    }

    private init(ascii byte: UInt8) {
        switch byte {
        case 0x09, 0x0A, 0x0D, 0x20: self = .space
        case 0..<0x20, 0x7F: self = .control
        // BERT counts all signs of ASCII as punctuation.
        case 0x21..<0x30, 0x3A..<0x41, 0x5B..<0x61, 0x7B..<0x7F: self = .punctuation
        default: self = .other
        }
    }

    /// The ranges of the reference implementation, which leaves out U+2B820 to U+2B91F.
    private static let chineseRanges: [ClosedRange<UInt32>] = [
        0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x2A6DF, 0x2A700...0x2B81F, 0x2B920...0x2CEAF,
        0x2F800...0x2FA1F,
    ]
}
