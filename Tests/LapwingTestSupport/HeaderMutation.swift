import LapwingStatistics

/// One to three random changes to a file's header.
package struct HeaderMutation {
    private var file: GGUFWriter.File
    private let headerByteCount: Int
    private var random: SplitMix64

    package init(_ file: GGUFWriter.File, seed: UInt64) {
        self.file = file
        headerByteCount = file.fields.last?.range.upperBound ?? file.bytes.count
        random = SplitMix64(seed: seed)
    }

    package mutating func apply() -> [UInt8] {
        let changes = [1, 1, 1, 2, 3][random.below(5)]
        for _ in 0..<changes { change() }
        // Changes of the length come last: the fields' places no longer hold after them.
        switch random.below(10) {
        case 0: file.bytes.removeLast(random.below(file.bytes.count))
        case 1: file.bytes.insert(contentsOf: random.bytes(1 + random.below(16)), at: random.below(headerByteCount))
        case 2:
            let start = random.below(headerByteCount)
            file.bytes.removeSubrange(start..<min(file.bytes.count, start + 1 + random.below(16)))
        default: break
        }
        return file.bytes
    }

    private mutating func change() {
        switch random.below(6) {
        case 0, 1, 2:
            let field = file.fields[random.below(file.fields.count)]
            file.replace(field.name, with: number(near: file.number(field.name)))
        case 3:
            let other = file.fields[random.below(file.fields.count)].name
            file.replace(file.fields[random.below(file.fields.count)].name, with: file.number(other))
        case 4:
            copyText()
        default:
            for _ in 0...random.below(8) {
                file.bytes[random.below(headerByteCount)] ^= 1 << UInt8(random.below(8))
            }
        }
    }

    /// Writes one string over another of its length, so that keys and names occur twice.
    private mutating func copyText() {
        let lengths = file.fields.filter { $0.name.hasPrefix("length of ") }
        let source = lengths[random.below(lengths.count)]
        let byteCount = file.number(source.name)
        let targets = lengths.filter { file.number($0.name) == byteCount }
        let target = targets[random.below(targets.count)].range.upperBound
        let text = file.bytes.dropFirst(source.range.upperBound).prefix(Int(min(byteCount, 64)))
        guard target + text.count <= file.bytes.count else { return }
        file.bytes.replaceSubrange(target..<target + text.count, with: Array(text))
    }

    /// A number that lies at some reader's edge: of a width, of a sign, of the file, or beside the sound one.
    private mutating func number(near sound: UInt64) -> UInt64 {
        let edges: [UInt64] = [
            0, 1, 2, 4, 5, 8, 9, 12, 13, 31, 32, 33, 64, 65, 255, 65_535, 65_536, 1 << 20, 1 << 24, 1 << 30,
            (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, 1 << 40, 1 << 60, 1 << 62, (1 << 63) - 1, 1 << 63,
            .max - 63, .max - 31, .max - 7, .max - 1, .max, UInt64(file.bytes.count), UInt64(headerByteCount),
        ]
        switch random.below(4) {
        case 0: return sound &+ UInt64(random.below(65)) &- 32
        case 1: return sound &* UInt64(2 + random.below(15))
        case 2: return random.next() >> UInt64(random.below(64))
        default: return edges[random.below(edges.count)]
        }
    }
}
