import LapwingAPI
import LapwingRouter
import LapwingTestSupport
import Synchronization
import Testing

@Suite("Probes")
struct ProbesTests {
    @Test(
        "An endpoint is probed at every interval, without a request; one that is down is passed over until it is up"
    )
    func probes() async throws {
        let list = reply("200 OK", #"{"object":"list","data":[]}"#)
        let down = reply("503 Service Unavailable", "")
        let first = try await ScriptedUpstream([.send(down)], [.send(down)], [.send(list)])
        let second = try await ScriptedUpstream([.send(list)])
        let house = try PoolHouse(.init("main", first, second) { $0.options.probeEvery = .seconds(10) })
        let pool = try #require(house.pools.first)
        let probes = Probes([pool], clock: house.clock)
        for round in 1...3 {
            await house.clock.waitForSleepers(2)
            #expect(first.all.count == round && second.all.count == round)
            #expect(pool.isUsable(0) == (round != 2), "round \(round)")
            house.clock.advance(by: .seconds(10))
        }
        #expect(first.all.allSatisfy { $0.hasPrefix("GET /v1/models HTTP/1.1\r\n") })
        probes.stop()
    }

    @Test(
        "A server that has no list of models, or refuses it, is up",
        arguments: ["404 Not Found", "401 Unauthorized", "429 Too Many Requests"])
    func refusedList(status: String) async throws {
        let upstream = try await ScriptedUpstream([.send(errorReply(status)), .close])
        let house = try PoolHouse(.init("main", upstream))
        let probe = try #require(house.pools[0].endpoints[0].probe)
        await #expect(throws: Never.self) { try await probe() }
    }

    @Test("Without an interval nothing is probed")
    func off() async throws {
        let upstream = try await ScriptedUpstream([.close])
        let house = try PoolHouse(.init("main", upstream))
        let probes = Probes(house.pools, clock: house.clock)
        #expect(probes.count == 0)
    }
}
