import Foundation
import LapwingAPI

/// A number that prompts with the same beginning share, in every process: which endpoint's cache may hold it.
package enum PromptPrefix {
    /// FNV-1a over the first `byteCount` bytes of the first prompt. nil for a prompt without any.
    package static func hash(of prompts: [Prompt], byteCount: Int) -> UInt64? {
        var hash = Hash(left: byteCount)
        switch prompts.first {
        case .messages(let messages):
            for message in messages where hash.left > 0 {
                hash.add(message.role.utf8)
                hash.add(message.content.utf8)
            }
        case .text(let text): hash.add(text.utf8)
        case .tokens(let tokens):
            for token in tokens where hash.left > 0 {
                hash.add((0..<4).map { UInt8(truncatingIfNeeded: token >> ($0 * 8)) })
            }
        case nil: break
        }
        return hash.left == byteCount ? nil : hash.value
    }

    private struct Hash {
        var value: UInt64 = 0xCBF2_9CE4_8422_2325
        var left: Int

        mutating func add(_ bytes: some Sequence<UInt8>) {
            for byte in bytes {
                guard left > 0 else { return }
                value = (value ^ UInt64(byte)) &* 0x100_0000_01B3
                left -= 1
            }
        }
    }

    /// How well an endpoint of a pool fits a prefix, from 0 to 1: rendezvous hashing (Thaler and Ravishankar 1998). An
    /// endpoint that comes or goes moves its own share of the prefixes and no others.
    static func fit(_ prefix: UInt64, name: String, weight: Double) -> Double {
        var hash = Hash(value: prefix, left: .max)
        hash.add(name.utf8)
        // The finaliser of MurmurHash3: FNV's last bytes move its high bits too little.
        var mixed = hash.value
        mixed = (mixed ^ mixed >> 33) &* 0xFF51_AFD7_ED55_8CCD
        mixed = (mixed ^ mixed >> 33) &* 0xC4CE_B9FE_1A85_EC53
        mixed ^= mixed >> 33
        let unit = (Double(mixed >> 11) + 0.5) / Double(1 << 53)
        // Of n draws u^(1/w) the greatest falls to each in proportion to its weight w.
        return pow(unit, 1 / weight)
    }
}
