/// Deflated bytes back to what they were (RFC 1951).
enum Inflate {
    /// nil where the bytes are damaged, or come to more than `expecting`.
    static func inflate(_ packed: ArraySlice<UInt8>, expecting: Int) -> [UInt8]? {
        var reader = Reader(bits: BitReader(packed), limit: expecting)
        return reader.read() ? reader.output : nil
    }

    /// Bits from the low end of each byte on.
    private struct BitReader {
        private let bytes: ArraySlice<UInt8>
        private var index: Int
        private var held: UInt32 = 0
        private var count = 0

        init(_ bytes: ArraySlice<UInt8>) { (self.bytes, index) = (bytes, bytes.startIndex) }

        mutating func take(_ wanted: Int) -> Int? {
            while count < wanted {
                guard index < bytes.endIndex else { return nil }
                held |= UInt32(bytes[index]) << UInt32(count)
                index += 1
                count += 8
            }
            let value = held & ((1 << UInt32(wanted)) - 1)
            held >>= UInt32(wanted)
            count -= wanted
            return Int(value)
        }

        /// Drops what is left of a byte that was begun.
        mutating func alignToByte() { (held, count) = (held >> UInt32(count % 8), count - count % 8) }
    }

    /// A canonical Huffman code: how many symbols there are of each length, and the symbols in order.
    private struct Code {
        private var counts = [Int](repeating: 0, count: 16)
        private var symbols: [Int] = []

        init(lengths: some Collection<Int>) {
            for length in lengths { counts[length] += 1 }
            counts[0] = 0
            symbols = lengths.enumerated().filter { $0.element > 0 }.sorted {
                ($0.element, $0.offset) < ($1.element, $1.offset)
            }.map(\.offset)
        }

        func symbol(_ bits: inout BitReader) -> Int? {
            var (code, first, index) = (0, 0, 0)
            for length in 1...15 {
                guard let bit = bits.take(1) else { return nil }
                code |= bit
                let count = counts[length]
                if code - first < count { return symbols[index + code - first] }
                index += count
                first = (first + count) << 1
                code <<= 1
            }
            return nil
        }
    }

    private struct Reader {
        var bits: BitReader
        let limit: Int
        var output: [UInt8] = []

        init(bits: BitReader, limit: Int) { (self.bits, self.limit) = (bits, limit) }

        mutating func read() -> Bool {
            while true {
                guard let last = bits.take(1), let kind = bits.take(2) else { return false }
                let isWhole: Bool
                switch kind {
                case 0: isWhole = copyStored()
                case 1: isWhole = readBlock(Inflate.fixedLiterals, Inflate.fixedDistances)
                case 2: isWhole = readDynamicBlock()
                default: isWhole = false
                }
                guard isWhole else { return false }
                if last == 1 { return true }
            }
        }

        private mutating func copyStored() -> Bool {
            bits.alignToByte()
            guard let count = bits.take(16), let complement = bits.take(16), count == ~complement & 0xFFFF else {
                return false
            }
            for _ in 0..<count {
                guard let byte = bits.take(8), output.count < limit else { return false }
                output.append(UInt8(byte))
            }
            return true
        }

        private mutating func readDynamicBlock() -> Bool {
            guard let literals = bits.take(5), let distances = bits.take(5), let lengths = bits.take(4) else {
                return false
            }
            var codeLengths = [Int](repeating: 0, count: 19)
            for place in Inflate.lengthOrder.prefix(lengths + 4) {
                guard let length = bits.take(3) else { return false }
                codeLengths[place] = length
            }
            let code = Code(lengths: codeLengths)
            let total = literals + 257 + distances + 1
            var all: [Int] = []
            while all.count < total {
                guard let symbol = code.symbol(&bits) else { return false }
                switch symbol {
                case 0...15: all.append(symbol)
                case 16:
                    guard let last = all.last, let more = bits.take(2) else { return false }
                    all += repeatElement(last, count: more + 3)
                case 17, 18:
                    guard let more = bits.take(symbol == 17 ? 3 : 7) else { return false }
                    all += repeatElement(0, count: more + (symbol == 17 ? 3 : 11))
                default: return false
                }
            }
            guard all.count == total else { return false }
            return readBlock(Code(lengths: all[..<(literals + 257)]), Code(lengths: all[(literals + 257)...]))
        }

        private mutating func readBlock(_ literals: Code, _ distances: Code) -> Bool {
            while let symbol = literals.symbol(&bits) {
                if symbol == 256 { return true }
                if symbol < 256 {
                    guard output.count < limit else { return false }
                    output.append(UInt8(symbol))
                    continue
                }
                guard symbol < 286, let more = bits.take(Inflate.lengthBits[symbol - 257]),
                    let code = distances.symbol(&bits), code < 30, let further = bits.take(Inflate.distanceBits[code])
                else { return false }
                let count = Inflate.lengthBases[symbol - 257] + more, distance = Inflate.distanceBases[code] + further
                guard distance <= output.count, output.count + count <= limit else { return false }
                for _ in 0..<count { output.append(output[output.count - distance]) }
            }
            return false
        }
    }

    private static let lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
    private static let lengthBases = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227,
        258,
    ]
    private static let lengthBits = [
        0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
    ]
    private static let distanceBases = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
        6145,
        8193, 12289, 16385, 24577,
    ]
    private static let distanceBits = [
        0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
    ]
    private static let fixedLiterals = Code(
        lengths: [Int](repeating: 8, count: 144) + [Int](repeating: 9, count: 112) + [Int](repeating: 7, count: 24)
            + [Int](repeating: 8, count: 8))
    private static let fixedDistances = Code(lengths: [Int](repeating: 5, count: 30))
}
