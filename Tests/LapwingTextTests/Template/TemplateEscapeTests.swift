import LapwingText
import Testing

/// Templates come inside of weight files, which may be anybody's.
@Suite("A template reaches nothing but what it is given")
struct TemplateEscapeTests {
    @Test(
        "CVE-2026-42203: what leads out of Jinja2's sandbox, or to a file, leads nowhere",
        arguments: [
            "''.__class__", "''.__class__.__mro__[1].__subclasses__()", "().__class__.__base__.__subclasses__()",
            "messages.__class__", "messages[0].__init__.__globals__", "namespace.__init__.__globals__",
            "range.__self__", "raise_exception.__globals__", "strftime_now.__globals__['os']",
            "lipsum.__globals__['os'].popen('id').read()", "cycler.__init__.__globals__.os.environ",
            "joiner.__init__", "self.__init__", "self._TemplateReference__context", "request.application",
            "config.items()", "get_flashed_messages.__globals__", "''|attr('__class__')",
            "[]|map(attribute='__class__')|list",
            "messages|map(attribute='__class__')|first", "''['__class__']", "messages['__class__']",
            "'{0.__class__}'.format(messages)", "'%s'|format(messages.__class__)", "loop.__class__",
            "bos_token.__class__",
            "open('/etc/passwd').read()", "env.globals", "environ", "__builtins__", "__import__('os')",
        ])
    func expressions(expression: String) {
        let text = (try? render("{% for m in messages %}{{ \(expression) }}{% endfor %}")) ?? ""
        // Jinja2 renders what is undefined as nothing.
        #expect(text == "" || text == "[]" || text == "None")
    }

    @Test(
        "CVE-2024-2952: no statement reads another template, runs code or opens a file",
        arguments: [
            "{% include '/etc/passwd' %}", "{% import '/etc/passwd' as p %}", "{% from '/etc/passwd' import p %}",
            "{% extends '/etc/passwd' %}", "{% do ''.join([]) %}", "{% python %}", "{% debug %}", "{% load os %}",
        ])
    func statements(source: String) {
        #expect(throws: TextError.self) { try render(source) }
    }

    private func render(_ source: String) throws -> String {
        try ChatTemplate(source: source).render(
            messages: [TemplateMessage(role: "user", content: "hi")], addGenerationPrompt: false, bosToken: "",
            eosToken: "")
    }
}
