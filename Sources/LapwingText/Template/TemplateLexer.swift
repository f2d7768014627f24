/// A piece of a template's source.
struct TemplateToken: Equatable, Sendable {
    enum Kind: Hashable, Sendable {
        /// Text outside all tags, white space control applied.
        case text(String)
        case outputBegin, outputEnd
        case blockBegin, blockEnd
        case name(String)
        case string(String)
        case integer(Int)
        case double(Double)
        case symbol(String)
        case end
    }

    var kind: Kind
    var line: Int
}

/// Cuts a template into tokens, with the white space rules under which Hugging Face runs chat templates: `trim_blocks`
/// (a newline after a block tag is dropped) and `lstrip_blocks` (so are blanks before one that begins its line).
struct TemplateLexer {
    private let source: [Unicode.Scalar]
    private var position = 0
    private var line = 1
    private var tokens: [TemplateToken] = []
    /// Whether the last tag took a newline with it, so that the text after it begins a line.
    private var startsLine = true

    static func tokens(of source: String) throws(TextError) -> [TemplateToken] {
        var lexer = TemplateLexer(source)
        try lexer.run()
        return lexer.tokens
    }

    /// Newlines become `\n`, and one at the very end is dropped.
    private init(_ source: String) {
        var scalars: [Unicode.Scalar] = []
        var isAfterReturn = false
        for scalar in source.unicodeScalars {
            if scalar == "\n", isAfterReturn {
                isAfterReturn = false
                continue
            }
            isAfterReturn = scalar == "\r"
            scalars.append(isAfterReturn ? "\n" : scalar)
        }
        if scalars.last == "\n" { scalars.removeLast() }
        self.source = scalars
    }

    private mutating func run() throws(TextError) {
        while let tag = nextTag() {
            let sign = peek(tag + 2)
            addText(upTo: tag, sign: sign, isOutput: source[tag + 1] == "{")
            let opener = source[tag + 1]
            position = tag + (sign == "-" || sign == "+" ? 3 : 2)
            if opener == "#" {
                try skipComment()
            } else if opener == "%", let body = rawBody() {
                try addRaw(from: body)
            } else {
                try addTag(isOutput: opener == "{")
            }
        }
        addText(upTo: source.count, sign: nil, isOutput: true)
        add(.end)
    }

    private func nextTag() -> Int? {
        var index = position
        while index + 1 < source.count {
            if source[index] == "{", source[index + 1] == "{" || source[index + 1] == "%" || source[index + 1] == "#" {
                return index
            }
            index += 1
        }
        return nil
    }

    /// Adds the text before a tag, less the white space that the tag takes with it.
    private mutating func addText(upTo end: Int, sign: Unicode.Scalar?, isOutput: Bool) {
        var last = end
        if sign == "-" {
            while last > position, source[last - 1].isPythonSpace { last -= 1 }
        } else if sign != "+", !isOutput {
            var start = end
            while start > position, source[start - 1] != "\n", source[start - 1].isPythonSpace { start -= 1 }
            let beginsLine = start > position ? source[start - 1] == "\n" : startsLine
            if beginsLine { last = start }
        }
        if last > position { add(.text(String(scalars: source[position..<last]))) }
        advance(to: end)
    }

    private mutating func skipComment() throws(TextError) {
        var index = position
        while index + 1 < source.count {
            if source[index] == "#", source[index + 1] == "}" {
                let sign = index > position ? source[index - 1] : nil
                closeTag(at: index, sign: sign)
                return
            }
            index += 1
        }
        throw .templateSyntax(line: line, reason: "a comment is not closed with '#}'")
    }

    /// Where the text after `{% raw %}` begins, if that is the tag here.
    private func rawBody() -> Int? {
        guard let close = wordTag("raw", at: position) else { return nil }
        var index = close.end
        if close.sign == "-" { while index < source.count, source[index].isPythonSpace { index += 1 } }
        return index
    }

    /// Matches `word %}` with blanks around it.
    private func wordTag(_ word: String, at start: Int) -> (end: Int, closer: Int, sign: Unicode.Scalar?)? {
        var index = start
        func skipSpace() { while index < source.count, source[index].isPythonSpace { index += 1 } }
        skipSpace()
        for scalar in word.unicodeScalars {
            guard peek(index) == scalar else { return nil }
            index += 1
        }
        skipSpace()
        let sign = peek(index)
        if sign == "-" || sign == "+" { index += 1 }
        guard peek(index) == "%", peek(index + 1) == "}" else { return nil }
        return (index + 2, index, sign)
    }

    private mutating func addRaw(from body: Int) throws(TextError) {
        advance(to: body)
        startsLine = body > 0 && source[body - 1] == "\n"
        var index = position
        while index + 1 < source.count {
            if source[index] == "{", source[index + 1] == "%" {
                let sign = peek(index + 2)
                let isSigned = sign == "-" || sign == "+"
                if let close = wordTag("endraw", at: index + (isSigned ? 3 : 2)) {
                    addText(upTo: index, sign: sign, isOutput: false)
                    closeTag(at: close.closer, sign: close.sign)
                    return
                }
            }
            index += 1
        }
        throw .templateSyntax(line: line, reason: "'raw' is not closed with 'endraw'")
    }

    private mutating func addTag(isOutput: Bool) throws(TextError) {
        add(isOutput ? .outputBegin : .blockBegin)
        let closer: Unicode.Scalar = isOutput ? "}" : "%"
        var brackets: [Unicode.Scalar] = []
        while position < source.count {
            let scalar = source[position]
            if brackets.isEmpty {
                if scalar == closer, peek(position + 1) == "}" {
                    add(isOutput ? .outputEnd : .blockEnd)
                    return closeTag(at: position, sign: nil, trims: !isOutput)
                }
                let isSign = scalar == "-" || (scalar == "+" && !isOutput)
                if isSign, peek(position + 1) == closer, peek(position + 2) == "}" {
                    add(isOutput ? .outputEnd : .blockEnd)
                    return closeTag(at: position + 1, sign: scalar, trims: !isOutput)
                }
            }
            if scalar.isPythonSpace {
                advance(to: position + 1)
            } else {
                try addExpressionToken(scalar, brackets: &brackets)
            }
        }
        throw .templateSyntax(line: line, reason: "a tag is not closed with '\(closer)}'")
    }

    /// Goes past the two scalars that close a tag and the white space that they take with them.
    private mutating func closeTag(at closer: Int, sign: Unicode.Scalar?, trims: Bool = true) {
        var index = closer + 2
        if sign == "-" {
            while index < source.count, source[index].isPythonSpace { index += 1 }
        } else if sign != "+", trims, peek(index) == "\n" {
            index += 1
        }
        startsLine = source[index - 1] == "\n"
        advance(to: index)
    }

    // MARK: Inside a tag

    private mutating func addExpressionToken(
        _ scalar: Unicode.Scalar, brackets: inout [Unicode.Scalar]
    ) throws(TextError) {
        switch scalar {
        case "'", "\"": try addString(quote: scalar)
        case "0"..."9": try addNumber()
        case _ where scalar.isTemplateNameStart:
            var end = position + 1
            while let next = peek(end), next.isTemplateNamePart { end += 1 }
            add(.name(String(scalars: source[position..<end])))
            advance(to: end)
        default:
            let symbol = try symbol(at: position)
            switch scalar {
            case "(": brackets.append(")")
            case "[": brackets.append("]")
            case "{": brackets.append("}")
            case ")", "]", "}":
                guard brackets.popLast() == scalar else {
                    throw .templateSyntax(line: line, reason: "'\(scalar)' closes nothing")
                }
            default: break
            }
            add(.symbol(symbol))
            advance(to: position + symbol.utf8.count)
        }
    }

    private func symbol(at index: Int) throws(TextError) -> String {
        let one = source[index]
        if let two = peek(index + 1) {
            let pair = String(scalars: [one, two])
            if ["==", "!=", "<=", ">=", "//", "**"].contains(pair) { return pair }
        }
        guard "+-*/%~[](){}<>=.:|,".unicodeScalars.contains(one) else {
            throw .templateSyntax(line: line, reason: "the character '\(one)' was not expected")
        }
        return String(one)
    }

    private mutating func addString(quote: Unicode.Scalar) throws(TextError) {
        var index = position + 1
        var text = String.UnicodeScalarView()
        while let scalar = peek(index), scalar != quote {
            index += 1
            if scalar == "\\" {
                try appendEscape(at: &index, to: &text)
            } else {
                text.append(scalar)
            }
        }
        guard index < source.count else { throw .templateSyntax(line: line, reason: "a string is not closed") }
        add(.string(String(text)))
        advance(to: index + 1)
    }

    /// Python's escapes; a backslash before anything else is a backslash.
    private func appendEscape(at index: inout Int, to text: inout String.UnicodeScalarView) throws(TextError) {
        guard let scalar = peek(index) else { return }
        let plain: [Unicode.Scalar: Unicode.Scalar] = [
            "n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", "\"": "\"", "a": "\u{7}", "b": "\u{8}", "f": "\u{C}",
            "v": "\u{B}",
        ]
        let digits: [Unicode.Scalar: Int] = ["x": 2, "u": 4, "U": 8]
        index += 1
        if let meant = plain[scalar] {
            text.append(meant)
        } else if scalar == "\n" {
            return
        } else if let count = digits[scalar] {
            let end = min(index + count, source.count)
            guard end - index == count, let value = UInt32(String(scalars: source[index..<end]), radix: 16),
                let meant = Unicode.Scalar(value)
            else { throw .templateSyntax(line: line, reason: "'\\\(scalar)' is not followed by a character's number") }
            text.append(meant)
            index = end
        } else if ("0"..."7").contains(scalar) {
            var value = scalar.value - 0x30
            for _ in 0..<2 {
                guard let digit = peek(index), ("0"..."7").contains(digit) else { break }
                value = value * 8 + digit.value - 0x30
                index += 1
            }
            text.append(Unicode.Scalar(value) ?? "\u{FFFD}")
        } else {
            text.append("\\")
            text.append(scalar)
        }
    }

    private mutating func addNumber() throws(TextError) {
        var end = position
        func isDigit(_ index: Int) -> Bool { peek(index).map { ("0"..."9").contains($0) } ?? false }
        func skipDigits() { while isDigit(end) || (peek(end) == "_" && isDigit(end + 1)) { end += 1 } }
        skipDigits()
        var isDouble = false
        // After a dot, as in `pair.0.1`, digits are an index.
        let isIndex = tokens.last?.kind == .symbol(".")
        if !isIndex, peek(end) == ".", isDigit(end + 1) {
            isDouble = true
            end += 1
            skipDigits()
        }
        if !isIndex, peek(end) == "e" || peek(end) == "E" {
            let signed = peek(end + 1) == "+" || peek(end + 1) == "-" ? 2 : 1
            if isDigit(end + signed) {
                isDouble = true
                end += signed
                skipDigits()
            }
        }
        let text = String(scalars: source[position..<end]).filter { $0 != "_" }
        if isDouble, let value = Double(text) {
            add(.double(value))
        } else if let value = Int(text) {
            add(.integer(value))
        } else {
            throw .templateSyntax(line: line, reason: "the number \(text) is too large")
        }
        advance(to: end)
    }

    // MARK: Source

    private func peek(_ index: Int) -> Unicode.Scalar? { index < source.count ? source[index] : nil }

    private mutating func add(_ kind: TemplateToken.Kind) { tokens.append(TemplateToken(kind: kind, line: line)) }

    private mutating func advance(to end: Int) {
        for scalar in source[position..<max(end, position)] where scalar == "\n" { line += 1 }
        position = max(end, position)
    }
}

extension Unicode.Scalar {
    fileprivate var isTemplateNameStart: Bool {
        isASCII ? properties.isAlphabetic || self == "_" : properties.isXIDStart
    }

    fileprivate var isTemplateNamePart: Bool {
        isASCII ? isTemplateNameStart || ("0"..."9").contains(self) : properties.isXIDContinue
    }
}
