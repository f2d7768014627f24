import Foundation

/// What can be counted in an answer, beside its prompt, without knowing what is right: whether its arithmetic comes out when
/// it is done again, whether it ends as answers end, whether it says that it cannot.
package enum AnswerCounts {
    /// The numbers' names, in their order.
    package static let names = [
        "length", "lines", "isMarked", "lacksNumber", "isFraction", "size", "isNegative", "calls", "rightCalls",
        "wrongCalls", "hasWrongCall", "unreadCalls", "rightSums", "wrongSums", "hasWrongSum", "isLastCall",
        "isLastNumber", "isOfPrompt", "usedNumbers", "numbers", "hedges", "refuses", "isJSON", "tail", "fractions",
        "largestNumber", "lengthRatio", "missingSteps", "distinctLines", "endsMidway",
    ]

    package static func values(_ answer: String, prompt: String) -> [Double] {
        let marked = answer.range(of: "####")
        let body = marked.map { answer[..<$0.lowerBound] } ?? answer[...]
        let tail = marked.map { answer[$0.upperBound...] }
        let lines = answer.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        let final = tail.flatMap { Numbers.all(in: $0.split(separator: "\n").first ?? "").first }
        let asked = Set(Numbers.all(in: prompt))
        let numbers = Numbers.all(in: body)
        let (calls, plain) = calculatorCalls(in: answer)
        let checked = calls.map { check($0.expression, $0.result) }
        let sums = writtenSums(in: plain)
        let wrongCalls = checked.count { $0 == false }
        let wrongSums = sums.count { !$0 }
        let lower = answer.lowercased()
        return [
            log1p(Double(answer.count)), log1p(Double(lines.count)), flag(tail != nil), flag(final == nil),
            flag(final.map { $0 != $0.rounded() } ?? false), log1p(final ?? 0),
            flag(tail?.prefix(3).contains("-") ?? false), log1p(Double(calls.count)),
            log1p(Double(checked.count { $0 == true })), Double(wrongCalls), flag(wrongCalls > 0),
            Double(checked.count { $0 == nil }), log1p(Double(sums.count { $0 })), Double(wrongSums),
            flag(wrongSums > 0), flag(same(final, calls.last.flatMap { Numbers.only(in: $0.result) })),
            flag(same(final, numbers.last)), flag(final.map(asked.contains) ?? false),
            asked.isEmpty ? 0 : Double(asked.intersection(numbers).count) / Double(asked.count),
            log1p(Double(numbers.count)), flag(hedges.contains(where: lower.contains)),
            flag(refusals.contains(where: lower.contains)), flag(isJSON(answer)), log1p(Double(tail?.count ?? 0)),
            log1p(Double(numbers.count { $0 != $0.rounded() })), log1p(numbers.max() ?? 0),
            log1p(Double(answer.count) / Double(prompt.count + 1)), Double(calls.count - asked.count),
            lines.isEmpty ? 1 : Double(Set(lines).count) / Double(lines.count),
            flag(tail == nil && answer.last(where: { !$0.isWhitespace }).map { !".!?`)\"".contains($0) } ?? true),
        ]
    }

    package static let hedges = [
        "however", "but ", "wait", "mistake", "assum", "unclear", "not possible", "does not specify", "doesn't",
    ]
    package static let refusals = [
        "i cannot", "i can't", "i'm sorry", "i am sorry", "as an ai", "i'm unable", "i am unable", "i don't know",
        "i do not know", "cannot be determined", "not enough information",
    ]

    /// Whether the whole answer is one JSON object or array.
    package static func isJSON(_ answer: String) -> Bool {
        guard let first = answer.first(where: { !$0.isWhitespace }), "{[".contains(first) else { return false }
        return (try? JSONSerialization.jsonObject(with: Data(answer.utf8))) != nil
    }

    private static func flag(_ value: Bool) -> Double { value ? 1 : 0 }

    private static func same(_ a: Double?, _ b: Double?) -> Bool {
        guard let a, let b else { return false }
        return abs(a - b) < 1e-6
    }

    private struct Call {
        var expression: Substring
        var result: Substring
    }

    /// nil where one of the sides cannot be read.
    private static func check(_ expression: some StringProtocol, _ result: some StringProtocol) -> Bool? {
        guard let value = Arithmetic.value(of: expression), let stated = Numbers.only(in: result) else { return nil }
        return Arithmetic.agrees(value, with: stated)
    }

    /// The `<<a*b=c>>` of GSM8K's style, and the text without them.
    private static func calculatorCalls(in answer: String) -> (calls: [Call], plain: String) {
        var calls: [Call] = []
        var plain = ""
        var rest = answer[...]
        while let open = rest.range(of: "<<"), let close = rest[open.upperBound...].range(of: ">>") {
            plain += rest[..<open.lowerBound]
            let inside = rest[open.upperBound..<close.lowerBound]
            if let equals = inside.firstIndex(of: "=") {
                calls.append(Call(expression: inside[..<equals], result: inside[inside.index(after: equals)...]))
            }
            rest = rest[close.upperBound...]
        }
        return (calls, plain + rest)
    }

    /// Whether each `3 x 4 = 12` written out in a text is right.
    private static func writtenSums(in text: String) -> [Bool] {
        text.split(separator: "\n").flatMap { line in
            let sides = line.split(separator: "=", omittingEmptySubsequences: false)
            return zip(sides, sides.dropFirst()).compactMap { left, right -> Bool? in
                let expression = trailingExpression(left)
                guard expression.contains(where: { "+-*/x×".contains($0) }) else { return nil }
                return check(expression, leadingNumber(right))
            }
        }
    }

    /// The arithmetic that a text ends with, which begins with a number, money or a bracket.
    private static func trailingExpression(_ text: Substring) -> Substring {
        let isOf: (Character) -> Bool = { ($0.isNumber && $0.isASCII) || " .,$%()+-*/x×".contains($0) }
        let start = text.lastIndex { !isOf($0) }.map(text.index(after:)) ?? text.startIndex
        return text[start...].drop { !$0.isNumber && !"($".contains($0) }
    }

    private static func leadingNumber(_ text: Substring) -> Substring {
        let start = text.drop { $0.isWhitespace || $0 == "$" }
        let number = start.prefix { ($0.isNumber && $0.isASCII) || ".,-".contains($0) }
        return ".,".contains(number.last ?? " ") ? number.dropLast() : number
    }
}
