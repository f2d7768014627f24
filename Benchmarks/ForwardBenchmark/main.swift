import Foundation
import LapwingModel

// The forward pass alone, without engine or server.
//
//   ForwardBenchmark MODEL                    load, first token, prefill, decode, eight rows together: lines of JSON
//   ForwardBenchmark MODEL logits IDS LOGITS  logits of every position of the int32 tokens in IDS, in sequences of 512,
//                                             as float32; Scripts/make_reference.py compares them with llama.cpp's

let arguments = CommandLine.arguments
switch arguments.count {
case 2: try ForwardBenchmark(path: arguments[1]).run(rounds: 5)
case 5 where arguments[2] == "logits":
    try ForwardBenchmark(path: arguments[1]).writeLogits(ids: arguments[3], to: arguments[4])
default:
    FileHandle.standardError.write(Data("usage: ForwardBenchmark MODEL [logits IDS LOGITS]\n".utf8))
    exit(2)
}
