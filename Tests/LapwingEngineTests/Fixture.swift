import LapwingAPI
import LapwingEngine
import LapwingModel
import LapwingTestSupport
import LapwingText

/// A tiny model that all tests of a run share.
enum Fixture {
    /// A temperature at which the tiny model, which is very sure of everything, has a dozen tokens to draw from.
    static let lively = 3.0

    static func model() throws -> LanguageModel { try tiny.get() }

    /// So long that an answer which may fill it ends after every test that needs it to be running.
    static let trainedContextLength = 1 << 16

    static func engine(_ change: (inout EngineOptions) -> Void = { _ in }) throws -> Engine {
        var options = EngineOptions()
        options.contextLength = 512
        change(&options)
        return try Engine(name: "tiny", model: model(), options: options)
    }

    /// Its head is not tied to the embedding: a tied one of random weights repeats the last token for ever.
    private static let tiny = Result { () throws -> LanguageModel in
        var tiny = TinyModel(seed: 1, hasTiedHead: false)
        tiny.contextLength = trainedContextLength
        let written = try tiny.write()
        return try withExtendedLifetime(written) { try LanguageModel.load(path: written.path) }
    }
}

extension Engine {
    nonisolated var endTokens: Set<TokenID> { tokenizer.endOfGenerationTokens }
    nonisolated var bosToken: TokenID? { tokenizer.bosToken }
}
