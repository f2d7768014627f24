import Foundation
import LapwingModel
import Synchronization

/// The default model's file, where this machine has it, loaded once for all tests of a run.
package enum DefaultModel {
    /// `LAPWING_MODEL`, else where `make demo` puts it.
    package static let path: String = {
        let root = URL(filePath: #filePath).appending(path: "../../..").standardized
        return ProcessInfo.processInfo.environment["LAPWING_MODEL"]
            ?? root.appending(path: "models/SmolLM2-135M-Instruct.Q4_1.gguf").path
    }()

    package static var isPresent: Bool { FileManager.default.fileExists(atPath: path) }

    /// What a skipped test says.
    package static let absence = "needs the default model: set LAPWING_MODEL to its path, or run make demo"

    private static let loaded = Mutex<LanguageModel?>(nil)

    package static func load() throws -> LanguageModel {
        try loaded.withLock { model in
            if let model { return model }
            let new = try LanguageModel.load(path: path)
            model = new
            return new
        }
    }
}
