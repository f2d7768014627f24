import CLapwingKernels
import Foundation
import Synchronization

/// Threads that split an index range with their caller; between parallel regions they spin briefly, then sleep.
///
/// A helper that the system does not run is not waited for: the caller closes the region when all indices are claimed,
/// and only helpers that entered before that are waited for.
///
/// `@unchecked Sendable`: `threads` is written in `init` alone; everything shared is in `WorkerState`.
package final class Workers: @unchecked Sendable {
    /// Threads that take part, the caller included.
    package let count: Int
    private let state: WorkerState
    private let callers = Mutex<Void>(())

    package init(count: Int = ProcessInfo.processInfo.activeProcessorCount) {
        precondition(count >= 1, "a pool has at least its caller")
        self.count = count
        let state = WorkerState()
        self.state = state
        for index in 1..<max(count, 1) {
            let thread = Thread { state.serve() }
            thread.name = "lapwing-worker-\(index)"
            thread.stackSize = 1 << 20
            thread.start()
        }
    }

    deinit { state.stop() }

    /// Calls `body` on disjoint ranges of `grain` indices that together make 0 ..< `count`, and returns when all are done.
    ///
    /// Small loops, and a second caller while the pool is busy, run on the calling thread alone.
    package func forEachRange(_ count: Int, grain: Int, _ body: (Range<Int>) -> Void) {
        precondition(grain >= 1, "a range has at least one index")
        guard count > grain, self.count > 1 else {
            if count > 0 { body(0..<count) }
            return
        }
        let ran: Void? = callers.withLockIfAvailable { _ in
            withoutActuallyEscaping(body) { state.run(ParallelLoop(count: count, grain: grain, body: $0)) }
        }
        if ran == nil { body(0..<count) }
    }

    /// A grain that gives each thread about four ranges, so that an uneven start or a slow thread evens out. It is even,
    /// because kernels take strips in pairs.
    package func grain(_ count: Int) -> Int { max(2, count / (self.count * 4) / 2 * 2) }

    /// One parallel loop.
    struct ParallelLoop {
        let count: Int
        let grain: Int
        let body: (Range<Int>) -> Void
    }
}

/// What the caller and the helpers of a pool share.
///
/// `@unchecked Sendable`, with this invariant: `region` is written only by the caller, while the gate is closed and no
/// helper is inside (`entered == left`); helpers read it only between entering the open gate and counting up `left`.
private final class WorkerState: @unchecked Sendable {
    /// The region's number in the upper half; below it the open bit and how many helpers entered.
    private let gate = Atomic<UInt64>(0)
    private let next = Atomic<Int>(0)
    private let left = Atomic<UInt64>(0)
    private let sleepers = Atomic<Int>(0)
    private let stopped = Atomic<Bool>(false)
    private let wake = NSCondition()
    private var region: UnsafePointer<Workers.ParallelLoop>?

    private static let openBit: UInt64 = 1 << 31
    private static let countMask: UInt64 = (1 << 31) - 1
    /// About 50 microseconds of pauses: longer than the serial part between two regions of a step.
    private static let spinLimit = 2_000

    func run(_ region: Workers.ParallelLoop) {
        withUnsafePointer(to: region) { pointer in
            self.region = pointer
            next.store(0, ordering: .relaxed)
            left.store(0, ordering: .relaxed)
            let number = (gate.load(ordering: .relaxed) >> 32) &+ 1
            gate.store(number << 32 | Self.openBit, ordering: .sequentiallyConsistent)
            if sleepers.load(ordering: .sequentiallyConsistent) > 0 { wakeAll() }
            claim(pointer)
            let closed = gate.bitwiseAnd(~Self.openBit, ordering: .acquiringAndReleasing).newValue
            let entered = closed & Self.countMask
            var spins = 0
            while left.load(ordering: .acquiring) != entered {
                spins += 1
                if spins > Self.spinLimit { sched_yield() } else { lw_pause() }
            }
            self.region = nil
        }
    }

    /// The life of one helper.
    func serve() {
        var seen: UInt64 = 0
        var spins = 0
        while !stopped.load(ordering: .relaxed) {
            let now = gate.load(ordering: .acquiring)
            if now & Self.openBit == 0 || now >> 32 == seen {
                spins += 1
                if spins < Self.spinLimit { lw_pause() } else { sleep(unless: seen); spins = 0 }
                continue
            }
            let (entered, _) = gate.weakCompareExchange(
                expected: now, desired: now + 1, ordering: .acquiringAndReleasing)
            guard entered else { continue }
            seen = now >> 32
            spins = 0
            if let region { claim(region) }
            left.add(1, ordering: .releasing)
        }
    }

    /// Takes ranges until none is left. Never inlined, so that its references to the body end before it returns.
    @inline(never)
    private func claim(_ region: UnsafePointer<Workers.ParallelLoop>) {
        let count = region.pointee.count, grain = region.pointee.grain
        while true {
            let start = next.add(grain, ordering: .relaxed).oldValue
            guard start < count else { return }
            region.pointee.body(start..<min(start + grain, count))
        }
    }

    /// Sleeps until a region other than `seen` opens or the pool stops.
    private func sleep(unless seen: UInt64) {
        wake.lock()
        defer { wake.unlock() }
        sleepers.add(1, ordering: .sequentiallyConsistent)
        defer { sleepers.subtract(1, ordering: .sequentiallyConsistent) }
        while !stopped.load(ordering: .sequentiallyConsistent) {
            let now = gate.load(ordering: .sequentiallyConsistent)
            if now & Self.openBit != 0, now >> 32 != seen { return }
            wake.wait()
        }
    }

    private func wakeAll() {
        wake.lock()
        wake.broadcast()
        wake.unlock()
    }

    func stop() {
        stopped.store(true, ordering: .sequentiallyConsistent)
        wakeAll()
    }
}
