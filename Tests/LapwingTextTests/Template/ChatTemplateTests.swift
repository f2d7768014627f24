import LapwingText
import Testing

@Suite(.timeLimit(.minutes(1))) struct ChatTemplateTests {
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

    @Test(
        "A filter or a test that is not there is found when the template is read, not when it is run",
        arguments: ["{{ 1 | urlize if false }}", "{% if false and 1 is prime %}{% endif %}"])
    func unsupportedAtReading(source: String) {
        #expect(throws: TextError.self) { try ChatTemplate(source: source) }
    }

    @Test("A branch may have a filter that only other engines have, as long as it is not taken")
    func unsupportedInBranch() throws {
        let source = "{% if messages %}a{% else %}{{ '{}' | from_json(1) }}{% endif %}"
        #expect(try render(source) == "a")
        #expect(throws: TextError.templateUnsupported(line: 1, construct: "the filter 'from_json'")) {
            try render(source.replacing("if messages", with: "if not messages"))
        }
    }

    @Test("A break in a loop's else leaves the loop around it")
    func breakInElse() throws {
        let source = "{% for x in [1, 2] %}{{ x }}{% for y in [] %}{% else %}{% break %}{% endfor %}{% endfor %}"
        #expect(try render(source) == "1")
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
            ("{% for x in [1] %}\n{% set y %}{% break %}{% endset %}{% endfor %}", 2),
            ("{% for x in [1] %}\n{% filter trim %}{% continue %}{% endfilter %}{% endfor %}", 2),
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
        "Work that hides behind one step is counted",
        arguments: [
            // Values that share their parts, whose tree is exponentially larger than what they hold.
            "{% for a in [1] %}" + String(repeating: "{% for a in [loop, loop] %}", count: 40)
                + "{% for i in range(99999) %}{% set x = [loop] %}{% endfor %}"
                + String(repeating: "{% endfor %}", count: 41) + many("{% set x = 1 %}"),
            many("{% set x = [loop] %}{% set x = [loop] %}{% set x = [loop] %}"),
            doubledTuple + "{{ ns.t in {} }}", doubledTuple + "{{ {ns.t: 1} }}",
            // Texts that repeat themselves.
            many("{{ ('a' * 99999 ~ 'b') in 'a' * 199999 }}"), many("{{ ('a' * 999999).split('a' * 9999 ~ 'b') }}"),
            "{% set t = 'a' * 999999 %}" + many("{{ t in 'a' }}{{ t < t }}"),
            // Long texts and lists.
            text + many("{{ t < u }}"), text + many("{{ t is lower }}"), text + many("{% set x = t|reverse %}"),
            text + many("{% set x = t|int %}"), text + many("{% set x = 'a'.strip(t) %}"),
            text + many("{% set x = namespace({t: 1}) %}"), text + many("{{ t.startswith((u, u, u)) }}"),
            text + many("{{ namespace()[t] }}"), text + many("{% set x = messages|map(attribute=t) %}"),
            many("{{ strftime_now('%A' * 99999) }}"), "{{ ('\n' * 999999).splitlines() }}",
            "{{ (' a' * 499999).split() }}", "{{ ('a' * 999999).split('a') }}",
            "{{ ('a' * 999999)|replace('a', '') }}"
                + many("{{ ('a' * 99999)|replace('a', '') }}"),
            "{% set l = [''] * 99999 %}" + many("{{ l|join }}"), "{% set l = [0] * 99999 %}" + many("{{ l|sum }}"),
            "{% set l = [0] * 99999 %}" + many("{% for x in l %}{% break %}{% endfor %}", count: 9)
                + many("{% set x = (l|sort)[0] %}"),
            "{{ (['a' * 99999] * 99999)|sort }}", "{{ (['a' * 99999] * 99999)|unique }}",
            "{{ (['a' * 99999] * 99999)|max }}", "{{ [[0]]|tojson(indent='a' * 999999) }}" + many("{{ 1 }}", count: 9),
            "{% macro f(" + (0..<9999).map { "a\($0)=1" }.joined(separator: ",") + ") %}{% endmacro %}"
                + many("{{ f() }}"),
        ])
    func hiddenWork(source: String) throws {
        var limits = TemplateLimits()
        limits.steps = 300_000
        limits.outputByteCount = 1 << 20
        let error = #expect(throws: TextError.self) { try render(source, limits: limits) }
        guard case .templateLimit? = error else {
            Issue.record("\(source.prefix(80)): \(String(describing: error))")
            return
        }
    }

    private static func many(_ body: String, count: Int = 99999) -> String {
        "{% for i in range(\(count)) %}\(body){% endfor %}"
    }

    private static let text = "{% set t = 'a' * 999999 %}{% set u = t ~ 'b' %}"
    private static let doubledTuple =
        "{% set ns = namespace(t=(1,)) %}{% for i in range(40) %}{% set ns.t = (ns.t, ns.t) %}{% endfor %}"

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
