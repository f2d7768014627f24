import Testing
import lapwing

/// A text, and what must be said of it: `line key: message`.
struct Refusal: Sendable, CustomTestStringConvertible {
    var yaml: String
    var expected: [String]

    init(_ yaml: String, _ expected: String...) {
        self.yaml = yaml
        self.expected = expected
    }

    var testDescription: String { expected.first ?? yaml }
}

@Suite struct ConfigurationRefusalTests {
    private static let model = "models: { m: { weights: w.gguf } }\n"

    private func findings(_ yaml: String, _ environment: [String: String] = [:]) -> [String] {
        do {
            _ = try Configuration(yaml: yaml, file: "/c/lapwing.yaml", day: "2026-01-02", environment: environment)
            return []
        } catch .invalid(let file, let findings) {
            #expect(file == "/c/lapwing.yaml")
            return findings.map { "\($0.line.map(String.init) ?? "-") \($0.key): \($0.message)" }
        } catch {
            return ["\(error)"]
        }
    }

    static let refusals: [Refusal] = [
        Refusal("", "1 : found an empty file, expected a mapping (key: value)"),
        Refusal("# only a comment\n", "1 : found an empty file, expected a mapping (key: value)"),
        Refusal("- a", "1 : found a list, expected a mapping (key: value)"),
        Refusal("data: ./d", "- models: found no model, expected at least one"),
        Refusal(
            model + "sever: {}",
            "2 sever: found an unknown key (did you mean 'server'?), "
                + "expected one of server, data, machine, log, evidence, models, routes, report"),
        Refusal(
            model + "qqqqqqqq: 1",
            "2 qqqqqqqq: found an unknown key, expected one of server, data, machine, log, evidence, models, routes, report"
        ),
        Refusal(model + "server:", "2 server: found nothing, expected a mapping (key: value)"),
        Refusal(
            model + "server: { port: \"80\" }", "2 server.port: found the string '80', expected a port from 0 to 65535"),
        Refusal(model + "server: { port: 65536 }", "2 server.port: found 65536, expected a port from 0 to 65535"),
        Refusal(model + "server: { port: 80.5 }", "2 server.port: found 80.5, expected a port from 0 to 65535"),
        Refusal(model + "server: { port: eighty }", "2 server.port: found 'eighty', expected a port from 0 to 65535"),
        Refusal(
            model + "server: { tls: { certificate: a.pem } }",
            "2 server.tls: found no 'key', expected certificate and key, both paths of PEM files"),
        Refusal(
            model + "server: { timeouts: { head: 20 } }",
            "2 server.timeouts.head: found the number 20, expected a time such as 800ms, 10s or 2m, from 1s to 1h"),
        Refusal(
            model + "server:\n  host: 127",
            "3 server.host: found the number 127, expected an address such as 127.0.0.1 (put it in quotes if it is one)"
        ),
        Refusal(
            model + "server: { host: not a host }",
            "2 server.host: found 'not a host', expected an address such as 127.0.0.1, or a host name"),
        Refusal(
            model + "server: { host: \"127.0.0.1:80\" }",
            "2 server.host: found the string '127.0.0.1:80', expected an address such as 127.0.0.1, or a host name"),
        Refusal(
            model + "server: { host: 127.0.0.256 }",
            "2 server.host: found '127.0.0.256', expected an address such as 127.0.0.1, or a host name"),
        Refusal(
            model + "server: { limits: { body_bytes: 0, prompt_bytes: many } }",
            "2 server.limits.body_bytes: found 0, expected a number from 1024 to 1073741824",
            "2 server.limits.prompt_bytes: found 'many', expected a number from 1 to 1073741824"),
        Refusal(
            model + "server: { limits: { body: 1 } }",
            "2 server.limits.body: found an unknown key, expected one of body_bytes, header_bytes, prompt_bytes, "
                + "stop_strings, stop_bytes, connections"),
        Refusal(
            model + "data: \"${HOME_OF_DATA}\"",
            "2 data: found ${HOME_OF_DATA}, which is not set, expected a folder, or a variable that is set"),
        Refusal(model + "data: \"${oops\"", "2 data: found '${oops', expected a variable as ${NAME}"),
        Refusal(model + "data: \"${9}\"", "2 data: found '${9}', expected a variable as ${NAME}"),
        Refusal(
            model + "machine: { usd_per_hour: -1 }",
            "2 machine.usd_per_hour: found -1, "
                + "expected US dollars such as 0.24, not negative, with at most nine places, and at most 1000000"),
        Refusal(
            model + "machine: { usd_per_hour: 1e-3 }",
            "2 machine.usd_per_hour: found 1e-3, "
                + "expected US dollars such as 0.24, not negative, with at most nine places, and at most 1000000"),
        Refusal(
            model + "machine: { usd_per_hour: 0.0000000001 }",
            "2 machine.usd_per_hour: found 0.0000000001, "
                + "expected US dollars such as 0.24, not negative, with at most nine places, and at most 1000000"),
        Refusal(
            "models:\n  m: {}",
            "2 models.m: found neither 'weights' nor 'provider', expected one of them: "
                + "'weights' for a model that runs here, 'provider' for one that runs elsewhere"),
        Refusal(
            "models:\n  m: { weights: w, provider: openai }",
            "2 models.m: found both 'weights' and 'provider', expected one of them: "
                + "'weights' for a model that runs here, 'provider' for one that runs elsewhere"),
        Refusal(
            "models:\n  m:\n    weights: w\n    price: { input: 1, output: 1 }",
            "4 models.m.price: found 'price' in a model with 'weights', "
                + "expected only weights, context, kv_cache, packed_cache, chat_template, pooling, precision, cache"),
        Refusal(
            "models: { m: { weights: w, pooling: first } }",
            "1 models.m.pooling: found 'first', expected one of last, mean"),
        Refusal(
            "models: { m: { weights: w, context: 0 } }",
            "1 models.m.context: found 0, expected a number of tokens from 16 to 1048576"),
        Refusal(
            "models: { m: { weights: w, kv_cache: int4 } }",
            "1 models.m.kv_cache: found 'int4' (did you mean 'int8'?), expected one of int8, f16, f32"),
        Refusal(
            "models: { m: { weights: w, chat_template: chatlm } }",
            "1 models.m.chat_template: found 'chatlm' (did you mean 'chatml'?), "
                + "expected one of chatml, llama2, llama3, zephyr, gemma"),
        Refusal(
            "models: { \"a b\": { weights: w } }",
            "1 models.a b: found the name 'a b', expected up to 200 ASCII characters without spaces"),
        Refusal(
            "models: { m: { provider: openai } }",
            "1 models.m: found no 'key', expected one for OpenAI, such as key: \"${OPENAI_API_KEY}\""),
        Refusal(
            "models: { m: { provider: opnai, key: k } }",
            "1 models.m.provider: found 'opnai' (did you mean 'openai'?), "
                + "expected one of openai, openai-compatible, azure, anthropic"),
        Refusal(
            "models: { m: { provider: anthropic } }",
            "1 models.m: found no 'key', expected one for Anthropic, such as key: \"${ANTHROPIC_API_KEY}\""),
        Refusal(
            "models: { m: { provider: anthropic, key: k, logprobs: true } }",
            "1 models.m: found 'logprobs: true' of 'anthropic', expected false, as its API gives none"),
        Refusal(
            "models: { m: { provider: azure, key: k } }",
            "1 models.m: found no 'endpoints', expected the resource's, such as [\"https://me.openai.azure.com\"]"),
        Refusal(
            "models: { m: { provider: openai, key: k, api_version: v1 } }",
            "1 models.m: found 'api_version' of 'openai', expected it for 'azure' alone"),
        Refusal(
            "models: { m: { provider: azure, key: k, endpoints: [\"https://h\"], api_version: \"2024&x\" } }",
            "1 models.m.api_version: found the string '2024&x', expected a version of Azure's such as 2024-10-21"),
        Refusal(
            "models: { m: { provider: openai-compatible } }",
            "1 models.m: found no 'endpoints', expected at least one, such as [\"http://10.0.0.5:8000/v1\"]"),
        Refusal(
            "models: { m: { provider: openai-compatible, endpoints: [] } }",
            "1 models.m.endpoints: found an empty list, expected at least one address"),
        Refusal(
            "models: { m: { provider: openai-compatible, endpoints: \"http://h\" } }",
            "1 models.m.endpoints: found the string 'http://h', expected a list of addresses"),
        Refusal(
            "models: { m: { provider: openai-compatible, endpoints: [\"h:8000\", \"ftp://h\", \"http://u@h\"] } }",
            "1 models.m.endpoints[0]: found the string 'h:8000', expected an address such as http://10.0.0.5:8000/v1",
            "1 models.m.endpoints[1]: found the string 'ftp://h', expected an address such as http://10.0.0.5:8000/v1",
            "1 models.m.endpoints[2]: found the string 'http://u@h', expected an address such as http://10.0.0.5:8000/v1"
        ),
        Refusal(
            "models: { m: { provider: openai-compatible, endpoints: [{ url: \"http://h\", weight: 0 }] } }",
            "1 models.m.endpoints[0].weight: found 0, expected a weight from 1 to 1000"),
        Refusal(
            "models: { m: { provider: openai-compatible, endpoints: [{ weight: 1 }] } }",
            "1 models.m.endpoints[0]: found no 'url', expected url: ADDRESS, and a weight if it is not 1"),
        Refusal(
            "models: { m: { provider: openai-compatible, endpoints: [\"http://h\"], price: { input: 1 } } }",
            "1 models.m.price: found no 'output', expected input and output, in US dollars for a million tokens"),
        Refusal(
            "models: { m: { provider: openai-compatible, endpoints: [\"http://h\"], "
                + "price: { input: 1, output: 1, effective: 2026-13-01 } } }",
            "1 models.m.price.effective: found '2026-13-01', expected a date as YYYY-MM-DD"),
        Refusal(
            model + "routes: { r: {} }",
            "2 routes.r: found no 'open', expected the name of the model that is asked first"),
        Refusal(
            model + "routes: { r: { open: n } }",
            "2 routes.r.open: found 'n', which is not under 'models' (did you mean 'm'?), expected one of m"),
        Refusal(
            model + "routes: { m: { open: m } }",
            "2 routes.m: found a route with a model's name, expected a name of its own"),
        Refusal(
            model + "routes: { r: { open: m, closed: m } }",
            "2 routes.r: found 'm' as both open and closed, expected two models"),
        Refusal(
            model + "routes: { r: { open: m, labels: [a, a] } }",
            "2 routes.r.labels: found 'a' twice, expected from 2 to 1000 different labels"),
        Refusal(
            model + "routes: { r: { open: m, labels: { file: f, head: h } } }",
            "2 routes.r.labels: found both of them, expected a list of labels such as [refund, delivery], "
                + "{ file: labels.json }, { head: NAME } or request"),
        Refusal(
            model + "routes: { r: { open: m, labels: requests } }",
            "2 routes.r.labels: found 'requests', expected a list of labels such as [refund, delivery], "
                + "{ file: labels.json }, { head: NAME } or request"),
        Refusal(
            model + "routes: { r: { open: m, labels: [a, b], embedder: n } }",
            "2 routes.r.embedder: found 'n', which is not under 'models' (did you mean 'm'?), expected one of m"),
        Refusal(
            model + "routes: { r: { open: m, calibrator: ../x } }",
            "2 routes.r.calibrator: found '../x', expected a name of letters, digits, '.', '-' and '_'"),
        Refusal(
            model + "routes: { r: { open: m, hold: -1 } }",
            "2 routes.r.hold: found the number -1, expected 'all', a number of tokens from 1 to 100000, or { from: 16, to: 96, commit: 0.97 }"
        ),
        Refusal(
            model + "routes: { r: { open: m, hold: { from: 16, to: 96 } } }",
            "2 routes.r.hold: found no 'commit', expected from, to and commit, such as { from: 16, to: 96, commit: 0.97 }"
        ),
        Refusal(
            model + "routes: { r: { open: m, hold: { from: 16, to: 16, commit: 0.9 } } }",
            "2 routes.r.hold: found from 16 to 16, expected 'to' greater than 'from'"
        ),
        Refusal(
            model + "routes: { r: { open: m, hold: { from: 16, to: 96, commit: 97 } } }",
            "2 routes.r.hold.commit: found 97, expected a number from 0 to 1"
        ),
        Refusal(
            model + "evidence: { days: -1 }",
            "2 evidence.days: found -1, expected a number of days (0 remembers nothing) from 0 to 3650"
        ),
        Refusal(
            model + "routes: { r: { open: m, hold: some } }",
            "2 routes.r.hold: found 'some', expected 'all', a number of tokens from 1 to 100000, or { from: 16, to: 96, commit: 0.97 }"
        ),
        Refusal(
            model + "routes: { r: { open: m, checks: { samples: 17 } } }",
            "2 routes.r.checks.samples: found 17, expected a number of samples from 1 to 16"),
        Refusal(
            model + "routes: { r: { open: m, hold: 48, checks: { self_check: true } } }",
            "2 routes.r.hold: found the number 48, expected 'all', as checks are of whole answers"),
        Refusal(
            model + "routes: { r: { open: m, labels: [a, b], checks: { self_check: true } } }",
            "2 routes.r.checks: found checks of labels, expected checks of text: the scores of labels are exact"),
        Refusal(
            "models: { m: { weights: w.gguf }, n: { weights: w.gguf } }\n"
                + "routes: { r: { open: m, calibrator: c, escalate: { keep: 0.9 }, canary: { candidate: n, share: 0.1, margin: 0.1 } } }",
            "2 routes.r.canary: found a candidate beside a promise of the open model's, "
                + "expected 'escalate: { below: … }' while it is on trial, as no labels are of its answers"),
        Refusal(
            model + "routes: { r: { open: m, escalate: { below: 1.5 } } }",
            "2 routes.r.escalate.below: found 1.5, expected a number from 0 to 1"),
        Refusal(
            model + "routes: { r: { open: m, escalate: { below: .nan } } }",
            "2 routes.r.escalate.below: found '.nan', expected a number from 0 to 1"),
        Refusal(
            model + "routes: { r: { open: m, escalate: { tiers: [a] } } }",
            "2 routes.r.escalate: found none of them, expected one of below, accuracy, keep, spend_per_day"),
        Refusal(
            model + "routes: { r: { open: m, escalate: { below: 0.5, keep: 0.9 } } }",
            "2 routes.r.escalate: found 'below' and 'keep', expected one of below, accuracy, keep, spend_per_day"),
        Refusal(
            model + "routes: { r: { open: m, calibrator: c, escalate: { accuracy: 1, confidence: 0 } } }",
            "2 routes.r.escalate.accuracy: found the number 1, expected a number over 0 and under 1",
            "2 routes.r.escalate.confidence: found the number 0, expected a number over 0 and under 1"),
        Refusal(
            model + "routes: { r: { open: m, escalate: { keep: 0.9 }, drift: {} } }",
            "2 routes.r.escalate: found no 'calibrator' in the route, expected one that `lapwing calibrate` fitted, whose "
                + "labelled answers this rests on",
            "2 routes.r.drift: found no 'calibrator' in the route, expected one that `lapwing calibrate` fitted, whose "
                + "labelled answers this rests on"),
        Refusal(
            model + "routes: { r: { open: m, calibrator: c, drift: { window: 5, false_alarms: 1 } } }",
            "2 routes.r.drift.window: found 5, expected a number of labels from 20 to 100000",
            "2 routes.r.drift.false_alarms: found the number 1, expected a number over 0 and under 1"),
        Refusal(
            model + "routes: { r: { open: m, escalate: { below: 0.5, tiers: [] } } }",
            "2 routes.r.escalate.tiers: found an empty list, expected at least one tier, or no 'tiers' for all of them"),
        Refusal(
            model + "routes: { r: { open: m, escalate: { below: 0.5, tiers: [a, 2] } } }",
            "2 routes.r.escalate.tiers[1]: found the number 2, expected a tier's name (put it in quotes if it is one)"),
        Refusal(
            model + "routes: { r: { open: m, unknown: drop } }",
            "2 routes.r.unknown: found 'drop', expected one of keep, escalate"),
        Refusal(
            model + "report: { counterfactual: true }",
            "2 report.counterfactual: found true, expected a model's name (put it in quotes if it is one)"),
        Refusal(
            "report: { counterfactual: m }\n" + model,
            "1 report.counterfactual: found 'm', which runs here, "
                + "expected a closed model: one with a 'provider', or a name in `lapwing prices list`"),
        Refusal(model + "models: {}", "1 : found the key 'models' more than once, expected once"),
        Refusal(model + "x: [", "2 : it is not valid YAML: did not find expected node content"),
        Refusal(model + "x: [\n\n", "3 : it is not valid YAML: did not find expected node content"),
        Refusal(model + "x: *none", "2 : it is not valid YAML: found undefined alias"),
    ]

    @Test(
        "A file that does not fit is refused with its line, the key, what was found and what was expected",
        arguments: refusals)
    func refuses(_ refusal: Refusal) { #expect(findings(refusal.yaml) == refusal.expected) }

    @Test("All that is wrong is said at once, in the file's order")
    func allAtOnce() {
        let yaml = """
            routes: { r: { open: m, hold: 0 } }
            server: { port: x }
            models:
              m: { weights: 3 }
            """
        #expect(
            findings(yaml).map { String($0.prefix { $0 != ":" }) } == [
                "1 routes.r.hold", "2 server.port", "4 models.m.weights",
            ])
    }

    @Test("What a key's variable holds is never shown")
    func secretsStayHidden() {
        let found = findings(
            """
            models:
              a: { provider: openai-compatible, endpoints: ["${SECRET}"], key: "${SECRET}" }
              b: { provider: openai, key: 8675309 }
              c: { provider: openai, key: "8675309${" }
            """, ["SECRET": "8675309"])
        #expect(found.count == 3)
        #expect(!found.joined().contains("8675309"))
    }

    @Test("The text of an error begins with file and line")
    func text() {
        let error = ConfigurationError.invalid(
            file: "/c/l.yaml",
            findings: [Finding(line: 3, key: "a.b", message: "m"), Finding(line: nil, key: "", message: "n")])
        #expect("\(error)" == "/c/l.yaml:3: a.b: m\n/c/l.yaml: n")
    }

    private func nested(_ text: String, _ levels: Int) -> String {
        String(repeating: "[", count: levels) + text + String(repeating: "]", count: levels)
    }

    @Test("A bomb of aliases, a deep nest and a huge file are refused before they cost anything")
    func bombs() {
        var levels = ["a0: &a0 [x, x, x]"]
        for level in 1..<10 {
            levels.append(
                "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ") + "]")
        }
        #expect(findings(levels.joined(separator: "\n")) == ["3 : found 20 aliases, expected at most 16"])
        let keyed = "a: &a [x]\nb: &b [*a, *a]\n? *b\n: 1\n"
        #expect(findings(keyed).last == "2 : found a list as a key, expected a name")
        // Each alias brings the levels of what it stands for, which the parser's own bound does not count.
        let deep = (1...15).map { "a\($0): &a\($0) " + nested("*a\($0 - 1)", 990) }
        #expect(
            findings((["a0: &a0 " + nested("x", 990)] + deep + ["? *a15", ": 1"]).joined(separator: "\n")) == [
                "2 : found 1980 opening brackets, expected at most 1000"
            ])
        #expect(
            findings(String(repeating: "[", count: 100_000)) == [
                "1 : found 100000 opening brackets, expected at most 1000"
            ])
        #expect(
            findings(String(repeating: "- ", count: 5000)) == [
                "1 : found 10000 columns of indentation, expected at most 128"
            ])
        #expect(findings(String(repeating: "[", count: 1000)).count == 1)
        #expect(findings(String(repeating: "#", count: 300_000)) == ["- : found 300000 bytes, expected at most 262144"])
        let wide = "a: &a [" + String(repeating: "x, ", count: 4000) + "]\nb: [*a, *a, *a, *a, *a, *a]"
        #expect(findings(wide) == ["- : found more than 20000 values once aliases are followed, expected fewer"])
    }

    @Test("The nearest known word is proposed, and none where none is near")
    func nearest() {
        #expect(nearestWord(to: "tires", among: ["tiers", "below"]) == "tiers")
        #expect(nearestWord(to: "Provider", among: ["provider", "price"]) == "provider")
        #expect(nearestWord(to: "url", among: ["endpoints", "key"]) == nil)
    }
}
