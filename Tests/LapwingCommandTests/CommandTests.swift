import Foundation
import LapwingTestSupport
import Testing
import lapwing

/// A command, and what must come of it.
struct CommandCase: Sendable, CustomTestStringConvertible {
    var arguments: [String]
    var status: Int32 = 0
    /// What standard output holds, and does not.
    var says: [String] = []
    var keepsSilentOf: [String] = []
    /// What standard error holds; nil means nothing at all.
    var complains: String?
    /// Files that are there afterwards.
    var leaves: [String] = []

    init(
        _ command: String, status: Int32 = 0, says: [String] = [], keepsSilentOf: [String] = [],
        complains: String? = nil, leaves: [String] = []
    ) {
        arguments = command.split(separator: " ").map(String.init)
        self.status = status
        self.says = says
        self.keepsSilentOf = keepsSilentOf
        self.complains = complains
        self.leaves = leaves
    }

    var testDescription: String { arguments.joined(separator: " ") }
}

/// Each command that needs no model, parsed and run against a ledger of three requests.
@Suite struct CommandTests {
    static let yaml = """
        models:
          tiny: { weights: tiny.gguf, context: 128 }
          other: { provider: openai-compatible, endpoints: ["http://127.0.0.1:9/v1"], price: { input: 3, output: 4 } }
        routes: { support: { open: tiny, closed: other, escalate: { below: 0.5 } } }
        report: { counterfactual: other }
        """

    static let cases: [CommandCase] =
        [
            .init("check", says: ["lapwing.yaml is valid", "http://127.0.0.1:8080", "below 0.5"]),
            .init("check --json", says: ["\"valid\" : true", "\"findings\" : ["]),
            .init("check --config bad.yaml", status: 1, complains: "bad.yaml:1: modles: found an unknown key"),
            .init("check --config bad.yaml --json", status: 1, says: ["\"valid\" : false", "\"key\" : \"modles\""]),
            .init("check --config .", status: 1, complains: "Cannot read '.': is a directory."),
            .init("models", says: ["tiny   here ", "F32", "routes: support"]),
            .init("models --json", says: ["\"architecture\" : \"llama\"", "\"routes\" : ["]),

            .init("ledger verify", says: ["The ledger is sound: 3 entries with 3 calls, head "]),
            .init("ledger verify --json", says: ["\"entryCount\" : 3"]),
            .init("ledger export", says: ["{\"sequence\":1,", "request-ann", "request-cy"]),
            .init(
                "ledger export --format csv --since 2026-02-01 --until 2026-03-01",
                says: ["sequence,request_id,", "request-bob"], keepsSilentOf: ["request-ann", "request-cy"]),
            .init("ledger backup copy.sqlite", says: ["copy.sqlite: 3 entries, head "], leaves: ["copy.sqlite"]),
            .init("ledger backup copy.sqlite --json", says: ["\"entryCount\" : 3"], leaves: ["copy.sqlite"]),
            .init("ledger backup kept.sqlite", status: 1, complains: "only with --force"),
            .init("ledger backup kept.sqlite --force", says: ["kept.sqlite: 3 entries"]),
            .init("ledger restore kept.sqlite", status: 1, complains: "only with --force"),
            .init("ledger restore kept.sqlite --force", says: ["ledger.sqlite: 3 entries, head "]),
            .init("ledger restore kept.sqlite --force --json", says: ["\"entryCount\" : 3"]),
            .init(
                "ledger checkpoint", says: ["data/checkpoints.jsonl: 3 entries, head ", "public key "],
                leaves: ["data/checkpoints.jsonl", "data/checkpoint.key"]),
            .init(
                "ledger checkpoint --output signed.jsonl --json", says: ["\"entries\":3", "\"signature\":\""],
                leaves: ["signed.jsonl"]),
            .init("ledger checkpoint --output nowhere/signed.jsonl", status: 1, complains: "no such file or directory"),
            .init(
                "ledger verify --checkpoint kept.jsonl",
                says: ["The ledger is sound: 3", "All 2 checkpoints hold, the last over 3 entries; signed by "]),
            .init("ledger verify --checkpoint kept.jsonl --json", says: ["\"checkpointCount\" : 2"]),
            .init("ledger verify --checkpoint none.jsonl", status: 1, complains: "cannot read 'none.jsonl'"),
            .init(
                "ledger verify --checkpoint bad.yaml", status: 1, complains: "Line 1 of the checkpoints proves nothing"),
            .init(
                "ledger verify --checkpoint kept.jsonl --public-key AAAA", status: 1, complains: "expected AAAA"),
            .init("ledger verify --public-key AAAA", status: 2, complains: "--checkpoint"),

            .init(
                "ledger reprice --as-of 2026-06-01",
                says: ["model-ann", "–", "model-ann: no price holds on 2026-06-01", "\nall  "]),
            .init(
                "ledger reprice --as-of 2026-06-01 --json",
                says: ["\"asOf\" : \"2026-06-01\"", "\"stillUnpriced\" : 3"]),
            .init(
                "ledger reprice --as-of 2026-06-01 --prices ann.json --since 2026-01-01 --until 2026-02-01",
                says: ["model-ann      1", "$0.000005", "$0.00014", "+$0.000135", "model-ann: ann.json 2026-06-01"],
                keepsSilentOf: ["model-bob"]),
            .init("ledger reprice --as-of 2026-02-30", status: 2, complains: "YYYY-MM-DD"),
            .init("ledger reprice", status: 2, complains: "--as-of"),

            .init(
                "ledger reconcile --invoice invoice.csv", status: 1,
                says: [
                    "plain, 2026-01-15 to 2026-03-16: 1 match, 1 does not", "2026-02-14  model-bob  tokens   invoice",
                    "Money may differ by $0.01 a line.",
                ]),
            .init("ledger reconcile --invoice invoice.csv --until 2026-02-01", says: ["1 match, 0 do not"]),
            .init(
                "ledger reconcile --invoice invoice.csv --since 2026-02-01 --until 2026-03-01 --tolerance 0 --json",
                status: 1, says: ["\"findings\" : [", "\"tokens\"", "\"money\""]),
            .init(
                "ledger reconcile --invoice bad.yaml", status: 1, complains: "line 1: found the columns 'modles: {}'"),
            .init("ledger reconcile --invoice none.csv", status: 1, complains: "cannot read 'none.csv'"),
            .init("ledger reconcile --invoice invoice.csv --tolerance=-1", status: 2, complains: "US dollars"),

            .init("ledger verify --config elsewhere.yaml", status: 1, complains: "there is no ledger at "),

            .init("prices list", says: ["gpt-4-turbo", "other ", "lapwing.yaml", "US dollars for a million tokens."]),
            .init("prices list oth", says: ["other"], keepsSilentOf: ["gpt-4-turbo"]),
            .init("prices list oth --json", says: ["\"input_usd_per_million\" : 3"], keepsSilentOf: ["gpt-4-turbo"]),
            .init(
                "prices list gpt-4 --day 1999-01-01", status: 1, complains: "no price holds on 1999-01-01 for 'gpt-4'"),
            .init("prices import table.json", says: ["Imported 1 prices", "Passed over 1: "]),
            .init("prices import bad.yaml", status: 1, complains: "it is not JSON"),
            .init("prices import none.json", status: 1, complains: "cannot read 'none.json'"),

            .init("report", says: ["requests        3", "tokens          300 in, 60 out"]),
            .init("report --since 2026-02-01", says: ["requests        2"]),
            .init("report --since 2026-02-01 --until 2026-03-01", says: ["requests        1"]),
            .init("report --json", says: ["\"requests\" : 3", "\"groups\" : ["], keepsSilentOf: ["ann"]),
            .init("report --since 2026-03-01 --json", says: ["\"requests\" : 1"]),
            .init("report --since 2030-01-01", says: ["No requests in this period."]),
        ]
        + ["route", "model", "feature", "user", "key", "tier", "tenant"].flatMap { by in
            let name = by == "user" ? "ann" : "\(by)-ann"
            return [
                CommandCase("report --by \(by)", says: ["\(by) ", "\n\(name) ", "\nall "]),
                CommandCase("report --by \(by) --json", says: ["\"grouping\" : \"\(by)\"", "\"name\" : \"\(name)\""]),
                CommandCase("report --by \(by) --since 2026-02-01", says: ["\(by) "], keepsSilentOf: ["ann"]),
            ]
        }

    private func house() async throws -> Program {
        let program = try Program(yaml: Self.yaml)
        _ = try program.folder.write(TinyModel().bytes(), to: "tiny.gguf")
        try await program.enter("ann", "bob", "cy")
        try program.write("modles: {}", to: "bad.yaml")
        try program.write("models: { m: { weights: w.gguf } }\ndata: ./elsewhere", to: "elsewhere.yaml")
        try program.write(
            #"{"new": {"mode": "chat", "input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6}, "x": {"mode": "image"}}"#,
            to: "table.json")
        try program.write(
            #"{"model-ann": {"mode": "chat", "input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6}}"#,
            to: "ann.json")
        try program.write(
            """
            date,model,prompt_tokens,completion_tokens,cost_usd
            2026-01-15,model-ann,100,20,0.000005
            2026-02-14,model-bob,101,20,0.001
            2026-03-16,model-nobody,0,0,0
            """, to: "invoice.csv")
        _ = try program.run(["ledger", "backup", "kept.sqlite"])
        for _ in 0..<2 { _ = try program.run(["ledger", "checkpoint", "--output", "kept.jsonl"]) }
        return program
    }

    @Test("A command says what it found, ends with the right status, and takes each of its options", arguments: cases)
    func runs(_ expected: CommandCase) async throws {
        let program = try await house()
        let outcome = try program.run(expected.arguments)
        #expect(outcome.status == expected.status, "\(outcome.error)")
        for text in expected.says { #expect(outcome.output.contains(text), "\(outcome.output)") }
        for text in expected.keepsSilentOf { #expect(!outcome.output.contains(text), "\(outcome.output)") }
        if let complaint = expected.complains {
            #expect(outcome.error.contains(complaint), "\(outcome.error)")
        } else {
            #expect(outcome.error.isEmpty, "\(outcome.error)")
        }
        for file in expected.leaves { #expect(program.exists(file)) }
        #expect(program.files.allSatisfy { !$0.hasSuffix(".partial") })
    }

    @Test("An imported price is listed and counts from its day on")
    func importsPrices() async throws {
        let program = try await house()
        _ = try program.run(["prices", "import", "table.json", "--effective", "2026-06-01", "--source", "the table"])
        let after = try program.run(["prices", "list", "new", "--day", "2026-06-01"])
        #expect(after.output.contains(" $1 ") && after.output.contains("the table"))
        #expect(try program.run(["prices", "list", "new", "--day", "2026-05-31"]).status == 1)
        let again = try program.run(["prices", "import", "table.json", "--effective", "2026-06-01"])
        #expect(again.output.hasPrefix("This file was imported for 2026-06-01 already"))
    }

    @Test("demo writes a configuration that is valid, once, and refuses a route that is not in it")
    func demoConfiguration() throws {
        let program = try Program()
        try program.write("question\nWhere is it?\n", to: "q.csv")
        let first = try program.run(["demo", "--queries", "q.csv", "--route", "suport"])
        #expect(first.status == 1)
        #expect(first.output == "wrote lapwing.yaml\n")
        #expect(
            first.error
                == "lapwing: --route is 'suport' (did you mean 'support'?), expected one of support, smollm2, gpt-4\n"
        )
        let check = try program.run(["check"])
        #expect(check.status == 0)
        #expect(
            check.error
                == "warning: lapwing.yaml: line 9: models.gpt-4: OPENAI_API_KEY is not set; the model is unavailable\n")
        let second = try program.run(["demo", "--queries", "q.csv"])
        #expect(second.status == 1)
        #expect(second.output.isEmpty)
        #expect(second.error.contains("model 'smollm2': there is no file "))
    }

    @Test("Whatever makes the data folder makes it for its user alone")
    func dataFolderIsPrivate() async throws {
        let program = try await house()
        for (name, command) in [
            ("a", ["prices", "import", "table.json"]), ("b", ["ledger", "restore", "kept.sqlite"]),
        ] {
            try program.write("models: { m: { weights: w.gguf } }\ndata: ./\(name)", to: "\(name).yaml")
            #expect(try program.run(command + ["--config", "\(name).yaml"]).status == 0)
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(program.path)/\(name)")
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o700)
        }
    }

    @Test("Restoring a backup that is not there makes nothing")
    func restoreOfNothing() throws {
        let program = try Program(yaml: Self.yaml)
        let outcome = try program.run(["ledger", "restore", "mistyped.sqlite"])
        #expect(outcome.status == 1)
        #expect(outcome.error == "lapwing: Cannot open 'mistyped.sqlite': there is no such file, or it is empty.\n")
        #expect(program.files == ["lapwing.yaml"])
    }

    @Test("A folder that cannot be made is told by its path and the system's reason")
    func unwritableData() async throws {
        let program = try await house()
        try program.write("models: { m: { weights: w.gguf } }\ndata: ./table.json/data", to: "lapwing.yaml")
        let outcome = try program.run(["prices", "import", "table.json"])
        #expect(
            outcome.error
                == "lapwing: cannot make the data folder '\(program.path)/table.json/data': not a directory\n")
    }

    @Test("Output that cannot be written is said, and nothing where nobody reads it")
    func unwritableOutput() async throws {
        let program = try await house()
        let full = try program.run(["ledger", "export"], output: "/dev/full")
        #expect(full.status == 1)
        #expect(full.error == "lapwing: cannot write the output: no space left on device\n")
        let process = try program.process(["prices", "list"])
        let (output, error) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError) = (output, error)
        try output.fileHandleForReading.close()
        try process.run()
        process.waitUntilExit()
        try error.fileHandleForWriting.close()
        #expect(try error.fileHandleForReading.readToEnd() ?? Data() == Data())
    }
}
