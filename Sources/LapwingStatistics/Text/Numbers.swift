/// Numbers as people write them: digits with commas between thousands and at most one point.
package enum Numbers {
    package static func all(in text: some StringProtocol) -> [Double] {
        var numbers: [Double] = []
        var number = ""
        func finish() {
            let trimmed = number.last == "." ? String(number.dropLast()) : number
            if let value = Double(trimmed), value.isFinite { numbers.append(value) }
            number = ""
        }
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): number.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: ",") where !number.isEmpty && !number.contains("."): continue
            case UInt8(ascii: ".") where !number.isEmpty && !number.contains("."): number += "."
            default: if !number.isEmpty { finish() }
            }
        }
        if !number.isEmpty { finish() }
        return numbers
    }

    /// The number that a text is, apart from signs of money and percent, commas and spaces; nil where it is anything else.
    package static func only(in text: some StringProtocol) -> Double? {
        let kept = text.filter { !"$%,".contains($0) && !$0.isWhitespace }
        guard let first = kept.first, first.isNumber || "-.".contains(first) else { return nil }
        return Double(String(kept))
    }
}
