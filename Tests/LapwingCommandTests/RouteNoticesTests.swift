import Foundation
import LapwingAPI
import LapwingRouter
import LapwingStatistics
import LapwingStore
import LapwingTestSupport
import Logging
import Testing
import lapwing

/// What the command line says of a route besides its figures, from what lies in the data folder.
@Suite("What is said of routes")
struct RouteNoticesTests {
    private let program: Program

    init() throws { program = try Program() }

    private func write(_ route: String) throws {
        try program.write(
            """
            data: data
            models:
              m: { weights: w.gguf }
              big: { provider: openai-compatible, endpoints: ["http://127.0.0.1:1/v1"], price: { input: 1, output: 2 } }
            routes: { r: { open: m, closed: big, \(route) } }
            """, to: "lapwing.yaml")
        try FileManager.default.createDirectory(atPath: program.path + "/data", withIntermediateDirectories: true)
    }

    /// Right as often as it is said to be: three times in four.
    private func writeCalibrator(labels: [String]? = nil, head: String? = nil) throws {
        var random = SplitMix64(seed: 2)
        let answers = (0..<400).map { _ in
            let mean = -0.2 - random.uniform() / 10
            var evidence = Evidence(tokenCount: 1, mean: mean, minimum: mean, lowDecile: mean)
            evidence.finish = .stop
            return LabelledAnswer(evidence: evidence, right: random.uniform() < 0.75)
        }
        let fit = CalibratorFit(answers)
        try VersionedFiles(folder: program.path + "/data/calibrators").write("c") { version in
            Calibrator(
                name: "c", version: version, route: "r", model: "m", labels: labels, head: head, fit: fit,
                data: DataFingerprint(rows: []))
        }
    }

    private func keepAnswers(_ count: Int, rightEvery period: Int) throws {
        let store = try EvidenceStore(path: program.path + "/data/evidence.db")
        for index in 0..<count {
            var answer = JudgedAnswer(
                requestID: "r\(index)", route: "r", model: "m", startedAt: Int64(index), decision: .open)
            answer.evidence = Evidence(tokenCount: 1, mean: -0.25, minimum: -0.25, lowDecile: -0.25)
            answer.confidence = Confidence(probability: 0.75, calibrator: "c-v1", isCalibrated: true)
            store.record(answer)
            let isRight = index % 4 != 0 && period == 0 || period > 0 && index % period == 0
            store.addOutcome(AnswerOutcome(requestID: "r\(index)", source: .feedback, right: isRight, at: 1))
        }
        try store.flush()
    }

    @Test("The report says of a route that its calibration has drifted, and nothing of one that has not")
    func drift() throws {
        try write("calibrator: c, escalate: { below: 0.5 }, drift: { window: 300 }")
        try writeCalibrator()
        try keepAnswers(200, rightEvery: 0)
        _ = try Ledger(path: program.path + "/data/ledger.sqlite")
        let sound = try program.run(["report"])
        #expect(sound.status == 0 && !sound.output.contains("drifted"), "\(sound)")
        try keepAnswers(300, rightEvery: 3)
        let drifted = try program.run(["report"])
        #expect(
            drifted.output.contains("r: the calibration has drifted, all answers escalate until a new calibrator")
                && drifted.output.contains("by c-v1"), "\(drifted)")
        let json = try JSONDecoder().decode(
            JSONValue.self, from: Data(try program.run(["report", "--json"]).output.utf8))
        #expect(json["notices"]?.array?.count == 1 && json["total"] != nil)
    }

    @Test("A route answers by the head that its calibrator was fitted to, until there is a calibrator for the next")
    func headOfTheCalibrator() throws {
        try write("labels: { head: h }, calibrator: c, escalate: { below: 0.5 }")
        let heads = VersionedFiles(folder: program.path + "/data/heads")
        for _ in 0..<2 {
            try heads.write("h") { version in
                LabelHead(
                    name: "h", version: version, model: "m", labels: ["a", "b"], form: .scores(LabelScale()),
                    data: DataFingerprint(rows: []), c: 1, accuracy: 1, logLoss: 0)
            }
        }
        try writeCalibrator(labels: ["a", "b"], head: "h-v1")
        let older = try program.run(["check"])
        #expect(
            older.output.contains(
                "r: answers by the head h-v1, which its calibrator was fitted to; `lapwing calibrate r` fits one to h-v2"
            ),
            "\(older)")
        try FileManager.default.removeItem(atPath: heads.path("h", version: 1))
        let gone = try program.run(["check"])
        #expect(gone.status == 1 && gone.error.contains("fitted to answers of the head 'h-v1'"), "\(gone)")
        try writeCalibrator(labels: ["a", "b"], head: "h-v2")
        let newer = try program.run(["check"])
        #expect(newer.status == 0 && !newer.output.contains("answers by the head"), "\(newer)")
        try writeCalibrator(labels: ["a", "b"])
        #expect(try program.run(["check"]).error.contains("fitted to answers without a head"))
        let told = try program.run(["check", "--json"])
        #expect(told.status == 1 && told.output.contains("fitted to answers without a head"), "\(told)")
    }

    @Test("A head that an embedder is a part of is refused without it")
    func headOfAnEmbedder() throws {
        try write("labels: { head: h }")
        try VersionedFiles(folder: program.path + "/data/heads").write("h") { version in
            var head = LabelHead(
                name: "h", version: version, model: "m", labels: ["a", "b"], form: .scores(LabelScale(similarity: 1)),
                data: DataFingerprint(rows: []), c: 1, accuracy: 1, logLoss: 0)
            head.embedder = "e"
            return head
        }
        let refused = try program.run(["check"])
        #expect(refused.status == 1)
        #expect(refused.error.contains("found no 'embedder' beside the head 'h', expected 'embedder: e'"), "\(refused)")
    }

    @Test("Rows with choices of their own are not fitted to a route that has labels")
    func otherRows() throws {
        try write("labels: [a, b]")
        _ = try program.write(#"{"prompt": "p", "choices": ["c", "d"], "answer": "c"}"#, to: "rows.jsonl")
        for kind in ["head", "fit"] {
            let refused = try program.run(["calibrate", kind, "r", "--data", "rows.jsonl"])
            #expect(refused.status == 1 && refused.error.contains("rows have 'choices' of their own"), "\(refused)")
        }
    }

    @Test("A route's gate is checked, and what it sends on is told")
    func gate() throws {
        try write("escalate: { below: 0.5 }, gate: { name: g, share: 0.25 }")
        let missing = try program.run(["check"])
        #expect(missing.status == 1 && missing.error.contains("there is no version of 'g'"), "\(missing)")
        let prompts = (0..<60).map { "\($0 % 3 == 0 ? "integral" : "capital") number \($0)" }
        let gains = (0..<60).map { $0 % 3 == 0 ? 1 : 0 }
        let samples = GainSamples(prompts: prompts)
        let model = GainModel.fit(
            samples, gains: gains, on: Array(0..<60), recipe: GainRecipe([.words: 1], .ridge(alpha: 1)))
        try GateFile.folder(program.path + "/data").write("g") { version in
            GateFile(
                name: "g", version: version, embedding: nil, model: model,
                outOfFold: (0..<60).map { Double($0) / 60 }, threshold: 0.5, fingerprint: "")
        }
        let found = try program.run(["check"])
        #expect(found.status == 0, "\(found.error)")
        #expect(found.output.contains("r: the gate g-v1 sends about 25% of prompts like the 60"), "\(found.output)")
        // Cut off, as by a full disk.
        let path = program.path + "/data/gates/g-v1.json"
        let whole = try Data(contentsOf: URL(filePath: path))
        try whole.prefix(whole.count / 2).write(to: URL(filePath: path))
        let damaged = try program.run(["check"])
        #expect(damaged.status == 1 && damaged.error.contains("g-v1.json"), "\(damaged)")
    }

    private func open(_ path: String) throws -> EvidenceStore? {
        let configuration = try Configuration(
            yaml: "data: data\nmodels: { m: { weights: w.gguf } }", file: program.path + "/lapwing.yaml",
            day: "2026-01-02", environment: [:])
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        return try configuration.evidence.open(at: path, logger: logger)
    }

    @Test("Damaged evidence is set aside and a new file begun, and nothing of it is lost")
    func damagedEvidence() throws {
        try write("escalate: { below: 0.5 }")
        let path = program.path + "/data/evidence.db"
        let garbage = Data("this is no database at all, and longer than a header of a hundred bytes is. ".utf8)
        for number in 1...2 {
            try (garbage + garbage).write(to: URL(filePath: path))
            let store = try #require(try open(path))
            #expect(try store.labelled(route: "r").isEmpty)
            #expect(try Data(contentsOf: URL(filePath: path + ".damaged-\(number)")) == garbage + garbage)
        }
        // Damage that the header does not show.
        try FileManager.default.removeItem(atPath: path)
        try keepAnswers(400, rightEvery: 3)
        var pages = try Data(contentsOf: URL(filePath: path))
        for place in 100..<pages.count { pages[place] = 0xA5 }
        try pages.write(to: URL(filePath: path))
        for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
        #expect { _ = try EvidenceStore(path: path) } throws: { "\($0)".contains("evidence.db") }
        #expect(try #require(try open(path)).labelled(route: "r").isEmpty)
        #expect(try Data(contentsOf: URL(filePath: path + ".damaged-3")) == pages)
        // A sound file of another kind is not moved.
        _ = try Ledger(path: program.path + "/data/other.sqlite")
        #expect { _ = try open(program.path + "/data/other.sqlite") } throws: { "\($0)".contains("application id") }
    }
}
