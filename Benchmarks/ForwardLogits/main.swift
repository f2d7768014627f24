import Foundation
import LapwingModel

// Logits of every position of the int32 tokens in IDS, in sequences of 512, written to LOGITS as float32.
// Scripts/make_reference.py compares them with llama.cpp's.
let arguments = CommandLine.arguments
guard arguments.count == 4 else {
    FileHandle.standardError.write(Data("usage: ForwardLogits MODEL IDS LOGITS\n".utf8))
    exit(2)
}
let sequenceLength = 512
let model = try LanguageModel.load(path: arguments[1])
let cache = try model.makeCache(pageCount: sequenceLength / KVCache.pageSize)
let ids = try Data(contentsOf: URL(filePath: arguments[2])).withUnsafeBytes { bytes in
    stride(from: 0, to: bytes.count, by: 4).map { bytes.loadUnaligned(fromByteOffset: $0, as: Int32.self) }
}
try Data().write(to: URL(filePath: arguments[3]))
let out = try FileHandle(forWritingTo: URL(filePath: arguments[3]))
for start in stride(from: 0, to: ids.count, by: sequenceLength) {
    let part = Array(ids[start..<min(start + sequenceLength, ids.count)])
    let rows = SequenceRows(
        rowCount: part.count, startPosition: 0, pages: (0..<cache.pageCount).map(Int32.init), logits: .all)
    model.forward(ModelStep(tokens: part, sequences: [rows]), cache: cache) { _, logits in
        out.write(Data(buffer: UnsafeBufferPointer(logits)))
    }
}
try out.close()
