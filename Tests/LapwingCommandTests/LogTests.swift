import Foundation
import Logging
import Synchronization
import Testing
import lapwing

@Suite struct LogTests {
    private final class Lines: Sendable {
        let kept = Mutex<[String]>([])
    }

    private func logger() -> (Logger, Lines) {
        let lines = Lines()
        var logger = Logger(label: "test") { _ in
            JSONLogHandler(now: { Date(timeIntervalSince1970: 1_000_000_000.25) }) { line in
                lines.kept.withLock { $0.append(line) }
            }
        }
        logger.logLevel = .debug
        return (logger, lines)
    }

    @Test("A line of JSON says time, level and message, then its data by name, numbers as numbers")
    func line() {
        let (logger, lines) = logger()
        logger.info(
            "Request answered",
            metadata: [
                "status": .stringConvertible(200), "ms": .stringConvertible(0.25), "id": "200", "list": ["a", "b"],
                "map": ["k": .stringConvertible(-1)], "none": .stringConvertible(Double.nan),
            ])
        logger.trace("not told")
        #expect(
            lines.kept.withLock { $0 } == [
                #"{"time":"2001-09-09T01:46:40.250Z","level":"info","message":"Request answered","id":"200","#
                    + #""list":["a","b"],"map":{"k":-1},"ms":0.25,"none":"nan","status":200}"# + "\n"
            ])
    }

    @Test("Nothing that is told ends a line or a string early")
    func escaping() throws {
        let (logger, lines) = logger()
        let text = "a\"},{\\\n\r\t\u{0}\u{1b}\u{7f}é\u{1f600}"
        logger.warning("\(text)", metadata: [text: "\(text)"])
        let line = try #require(lines.kept.withLock { $0.first })
        #expect(line.filter { $0.isNewline }.count == 1 && line.hasSuffix("}\n"))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
        #expect(object["message"] == text && object[text] == text)
    }

    @Test("The file says how the log is written, and refuses what it does not know")
    func configuration() throws {
        func read(_ log: String) throws -> Configuration {
            try Configuration(
                yaml: "log: \(log)\nmodels: { a: { weights: m } }", file: "/l.yaml", day: "2026-01-02", environment: [:]
            )
        }
        #expect(try read("{}").log == LogOptions())
        let log = try read("{ format: json, level: warning }").log
        #expect(log.format == .json && log.level == .warning)
        #expect {
            try read("{ format: xml }")
        } throws: {
            "\($0)".contains("log.format") && "\($0)".contains("one of text, json")
        }
    }
}
