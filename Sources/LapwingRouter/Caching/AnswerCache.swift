/// Answers by what was asked, within a time to live and a number of bytes; the one that was used longest ago goes first.
///
/// Pure: it is told the time, as durations since any fixed instant.
package struct AnswerCache: Sendable {
    package struct Options: Hashable, Sendable {
        /// From when the answer was made, however often it is used.
        package var timeToLive: Duration
        /// Of all answers together, with what it takes to keep them.
        package var byteLimit: Int

        package init(timeToLive: Duration, byteLimit: Int = 64 << 20) {
            self.timeToLive = timeToLive
            self.byteLimit = byteLimit
        }
    }

    /// A place in the list from the newest use to the oldest.
    private struct Slot {
        let key: AnswerKey
        let answer: KeptAnswer
        let expiresAt: Duration
        var newer: Int?
        var older: Int?
    }

    private let options: Options
    /// nil where a place is free.
    private var slots: [Slot?] = []
    private var freeSlots: [Int] = []
    private var places: [AnswerKey: Int] = [:]
    private var newest: Int?
    private var oldest: Int?
    package private(set) var byteCount = 0

    package init(_ options: Options) { self.options = options }

    package var count: Int { places.count }

    /// What was kept, which is then the newest; nil where there is none or its time is over.
    package mutating func answer(to key: AnswerKey, at now: Duration) -> KeptAnswer? {
        guard let place = places[key], let slot = slots[place] else { return nil }
        guard now < slot.expiresAt else {
            remove(place)
            return nil
        }
        unlink(place)
        linkAsNewest(place)
        return slot.answer
    }

    /// Keeps an answer in the place of any other to the same request. One that alone is more than the limit is not kept.
    package mutating func keep(_ answer: KeptAnswer, for key: AnswerKey, at now: Duration) {
        if let place = places[key] { remove(place) }
        guard answer.byteCount <= options.byteLimit else { return }
        while byteCount + answer.byteCount > options.byteLimit, let oldest { remove(oldest) }
        let slot = Slot(key: key, answer: answer, expiresAt: now + options.timeToLive)
        let place: Int
        if let free = freeSlots.popLast() {
            place = free
            slots[place] = slot
        } else {
            place = slots.count
            slots.append(slot)
        }
        places[key] = place
        byteCount += answer.byteCount
        linkAsNewest(place)
    }

    private mutating func remove(_ place: Int) {
        guard let slot = slots[place] else { return }
        unlink(place)
        places[slot.key] = nil
        byteCount -= slot.answer.byteCount
        slots[place] = nil
        freeSlots.append(place)
    }

    private mutating func unlink(_ place: Int) {
        guard let slot = slots[place] else { return }
        if let newer = slot.newer { slots[newer]?.older = slot.older } else { newest = slot.older }
        if let older = slot.older { slots[older]?.newer = slot.newer } else { oldest = slot.newer }
    }

    private mutating func linkAsNewest(_ place: Int) {
        slots[place]?.newer = nil
        slots[place]?.older = newest
        if let newest { slots[newest]?.newer = place } else { oldest = place }
        newest = place
    }
}
