import LapwingAPI
import LapwingRouter
import Testing

private func status(_ status: Int, _ model: String = "a") -> RequestError {
    .upstreamFailed(model: model, status: status, reason: "no luck")
}

private let silent = RequestError.upstreamTimedOut(model: "a", stage: "before the first token")
private let tooLong = RequestError.upstreamRefused(model: "a", isTooLong: true, reason: "too long")
private let forbidden = RequestError.upstreamRefused(
    model: "a", isTooLong: false, reason: "not allowed")

/// Plays a course against endpoints that a test describes.
private final class Play {
    /// Offers of each candidate's endpoints; one that is missing is any that was not asked yet.
    var offers: [Int: EndpointPool.Offer] = [:]
    var endpointCounts: [Int]
    var retries = 100
    var now = Duration.zero
    var course: AnswerCourse

    init(
        _ endpointCounts: Int..., attempts: Int = 3, contexts: [Int?] = [],
        timeLimit: Duration = .seconds(600), lastResort: Int? = nil
    ) {
        self.endpointCounts = endpointCounts
        course = AnswerCourse(
            endpointCounts.indices.map { index in
                var candidate = AnswerCourse.Candidate(model: ["a", "b", "c"][index])
                candidate.attempts = attempts
                if contexts.indices.contains(index) { candidate.contextLength = contexts[index] }
                return candidate
            }, timeLimit: timeLimit, lastResort: lastResort)
    }

    private func offer(_ candidate: Int, _ spent: Set<Int>) -> EndpointPool.Offer {
        if let offer = offers[candidate] { return offer }
        return (0..<endpointCounts[candidate]).first { !spent.contains($0) }.map { .endpoint($0) }
            ?? .none
    }

    private func pools(_ body: (inout AnswerCourse, AnswerCourse.Pools) -> String) -> String {
        var spent = 0
        let pools = AnswerCourse.Pools(
            take: offer, look: offer,
            spendRetry: { _ in
                guard spent < self.retries else { return false }
                spent += 1
                return true
            }, random: { 0 })
        let word = body(&course, pools)
        retries -= spent
        return word
    }

    func next() -> String {
        let now = now
        return pools { course, pools in
            switch course.next(at: now, pools) {
            case .call(let call): "\(course.candidates[call.candidate].model)\(call.endpoint)"
            case .wait(let pause): "wait \(pause)"
            case .fail(let error): "fail \(error.description)"
            }
        }
    }

    func hedge(_ id: Int) -> String {
        let call = AnswerCourse.Call(id: id, candidate: 0, endpoint: 0)
        return pools { course, pools in course.hedge(call, pools).map { "a\($0.endpoint)" } ?? "-" }
    }

    func fail(_ error: RequestError?) -> String {
        let actions = course.receive(.ended(error), from: course.callCount - 1)
        guard case .failed = actions.first else { return "nothing" }
        return next()
    }

    func words(_ event: GenerationEvent, from id: Int) -> [String] {
        course.receive(.event(event), from: id).map { action in
            switch action {
            case .pass: "pass"
            case .stop(let id): "stop \(id)"
            case .failed: "failed"
            }
        }
    }
}

@Suite("AnswerCourse")
struct AnswerCourseTests {
    @Test(
        "A failure is followed by another endpoint at once, then by the same ones after pauses that double, then by the next model"
    )
    func retries() {
        let play = Play(2, 1, attempts: 4)
        #expect(play.next() == "a0")
        #expect(play.fail(status(503)) == "a1")
        #expect(play.fail(status(503)) == "wait 0.25 seconds")
        #expect(play.next() == "a0")
        #expect(play.fail(status(502)) == "wait 0.5 seconds")
        #expect(play.next() == "a0")
        #expect(play.fail(.upstreamUnreachable(model: "a", reason: "refused")) == "b0")
        #expect(play.fail(status(500, "b")) == "wait 0.125 seconds")
        #expect(play.next() == "b0")
        #expect(
            play.fail(status(500, "b")) == "fail The upstream of 'a' cannot be reached: refused.",
            "six calls are the most")
    }

    @Test("An endpoint that was silent is not asked again", arguments: [1, 2])
    func silence(count: Int) {
        let play = Play(count, 1)
        #expect(play.next() == "a0")
        if count == 2 { #expect(play.fail(silent) == "a1") }
        #expect(play.fail(silent) == "b0")
        let alone = Play(1)
        #expect(alone.next() == "a0")
        #expect(alone.fail(silent) == "fail \(silent.description)")
    }

    @Test("A fault of the request is final, a refused key sends it to the next model")
    func finalFailures() {
        for error in [forbidden, .internal(reason: "x"), .cancelled] {
            let play = Play(2, 1)
            #expect(play.next() == "a0")
            #expect(play.fail(error) == "fail \(error.description)")
        }
        let refused = Play(2, 1)
        #expect(refused.next() == "a0")
        #expect(refused.fail(status(401)) == "b0")
        #expect(
            refused.fail(forbidden) == "fail \(status(401).description)",
            "what the second found wrong is not told")
    }

    @Test("A last resort is asked whatever the first finds wrong, and though six calls were made before")
    func lastResort() {
        let refused = Play(2, 1, 1, lastResort: 2)
        #expect(refused.next() == "a0")
        #expect(refused.fail(forbidden) == "b0")
        let worn = Play(6, 1, 1, attempts: 6, lastResort: 2)
        #expect(worn.next() == "a0")
        for place in 1..<6 { #expect(worn.fail(status(503)) == "a\(place)") }
        #expect(worn.fail(status(503)) == "c0", "the model between is passed over")
        #expect(worn.fail(status(500, "c")) == "fail \(status(503).description)")
        let long = Play(1, 1, 1, contexts: [4096, 2048, 4096], lastResort: 2)
        #expect(long.next() == "a0")
        #expect(long.fail(tooLong) == "c0")
        let left = Play(1, 1, lastResort: 1)
        left.offers[0] = .broken(.seconds(5))
        #expect(left.next() == "b0")
    }

    @Test("A prompt that is too long goes once to the next model that takes longer ones")
    func longerContext() {
        let play = Play(2, 1, 1, contexts: [4096, 4096, 8192])
        #expect(play.next() == "a0")
        #expect(play.fail(tooLong) == "c0")
        #expect(play.fail(tooLong) == "fail \(tooLong.description)")
        let none = Play(1, 1, contexts: [4096, 2048])
        _ = none.next()
        #expect(none.fail(tooLong) == "fail \(tooLong.description)")
        let unknown = Play(1, 1)
        _ = unknown.next()
        #expect(unknown.fail(tooLong) == "b0", "a length that nobody said may be longer")
    }

    @Test(
        "An endpoint that asks to be left alone is waited for, but not long where another model could answer"
    )
    func rests() {
        for (seconds, alone, withNext) in [
            (2, "wait 2.0 seconds", "wait 2.0 seconds"), (9, "wait 9.0 seconds", "b0"),
            (60, "fail", "b0"),
        ] {
            let error = RequestError.overloaded(what: "it", retryAfterSeconds: seconds)
            let one = Play(1)
            _ = one.next()
            one.offers[0] = .resting(.seconds(seconds))
            #expect(one.fail(error).hasPrefix(alone))
            let two = Play(1, 1)
            _ = two.next()
            two.offers[0] = .resting(.seconds(seconds))
            #expect(two.fail(error) == withNext)
        }
    }

    @Test("Waiting has an end, however often an endpoint asks for it")
    func waitsNotForEver() {
        let play = Play(1)
        play.offers[0] = .resting(.seconds(10))
        #expect(
            (0..<3).map { _ in play.next() } == [
                "wait 10.0 seconds", "wait 10.0 seconds", "wait 10.0 seconds",
            ])
        #expect(play.next() == "fail 'a' is unavailable: its upstream asked to be left alone.")
    }

    @Test(
        "A model whose endpoints are all broken is passed over without a call, or refused with when to come back"
    )
    func broken() {
        let play = Play(1, 1)
        play.offers[0] = .broken(.milliseconds(4200))
        #expect(play.next() == "b0")
        #expect(play.course.callCount == 1)
        let alone = Play(1)
        alone.offers[0] = .broken(.milliseconds(4200))
        #expect(alone.next() == "fail 'a' is unavailable: its endpoints failed too often lately.")
    }

    @Test("Without budget there are no retries, and the next model is asked all the same")
    func budget() {
        let play = Play(2, 1)
        play.retries = 0
        #expect(play.next() == "a0")
        #expect(play.fail(status(503)) == "b0")
    }

    @Test("No call begins after the time limit")
    func timeLimit() {
        let play = Play(1, 1, timeLimit: .seconds(10))
        _ = play.next()
        play.now = .seconds(10)
        #expect(play.fail(status(503)) == "fail \(status(503).description)")
    }

    @Test(
        "A second call is made beside one that is slow; the first to speak is the answer and the other is stopped"
    )
    func hedges() {
        let play = Play(2, 1)
        #expect(play.next() == "a0")
        #expect(play.hedge(0) == "a1")
        #expect(play.hedge(0) == "-", "not a third")
        #expect(play.words(delta("x", nil), from: 1) == ["stop 0", "pass"])
        #expect(play.words(delta("late", nil), from: 0) == [])
        #expect(play.course.receive(.ended(.cancelled), from: 0).isEmpty)
        #expect(play.course.answering?.endpoint == 1)

        let spoken = Play(2)
        _ = spoken.next()
        _ = spoken.words(delta("x", nil), from: 0)
        #expect(spoken.hedge(0) == "-", "one that speaks is not slow")
    }

    @Test("Where one of two calls fails the other goes on; where both do, the course goes on")
    func hedgeFails() {
        let play = Play(2, 1)
        _ = play.next()
        #expect(play.hedge(0) == "a1")
        #expect(play.course.receive(.ended(status(503)), from: 0).isEmpty)
        #expect(play.fail(status(503)) == "wait 0.25 seconds")
    }
}
