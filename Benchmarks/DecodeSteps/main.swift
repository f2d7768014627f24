import Foundation
import LapwingAPI
import LapwingEngine
import LapwingModel
import LapwingTestSupport

// Decodes TOKENS tokens of one sequence on one thread and ends: what Benchmarks/kernels.sh counts instructions and
// allocations of, as the difference of two runs. `forward` runs the model alone, `engine` a request of the engine.
let arguments = CommandLine.arguments
guard arguments.count == 4, let tokenCount = Int(arguments[3]), ["forward", "engine"].contains(arguments[1]) else {
    FileHandle.standardError.write(Data("usage: DecodeSteps forward|engine tiny|MODEL TOKENS\n".utf8))
    exit(2)
}

/// Real proportions in small: every step of a layer counts, and a run under an emulator takes seconds.
func tiny() throws -> WrittenModel {
    var tiny = TinyModel(seed: 7, weights: .q4_1, embedding: .q8_0)
    (tiny.embeddingLength, tiny.feedForwardLength, tiny.headCount, tiny.kvHeadCount) = (256, 512, 8, 2)
    tiny.layerCount = 4
    return try tiny.write()
}

let written = arguments[2] == "tiny" ? try tiny() : nil
let model = try LanguageModel.load(
    path: written?.path ?? arguments[2], options: LoadOptions(workers: Workers(count: 1)))
let prompt: [Int32] = (0..<8).map { 5 + $0 }
let pageCount = (prompt.count + tokenCount + KVCache.pageSize - 1) / KVCache.pageSize

if arguments[1] == "forward" {
    let cache = try model.makeCache(pageCount: pageCount)
    let pages = (0..<Int32(pageCount)).map { $0 }
    for position in 0..<prompt.count + tokenCount {
        let token = prompt[position % prompt.count]
        let rows = SequenceRows(rowCount: 1, startPosition: position, pages: pages, logits: .last)
        model.forward(ModelStep(tokens: [token], sequences: [rows]), cache: cache) { _, _ in }
    }
} else {
    var options = EngineOptions()
    options.pageCount = pageCount
    // One token a step, whatever the tiny model repeats.
    options.speculates = false
    let engine = try Engine(name: "tiny", model: model, options: options)
    var request = GenerationRequest(model: "tiny", prompts: [.tokens(prompt)])
    request.sampling.temperature = 0
    request.maxTokens = tokenCount
    request.ignoreEOS = true
    for try await _ in try await engine.generate(request, context: RequestContext(requestID: "steps")) {}
    await engine.shutDown()
}
