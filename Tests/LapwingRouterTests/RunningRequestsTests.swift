import LapwingAPI
import LapwingRouter
import LapwingTestSupport
import Synchronization
import Testing

@Suite("RunningRequests")
struct RunningRequestsTests {
    @Test("Draining waits for every task, in whatever order they end")
    func drainsAll() async throws {
        let running = RunningRequests()
        let gates = (0..<16).map { _ in Gate() }
        for gate in gates { _ = try running.start { try await gate.wait() } }
        let isDrained = Mutex(false)
        async let draining: Void = {
            await running.drain()
            isDrained.withLock { $0 = true }
        }()
        for (index, gate) in gates.enumerated() {
            #expect(!isDrained.withLock { $0 })
            gate.open()
            while running.count > 15 - index { await Task.yield() }
        }
        await draining
        #expect(throws: RequestError.self) { try running.start {} }
    }

    @Test("A task's value and error reach whoever waits for it")
    func values() async throws {
        let running = RunningRequests()
        #expect(try await running.start { 7 }.value == 7)
        await #expect(throws: RequestError.cancelled) {
            try await running.start { throw RequestError.cancelled }.value
        }
    }
}
