import Foundation
import LapwingAPI
import LapwingStore
import LapwingTestSupport
import Testing

@Suite("lapwing keys")
struct KeysCommandTests {
    private let program: Program

    init() throws {
        program = try Program(
            yaml: """
                models: { tiny: { weights: tiny.gguf } }
                routes: { support: { open: tiny } }
                """)
    }

    private func run(_ command: String) throws -> Program.Outcome {
        try program.run(command.split(separator: " ").map(String.init))
    }

    private func json(_ command: String) throws -> JSONValue {
        let outcome = try run(command)
        #expect(outcome.status == 0, "\(outcome.error)")
        return try JSONDecoder().decode(JSONValue.self, from: Data(outcome.output.utf8))
    }

    @Test("A key stands alone on standard output, once, and is nowhere in the folder")
    func create() throws {
        let outcome = try run("keys create bot --tier gold --routes support,tiny --budget-day 5 --budget-month 100")
        #expect(outcome.status == 0)
        let key = outcome.output.trimmingCharacters(in: .newlines)
        #expect(outcome.output == key + "\n" && KeyText.isWellFormed(Secret(key)))
        #expect(outcome.error.contains("the only time") && !outcome.error.contains(key))
        let list = try run("keys list")
        for word in ["bot", "active", "gold", "default", "support, tiny", "$5.00/day, $100.00/month", "never"] {
            #expect(list.output.contains(word), "\(word)")
        }
        #expect(!list.output.contains(key))
        for name in try FileManager.default.subpathsOfDirectory(atPath: program.path) where !name.hasPrefix(".") {
            guard let data = FileManager.default.contents(atPath: "\(program.path)/\(name)") else { continue }
            #expect(data.range(of: Data(key.utf8)) == nil, "\(name)")
        }
    }

    @Test("A key's life: made, listed, rotated, revoked, as JSON")
    func life() throws {
        let made = try json(
            "keys create bot --tenant acme --requests-per-minute 60 --tokens-per-minute 9000 --concurrent 4 --expires 90d --json"
        )
        let id = try #require(made["id"]?.string)
        let text = try #require(made["key"]?.string)
        #expect(made["requests_per_minute"] == 60 && made["tokens_per_minute"] == 9000)
        #expect(made["concurrent_requests"] == 4 && made["tenant"] == "acme" && made["role"] == "client")
        let lifetime = try #require(made["expires_at_ms"]?.integer) - #require(made["created_at_ms"]?.integer)
        #expect(abs(lifetime - 90 * 86_400_000) < 60_000)
        let rotated = try json("keys rotate \(id) --keep-old 1h --json")
        #expect(rotated["id"]?.string == id && rotated["key"]?.string != text)
        let list = try json("keys list --tenant acme --json")
        #expect(list["data"]?[0]?["id"]?.string == id && list["data"]?[0]?["key"] == nil)
        #expect(try json("keys list --tenant other --json")["data"] == [])
        #expect(try json("keys revoke \(id) --json")["state"] == "revoked")
        #expect(try json("keys list --json")["data"]?[0]?["state"] == "revoked")
        #expect(try run("keys rotate \(id)").status == 1)
    }

    @Test(
        "What no key can be is refused with what was expected, and makes none",
        arguments: [
            ("keys create bot --routes suport", 1, "expected names among support, tiny"),
            ("keys create bot --requests-per-minute 0", 1, "'requests_per_minute': found 0, expected at least 1"),
            ("keys create bot --budget-day 0", 2, "--budget-day"),
            ("keys create bot --budget-day 1e3", 2, "--budget-day"),
            ("keys create bot --expires 2020-01-01", 2, "--expires"),
            ("keys create ops --admin --budget-day 5", 1, "an administrator with a client's limits"),
            ("keys revoke key_none", 1, "there is no key 'key_none'"),
        ])
    func refused(command: String, status: Int32, words: String) throws {
        let outcome = try run(command)
        #expect(outcome.status == status && outcome.error.contains(words), "\(outcome.error)")
        #expect(outcome.output.isEmpty)
        #expect(try run("keys list").output == "No key has been made.\n")
    }

    @Test("A key that is given in the place of an id is not repeated")
    func mistaken() throws {
        let key = try run("keys create bot").output.trimmingCharacters(in: .newlines)
        for command in ["revoke", "rotate"] {
            let outcome = try run("keys \(command) \(key)")
            #expect(outcome.status == 1 && !outcome.error.contains(key))
        }
    }

    @Test("Off this machine `serve` refuses to start until a client's key holds")
    func offLoopback() throws {
        try program.write("server: { host: 0.0.0.0 }\nmodels: { m: { weights: none.gguf } }", to: "lapwing.yaml")
        for setUp in ["", "keys create ops --admin", "keys create old"] {
            if !setUp.isEmpty { #expect(try run(setUp).status == 0) }
            if setUp.hasSuffix("old") {
                let keys = try KeyStore(folder: program.path + "/data")
                for key in try keys.keys() where key.draft.name == "old" { _ = try keys.revoke(key.id, at: 5) }
            }
            let outcome = try run("serve --port 0")
            #expect(outcome.status == 1 && outcome.error.contains("make one with `lapwing keys create NAME`"))
        }
        #expect(try run("keys create bot").status == 0)
        // It goes on to the next fault.
        let outcome = try run("serve --port 0")
        #expect(outcome.status == 1 && outcome.error.contains("there is no file"))
        #expect(try !run("check").error.contains("no key has been made"))
    }
}
