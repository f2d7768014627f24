import Logging

/// How the program's log is written, to standard error.
package struct LogOptions: Hashable, Sendable {
    package enum Format: String, Hashable, Sendable, CaseIterable {
        case text
        /// An object a line.
        case json
    }

    package var format = Format.text
    package var level = Logger.Level.info

    package init() {}
}

/// Logs to standard error, so that standard output holds only what was asked for.
package enum CommandLog {
    package static func make(_ level: Logger.Level, format: LogOptions.Format = .text) -> Logger {
        var logger = Logger(label: "lapwing") { label in
            switch format {
            case .text: StreamLogHandler.standardError(label: label)
            case .json: JSONLogHandler { JSONLogHandler.writeToStandardError($0) }
            }
        }
        logger.logLevel = level
        return logger
    }
}
