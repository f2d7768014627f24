import LapwingText
import Testing

@Suite struct ChatTemplateTests {
    private func render(
        _ source: String, _ messages: [TemplateMessage] = [TemplateMessage(role: "user", content: "Hi")],
        limits: TemplateLimits = TemplateLimits()
    ) throws(TextError) -> String {
        try ChatTemplate(source: source, limits: limits, clock: { 0 }).render(
            messages: messages, addGenerationPrompt: true, bosToken: "<s>", eosToken: "</s>")
    }

    @Test(
        "What is not supported is named with its line",
        arguments: [
            ("{{ 1 }}\n\n{% include 'x' %}", 3, "the tag 'include'"), ("{% import 'a' as b %}", 1, "the tag 'import'"),
            ("{% extends 'a' %}", 1, "the tag 'extends'"), ("\n{{ 'a' | urlize }}", 2, "the filter 'urlize'"),
            ("{{ 1 is prime }}", 1, "the test 'prime'"), ("{{ lipsum(1) }}", 1, "the function 'lipsum'"),
            ("{% for x in [1] recursive %}{% endfor %}", 1, "a recursive loop"),
            ("{{ 'a%s' % 1 }}", 1, "formatting with '%'"),
            ("\n\n{{ ''.__class__ }}", 3, "the attribute '__class__'"),
            ("{{ ''['__class__'] }}", 1, "the attribute '__class__'"),
            ("{{ messages.__init__.__globals__ }}", 1, "the attribute '__init__'"),
            ("{{ range.__self__ }}", 1, "the attribute '__self__'"),
            ("{{ strftime_now('%q') }}", 1, "the time format '%q'"),
        ])
    func unsupported(source: String, line: Int, construct: String) {
        #expect(throws: TextError.templateUnsupported(line: line, construct: construct)) { try render(source) }
    }

    @Test("A method that is not there is named")
    func unknownMethod() {
        let construct = "the method 'format' ('str object' has no attribute 'format')"
        #expect(throws: TextError.templateUnsupported(line: 1, construct: construct)) {
            try render("{{ 'a{}'.format(1) }}")
        }
    }

    @Test("A template's own refusal keeps its sentence")
    func raised() {
        #expect(throws: TextError.templateRaised(message: "Only 1 role")) {
            try render("{{ raise_exception('Only ' ~ 1 ~ ' role') }}")
        }
    }

    @Test(
        "Malformed templates are refused with the line",
        arguments: [
            ("a\n{{ 1", 2), ("{% if 1 %}\n\n", 2), ("{{ 'a }}", 1), ("{#", 1), ("\n{{ a b }}", 2),
            ("{{ 99999999999999999999 }}", 1),
            ("{{ '\\ud800' }}", 1), ("{% raw %}x", 1), ("{{ ) }}", 1),
        ])
    func malformed(source: String, line: Int) throws {
        let error = #expect(throws: TextError.self) { try render(source) }
        guard case .templateSyntax(line, _)? = error else {
            Issue.record("\(source): \(String(describing: error))")
            return
        }
    }

    @Test(
        "Every bound holds",
        arguments: [
            ("{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", "steps"),
            ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "levels of evaluation"),
            (
                "{% set ns = namespace(s='ab') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
                "bytes of text"
            ),
            ("{{ 'a'|map(" + String(repeating: "'map',", count: 5000) + "'list') }}", "levels of evaluation"),
            ("{% for i in range(99999) %}{{ 'a' * 99999 }}{% endfor %}", "bytes of text"),
            ("{{ 'a' * 9999999999 }}", "bytes of text"), ("{{ 'a' * 9223372036854775807 }}", "bytes of text"),
            ("{{ [1] * 9999999999 }}", "steps"), ("{{ 'aaaa'|replace('', 'x' * 9999999) }}", "bytes of text"),
            ("{{ range(999999999) }}", "items of a range"), ("{{ 'a\\nb'|indent(999999999) }}", "bytes of text"),
            ("{{ '1'.zfill(999999999) }}", "bytes of text"),
            (
                "{% set ns = namespace(x=[]) %}{% for i in range(999) %}{% set ns.x = [ns.x] %}{% endfor %}",
                "levels of lists in lists"
            ),
            (
                "{% set ns = namespace(x=1) %}{% for i in range(40) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
                "steps"
            ),
            (
                "{% set ns = namespace(x=1) %}{% for i in range(40) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x|tojson }}",
                "steps"
            ),
            (
                "{% set ns = namespace(x=1) %}{% for i in range(40) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x == ns.x }}",
                "steps"
            ),
            (
                "{{ " + String(repeating: "(", count: 5000) + String(repeating: ")", count: 5000) + " }}",
                "levels of nesting in the source"
            ),
            ("{{ " + String(repeating: "not ", count: 5000) + "1 }}", "levels of nesting in the source"),
            ("{{ x" + String(repeating: ".a", count: 5000) + " }}", "levels of nesting in the source"),
            ("{{ 1" + String(repeating: "|string", count: 5000) + " }}", "levels of nesting in the source"),
            (String(repeating: "{% if 1 %}", count: 5000), "levels of nesting in the source"),
            ("{{ 1" + String(repeating: " if 1 else 1", count: 5000) + " }}", "levels of nesting in the source"),
            (String(repeating: "a", count: 300_000), "bytes of source"),
        ])
    func bounds(source: String, what: String) throws {
        var limits = TemplateLimits()
        limits.steps = 300_000
        limits.outputByteCount = 1 << 20
        let error = #expect(throws: TextError.self) { try render(source, limits: limits) }
        guard case .templateLimit(what, _)? = error else {
            Issue.record("\(source.prefix(80)): \(String(describing: error))")
            return
        }
    }

    @Test(
        "Arithmetic that passes 64 bits is an error, not a trap",
        arguments: [
            "9223372036854775807 + 1", "-9223372036854775807 - 2", "9223372036854775807 * 2", "10 ** 99", "2 ** 64",
            "(-9223372036854775807 - 1) // -1", "(-9223372036854775807 - 1)|abs", "-(-9223372036854775807 - 1)",
            "1 // 0", "1 % 0",
        ])
    func overflow(expression: String) {
        #expect(throws: TextError.self) { try render("{{ \(expression) }}") }
    }

    @Test(
        "Ends of the integers are no trap in slices, ranges and indexes",
        arguments: [
            "[1,2][9223372036854775807]", "[1,2][-9223372036854775807:9223372036854775807:9223372036854775807]",
            "'ab'[::-9223372036854775807]", "[][-1:]", "''[::-1]",
            "range(9223372036854775806, 9223372036854775807)|list",
            "range(-9223372036854775807, 9223372036854775807, 9223372036854775807)|list",
            "'abc'.split('b', 9223372036854775807)",
            "1e308 * 10", "(1e308 * 10)|int", "[1,2][(-9223372036854775807 - 1):]",
        ])
    func extremes(expression: String) throws {
        _ = try render("{{ \(expression) }}")
    }

    @Test("The clock is the one that is given")
    func clock() throws {
        let template = try ChatTemplate(source: "{{ strftime_now('%Y-%m-%d %H:%M:%S %a %j') }}", clock: { 951_782_399 })
        let text = try template.render(messages: [], addGenerationPrompt: false, bosToken: "", eosToken: "")
        #expect(text == "2000-02-28 23:59:59 Mon 059")
    }

    @Test(
        "Dates are those of the calendar",
        arguments: [
            (Int64(0), "1970-01-01 Thu 001"), (68_169_600, "1972-02-29 Tue 060"), (-1, "1969-12-31 Wed 365"),
            (1_735_603_200, "2024-12-31 Tue 366"), (4_102_444_800, "2100-01-01 Fri 001"), (.max, "9999-12-31 Fri 365"),
        ])
    func dates(seconds: Int64, expected: String) throws {
        let template = try ChatTemplate(source: "{{ strftime_now('%F %a %j') }}", clock: { seconds })
        let text = try template.render(messages: [], addGenerationPrompt: false, bosToken: "", eosToken: "")
        #expect(text == expected)
    }

    @Test("Special tokens and message fields reach the template as text")
    func content() throws {
        let messages = [TemplateMessage(role: "user", content: "{{ 1 }} {% x %}", name: "ann")]
        #expect(
            try render("{{ bos_token }}{{ messages[0].name }}: {{ messages[0].content }}", messages)
                == "<s>ann: {{ 1 }} {% x %}")
    }
}
