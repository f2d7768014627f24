import LapwingModel
import LapwingTestSupport
import Testing

@Suite("Scales that are not finite")
struct NonFiniteScaleTests {
    /// Where a type's blocks have their halves.
    private static let places: [TensorType: [Int]] = [
        .q4_0: [0], .q4_1: [0, 2], .q5_0: [0], .q5_1: [0, 2], .q8_0: [0], .q2_K: [80, 82], .q3_K: [108],
        .q4_K: [0, 2], .q5_K: [0, 2], .q6_K: [208], .iq4_nl: [0], .iq4_xs: [0],
    ]

    /// What loading says of a model with `half` in one block of its second layer's `attn_k`.
    private func error(_ type: TensorType, half: UInt16, at place: Int, block: Int) throws -> WeightsError? {
        var writer = TinyModel(seed: 3, weights: type).writer()
        let index = try #require(writer.tensors.firstIndex { $0.name == "blk.1.attn_k.weight" })
        let start = block * type.blockByteCount + place
        writer.tensors[index].data[start] = UInt8(truncatingIfNeeded: half)
        writer.tensors[index].data[start + 1] = UInt8(half >> 8)
        do {
            _ = try LanguageModel(
                file: GGUFFile(bytes: writer.file().bytes), options: LoadOptions(workers: Workers(count: 2)))
            return nil
        } catch {
            return try #require(error as? WeightsError)
        }
    }

    @Test(
        "An infinite scale or minimum, or one that is no number, is refused with its tensor's name", arguments: places)
    func refused(type: TensorType, places: [Int]) throws {
        for (place, half) in zip(places + places, [0x7c00, 0xfe01, 0xfc00, 0x7c01] as [UInt16]) {
            for block in [0, 7] {
                guard
                    case .invalid(let field, _, _, "finite scales") = try error(
                        type, half: half, at: place, block: block)
                else {
                    Issue.record("\(type) with \(half) at \(place) of block \(block) passed")
                    continue
                }
                #expect(field == "the tensor \"blk.1.attn_k.weight\"")
            }
        }
    }

    @Test("The greatest finite scale is read", arguments: places)
    func read(type: TensorType, places: [Int]) throws {
        for place in places { #expect(try error(type, half: 0xfbff, at: place, block: 3) == nil) }
    }

    @Test(
        "MXFP4 is refused where a weight overflows or its exponent means no number, and read up to the greatest weight")
    func microscaling() throws {
        // Block 3 is the second row's second; the code 7 is 6, the code 5 is 3.
        func error(exponent: UInt8, code: UInt8) throws -> WeightsError? {
            var writer = TinyModel(seed: 3, weights: .mxfp4).writer()
            let index = try #require(writer.tensors.firstIndex { $0.name == "blk.1.attn_k.weight" })
            let block = [exponent] + [UInt8](repeating: code << 4, count: 16)
            writer.tensors[index].data.replaceSubrange(3 * 17..<4 * 17, with: block)
            do {
                _ = try LanguageModel(
                    file: GGUFFile(bytes: writer.file().bytes), options: LoadOptions(workers: Workers(count: 2)))
                return nil
            } catch {
                return try #require(error as? WeightsError)
            }
        }
        for (exponent, code) in [(255, 0), (255, 1), (254, 7), (254, 5), (254, 12), (253, 7)] as [(UInt8, UInt8)] {
            guard
                case .invalid("the tensor \"blk.1.attn_k.weight\"", _, _, _) = try error(exponent: exponent, code: code)
            else {
                Issue.record("the code \(code) with the exponent \(exponent) passed")
                continue
            }
        }
        for (exponent, code) in [(254, 2), (254, 3), (253, 5), (252, 7), (0, 1), (0, 15)] as [(UInt8, UInt8)] {
            #expect(try error(exponent: exponent, code: code) == nil, "exponent \(exponent), code \(code)")
        }
    }

    @Test("All types of blocks are looked at")
    func all() { #expect(Set(Self.places.keys) == Set(TensorType.readable).subtracting([.f32, .f16, .bf16, .mxfp4])) }
}
