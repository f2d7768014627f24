import LapwingAPI
import LapwingEngine
import Testing

@Suite("PagePool")
struct PagePoolTests {
    /// Allocates and publishes the full pages of `tokens`, as a sequence that has computed them would.
    static func fill(_ pool: inout PagePool, _ tokens: [TokenID], from start: Chain = .shared) throws -> [PageIndex] {
        var pages: [PageIndex] = []
        var chain = start
        for first in stride(from: 0, to: tokens.count - tokens.count % pool.pageSize, by: pool.pageSize) {
            let allocated = pool.allocate()
            let page = try #require(allocated)
            let published = pool.publish(page, tokens: tokens[first..<first + pool.pageSize], after: chain)
            pages.append(published.page)
            chain = published.chain
        }
        return pages
    }

    @Test("A published prefix is found by its tokens, in whole pages, and shared")
    func prefixIsFound() throws {
        var pool = PagePool(pageCount: 8, pageSize: 4)
        let pages = try Self.fill(&pool, [1, 2, 3, 4, 5, 6, 7, 8])
        let other = pool.takePrefix(of: [1, 2, 3, 4, 5, 6, 7, 8, 9], limit: 8, from: .shared)
        #expect(other.pages == pages)
        #expect(pool.takePrefix(of: [1, 2, 3, 4, 5, 6, 7, 0], limit: 8, from: .shared).pages == [pages[0]])
        #expect(pool.takePrefix(of: [5, 6, 7, 8], limit: 4, from: .shared).pages.isEmpty)
        #expect(pool.violation(users: [pages, other.pages, [pages[0]]]) == nil)
    }

    @Test("No more than the limit is taken from the cache")
    func limitHolds() throws {
        var pool = PagePool(pageCount: 8, pageSize: 4)
        let pages = try Self.fill(&pool, [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(pool.takePrefix(of: [1, 2, 3, 4, 5, 6, 7, 8], limit: 7, from: .shared).pages == [pages[0]])
        #expect(pool.takePrefix(of: [1, 2, 3, 4, 5, 6, 7, 8], limit: 3, from: .shared).pages.isEmpty)
    }

    @Test("Released pages stay until they are needed, and the least recently used goes first")
    func leastRecentlyUsedGoesFirst() throws {
        var pool = PagePool(pageCount: 3, pageSize: 2)
        let old = try Self.fill(&pool, [1, 1])
        let recent = try Self.fill(&pool, [2, 2])
        let unused = pool.allocate().map { [$0] } ?? []
        pool.release(old)
        pool.release(recent)
        #expect(pool.availableCount == 2)

        // Using the older one makes it the younger.
        pool.release(pool.takePrefix(of: [1, 1], limit: 2, from: .shared).pages)
        #expect(pool.allocate() == recent[0])
        #expect(pool.takePrefix(of: [2, 2], limit: 2, from: .shared).pages.isEmpty)
        #expect(pool.takePrefix(of: [1, 1], limit: 2, from: .shared).pages == old)
        #expect(pool.violation(users: [old, recent, unused]) == nil)
    }

    @Test("A page in use is never given away")
    func usedPagesStay() throws {
        var pool = PagePool(pageCount: 2, pageSize: 2)
        let pages = try Self.fill(&pool, [1, 2, 3, 4])
        #expect(pool.allocate() == nil)
        pool.release([pages[1]])
        #expect(pool.allocate() == pages[1])
        #expect(pool.allocate() == nil)
    }

    @Test("A sequence's last page goes before its first")
    func prefixOutlivesItsEnd() throws {
        var pool = PagePool(pageCount: 2, pageSize: 2)
        let pages = try Self.fill(&pool, [1, 2, 3, 4])
        pool.release(pages)
        #expect(pool.allocate() == pages[1])
        #expect(pool.takePrefix(of: [1, 2, 3, 4], limit: 4, from: .shared).pages == [pages[0]])
    }

    @Test("Publishing what is known already gives the known page and frees the new one")
    func equalPagesAreOne() throws {
        var pool = PagePool(pageCount: 4, pageSize: 2)
        let first = try Self.fill(&pool, [1, 2, 3, 4])
        let second = try Self.fill(&pool, [1, 2, 3, 4])
        #expect(first == second)
        #expect(pool.usedCount == 2)
        #expect(pool.violation(users: [first, second]) == nil)
    }

    @Test("A page whose forerunner was evicted is not found, even when the forerunner's tokens come back")
    func orphansAreUnreachable() throws {
        var pool = PagePool(pageCount: 3, pageSize: 2)
        let pages = try Self.fill(&pool, [1, 2, 3, 4])
        pool.release([pages[0]])
        let other = pool.allocate().map { [$0] } ?? []
        #expect(pool.allocate() == pages[0])
        pool.release([pages[0]])
        let again = try Self.fill(&pool, [1, 2])
        #expect(pool.takePrefix(of: [1, 2, 3, 4], limit: 4, from: .shared).pages == again)
        #expect(pool.violation(users: [[pages[1]], other, again, again]) == nil)
    }

    @Test("A private start neither finds shared pages nor is found")
    func privateStart() throws {
        var pool = PagePool(pageCount: 4, pageSize: 2)
        let shared = try Self.fill(&pool, [1, 2])
        let start = pool.makePrivateChain()
        let own = try Self.fill(&pool, [1, 2], from: start)
        #expect(own != shared)
        #expect(pool.takePrefix(of: [1, 2], limit: 2, from: .shared).pages == shared)
        #expect(pool.takePrefix(of: [1, 2], limit: 2, from: start).pages == own)
        #expect(pool.takePrefix(of: [1, 2], limit: 2, from: pool.makePrivateChain()).pages.isEmpty)
    }

    @Test("Pages not worth keeping are given away before those that are")
    func discardedGoFirst() throws {
        var pool = PagePool(pageCount: 2, pageSize: 2)
        let kept = try Self.fill(&pool, [1, 2])
        let discarded = try Self.fill(&pool, [3, 4])
        pool.release(kept)
        pool.release(discarded, keep: false)
        #expect(pool.allocate() == discarded[0])
    }

    @Test("A page that begins as wanted is found, the one with most in common")
    func longestBeginning() throws {
        var pool = PagePool(pageCount: 4, pageSize: 4)
        let first = try Self.fill(&pool, [1, 2, 3, 4])
        let second = try Self.fill(&pool, [1, 2, 9, 9])
        var found = pool.longestBeginning(of: [1, 2, 9, 5], after: .shared)
        #expect(found?.page == second[0] && found?.count == 3)
        found = pool.longestBeginning(of: [1, 2, 3], after: .shared)
        #expect(found?.page == first[0] && found?.count == 3)
        found = pool.longestBeginning(of: [2, 2], after: .shared)
        #expect(found == nil)
    }

    @Test("A half full page is found by its beginning until it is given away, and never shared")
    func halfFull() throws {
        var pool = PagePool(pageCount: 1, pageSize: 4)
        let page = try #require([pool.allocate()][0])
        pool.publishHalfFull(page, tokens: [1, 2, 3], after: .shared)
        pool.release([page])
        #expect(pool.violation(users: []) == nil)
        #expect(pool.takePrefix(of: [1, 2, 3, 4], limit: 4, from: .shared).pages.isEmpty)
        var found = pool.longestBeginning(of: [1, 2, 7], after: .shared)
        #expect(found?.page == page && found?.count == 2)
        #expect(pool.allocate() == page)
        found = pool.longestBeginning(of: [1, 2, 7], after: .shared)
        #expect(found == nil)
    }

    @Test("Of half full pages that begin alike only the longest stays")
    func halfFullPagesDoNotPileUp() throws {
        var pool = PagePool(pageCount: 8, pageSize: 4)
        for tokens in [[1, 2], [1], [1, 2, 3], [1, 2], [5]] as [[TokenID]] {
            let page = try #require([pool.allocate()][0])
            pool.publishHalfFull(page, tokens: tokens[...], after: .shared)
            pool.release([page])
            #expect(pool.violation(users: []) == nil)
        }
        #expect(pool.idleCount == 2)
        #expect(pool.longestBeginning(of: [1, 2, 3], after: .shared)?.count == 3)
    }
}
