/// The generator of Python's `random.Random(seed)` and its `sample`, so that shots drawn at random are the harness'.
///
/// Matsumoto and Nishimura, "Mersenne Twister", 1998; seeding and sampling as CPython's `Lib/random.py` documents them.
package struct PythonRandom {
    private static let size = 624
    private var state: [UInt32]
    private var position = PythonRandom.size

    package init(seed: UInt32) {
        state = [UInt32](repeating: 0, count: Self.size)
        state[0] = 19_650_218
        for i in 1..<Self.size {
            state[i] = 1_812_433_253 &* (state[i - 1] ^ (state[i - 1] >> 30)) &+ UInt32(i)
        }
        // Python seeds with the list of a number's 32-bit digits; this one has a single digit.
        var i = 1
        for _ in 0..<Self.size {
            state[i] = (state[i] ^ ((state[i - 1] ^ (state[i - 1] >> 30)) &* 1_664_525)) &+ seed
            advance(&i)
        }
        for _ in 0..<Self.size - 1 {
            state[i] = (state[i] ^ ((state[i - 1] ^ (state[i - 1] >> 30)) &* 1_566_083_941)) &- UInt32(i)
            advance(&i)
        }
        state[0] = 0x8000_0000
    }

    private mutating func advance(_ i: inout Int) {
        i += 1
        guard i >= Self.size else { return }
        state[0] = state[Self.size - 1]
        i = 1
    }

    private mutating func next() -> UInt32 {
        if position == Self.size { renew() }
        var y = state[position]
        position += 1
        y ^= y >> 11
        y ^= (y << 7) & 0x9D2C_5680
        y ^= (y << 15) & 0xEFC6_0000
        return y ^ (y >> 18)
    }

    private mutating func renew() {
        for i in 0..<Self.size {
            let y = (state[i] & 0x8000_0000) | (state[(i + 1) % Self.size] & 0x7FFF_FFFF)
            state[i] = state[(i + 397) % Self.size] ^ (y >> 1) ^ (y & 1 == 0 ? 0 : 0x9908_B0DF)
        }
        position = 0
    }

    /// From 0 to `bound` - 1, by drawing bits until they fit.
    private mutating func below(_ bound: Int) -> Int {
        let bits = Int.bitWidth - bound.leadingZeroBitCount
        while true {
            let drawn = Int(next() >> UInt32(32 - bits))
            if drawn < bound { return drawn }
        }
    }

    /// `count` different indices under `total`, in the order drawn.
    package mutating func sample(_ count: Int, of total: Int) -> [Int] {
        // Python takes from a shrinking list where that is smaller than a set of those taken.
        var setSize = 21
        if count > 5 {
            var power = 1
            while power < count * 3 { power *= 4 }
            setSize += power
        }
        guard total <= setSize else {
            var taken: [Int] = []
            while taken.count < count {
                let index = below(total)
                if !taken.contains(index) { taken.append(index) }
            }
            return taken
        }
        var pool = Array(0..<total)
        return (0..<count).map { i in
            let index = below(total - i)
            let value = pool[index]
            pool[index] = pool[total - i - 1]
            return value
        }
    }
}
