import LapwingAPI

/// A page's place in the KV cache.
package typealias PageIndex = Int32

/// Stands for the tokens from a sequence's start to the end of a page.
///
/// A serial number is given out once, so that a page whose forerunner was evicted can never be reached by mistake.
package struct Chain: Hashable, Sendable {
    fileprivate var serial: UInt64

    /// The start of every sequence that shares the prefix cache.
    package static let shared = Chain(serial: 0)
}

/// The cache's pages: who uses them, and which of those that nobody uses still hold a prefix worth having.
///
/// A page is free, or used (its reference count is over 0), or idle: published under its content, used by nobody.
/// Published pages are found by the exact tokens that they and their forerunners hold, so a hash collision cannot mix up
/// two prefixes. Full ones are shared; of a page that begins as wanted and goes on otherwise, and of one that was left
/// half full, a copy can be made. Scores of a page's tokens go with the page. Idle pages are given away, least recently used first, once no page is free; used
/// pages never are.
package struct PagePool {
    package let pageSize: Int
    package let pageCount: Int

    private struct Key: Hashable {
        var forerunner: Chain
        var tokens: [TokenID]
    }

    private struct Content {
        var key: Key
        /// nil where the page is not full: nothing can follow it.
        var chain: Chain?
    }

    private(set) var referenceCounts: [Int]  // [page]
    private var contents: [Content?]  // [page], nil where the page is not published
    /// What is known of each token beside its keys and values; empty for pages without any.
    var scores: [[TokenScore?]]  // [page][offset]
    private var pageOfKey: [Key: PageIndex] = [:]
    private var successors: [Chain: Set<PageIndex>] = [:]  // published pages by what comes before them
    private var free: [PageIndex]
    private var idle: RecencyList
    private var lastSerial = Chain.shared.serial

    /// `pageSize` is in tokens.
    package init(pageCount: Int, pageSize: Int) {
        precondition(pageCount > 0 && pageSize > 0, "a pool has at least one page of at least one token")
        self.pageCount = pageCount
        self.pageSize = pageSize
        referenceCounts = Array(repeating: 0, count: pageCount)
        contents = Array(repeating: nil, count: pageCount)
        scores = Array(repeating: [], count: pageCount)
        // Taken from the end, so that page 0 is the first in use and an idle engine touches little memory.
        free = (0..<PageIndex(pageCount)).reversed()
        idle = RecencyList(capacity: pageCount)
    }

    /// Pages that could be allocated now, free or idle.
    package var availableCount: Int { free.count + idle.count }
    package var usedCount: Int { pageCount - availableCount }
    /// Pages that hold a prefix which nobody uses at present.
    package var idleCount: Int { idle.count }

    package func pages(forTokens count: Int) -> Int { (count + pageSize - 1) / pageSize }

    /// The start of sequences that find the pages of no others, only of those that were given the same start.
    package mutating func makePrivateChain() -> Chain {
        lastSerial += 1
        return Chain(serial: lastSerial)
    }
}

extension PagePool {
    /// The longest published prefix of some tokens: its pages, and the chain at its end.
    package struct Prefix: Equatable {
        package var pages: [PageIndex]
        package var chain: Chain
    }

    /// Finds the longest prefix of at most `limit` tokens in whole pages, and takes a reference on each of its pages.
    package mutating func takePrefix(of tokens: [TokenID], limit: Int, from start: Chain) -> Prefix {
        var prefix = Prefix(pages: [], chain: start)
        var end = pageSize
        while end <= min(limit, tokens.count) {
            let key = Key(forerunner: prefix.chain, tokens: Array(tokens[end - pageSize..<end]))
            guard let page = pageOfKey[key], let chain = contents[Int(page)]?.chain else { break }
            retain(page)
            prefix.pages.append(page)
            prefix.chain = chain
            end += pageSize
        }
        return prefix
    }

    /// A page to write to, with one reference; nil where every page is used.
    package mutating func allocate() -> PageIndex? {
        let page: PageIndex
        if let last = free.popLast() {
            page = last
        } else if let oldest = idle.oldest {
            idle.remove(oldest)
            unpublish(oldest)
            page = oldest
        } else {
            return nil
        }
        referenceCounts[Int(page)] = 1
        return page
    }

    /// Drops one reference on each page. Pages that nobody uses any more become idle where they are published, else free.
    ///
    /// With `keep` false they are the next to be given away.
    package mutating func release(_ pages: [PageIndex], keep: Bool = true) {
        // Last page first: a page is of no use once its forerunner is gone, so it must be the older of the two.
        for page in pages.reversed() {
            precondition(referenceCounts[Int(page)] > 0, "page \(page) is released more often than it was taken")
            referenceCounts[Int(page)] -= 1
            guard referenceCounts[Int(page)] == 0 else { continue }
            if contents[Int(page)] == nil {
                dropScores(of: page)
                free.append(page)
            } else if keep {
                idle.insertNewest(page)
            } else {
                idle.insertOldest(page)
            }
        }
    }

    /// Makes a full page known by its tokens and gives the page to use from now on.
    ///
    /// That is another one where the same tokens are published already: equal tokens after equal tokens have bit-identical
    /// keys and values, so the reference moves there and the given page is free again.
    package mutating func publish(
        _ page: PageIndex, tokens: ArraySlice<TokenID>, after forerunner: Chain
    ) -> (page: PageIndex, chain: Chain) {
        precondition(tokens.count == pageSize, "only a full page can be published")
        precondition(
            referenceCounts[Int(page)] == 1 && contents[Int(page)] == nil, "page \(page) is not its writer's own")
        let key = Key(forerunner: forerunner, tokens: Array(tokens))
        if let known = pageOfKey[key], let chain = contents[Int(known)]?.chain {
            retain(known)
            addScores(scores(of: page, count: pageSize), to: known)
            release([page])
            return (known, chain)
        }
        let chain = makePrivateChain()
        publish(page, Content(key: key, chain: chain))
        return (page, chain)
    }

    /// Makes a page known that its writer leaves half full, unless what it holds is known already.
    ///
    /// The writer must release it next: a page that is still written to is not published.
    package mutating func publishHalfFull(_ page: PageIndex, tokens: ArraySlice<TokenID>, after forerunner: Chain) {
        precondition(!tokens.isEmpty && tokens.count < pageSize, "a half full page has tokens, and room for more")
        for other in successors[forerunner] ?? [] {
            guard let known = contents[Int(other)]?.key.tokens else { continue }
            if known.starts(with: tokens) { return addScores(scores(of: page, count: tokens.count), to: other) }
            // Only an idle one can be shorter than ours and its beginning, and is of no use beside ours.
            if tokens.starts(with: known) {
                addScores(scores(of: other, count: known.count), to: page)
                idle.remove(other)
                unpublish(other)
                free.append(other)
            }
        }
        publish(page, Content(key: Key(forerunner: forerunner, tokens: Array(tokens)), chain: nil))
    }

    /// The published page after `forerunner` that has most of `tokens` at its beginning; nil where none has the first.
    package mutating func longestBeginning(
        of tokens: ArraySlice<TokenID>, after forerunner: Chain
    ) -> (page: PageIndex, count: Int)? {
        var best: (page: PageIndex, count: Int)?
        for page in successors[forerunner] ?? [] {
            guard let known = contents[Int(page)]?.key.tokens else { continue }
            let count = zip(known, tokens).prefix { $0 == $1 }.count
            // Of equals the lowest page, so that a run can be repeated.
            if count > 0, (count, -page) > (best?.count ?? 0, -(best?.page ?? 0)) { best = (page, count) }
        }
        if let best, idle.contains(best.page) {
            idle.remove(best.page)
            idle.insertNewest(best.page)
        }
        return best
    }

    private mutating func retain(_ page: PageIndex) {
        if referenceCounts[Int(page)] == 0 { idle.remove(page) }
        referenceCounts[Int(page)] += 1
    }

    private mutating func publish(_ page: PageIndex, _ content: Content) {
        pageOfKey[content.key] = page
        successors[content.key.forerunner, default: []].insert(page)
        contents[Int(page)] = content
    }

    private mutating func unpublish(_ page: PageIndex) {
        guard let key = contents[Int(page)]?.key else { return }
        pageOfKey[key] = nil
        successors[key.forerunner]?.remove(page)
        if successors[key.forerunner]?.isEmpty == true { successors[key.forerunner] = nil }
        contents[Int(page)] = nil
        dropScores(of: page)
    }
}

extension PagePool {
    /// What is wrong with the pool's books, nil where they balance. `users` are the page tables of all that hold references.
    package func violation(users: [[PageIndex]]) -> String? {
        var counted = Array(repeating: 0, count: pageCount)
        for page in users.joined() { counted[Int(page)] += 1 }
        let freePages = Set(free)
        guard freePages.count == free.count else { return "a page is free twice" }
        for page in 0..<PageIndex(pageCount) {
            let (isFree, isIdle) = (freePages.contains(page), idle.contains(page))
            let (references, content) = (referenceCounts[Int(page)], contents[Int(page)])
            if references != counted[Int(page)] {
                return "page \(page) has \(references) references and \(counted[Int(page)]) users"
            }
            if [isFree, isIdle, references > 0].count(where: { $0 }) != 1 {
                return "page \(page) is not in exactly one of: free, idle, used"
            }
            if isFree && content != nil { return "page \(page) is free and published" }
            if isFree && !scores[Int(page)].isEmpty { return "page \(page) is free and has scores" }
            if isIdle && content == nil { return "page \(page) is idle and not published" }
            if let content, pageOfKey[content.key] != page { return "page \(page) is not found by its content" }
            if let content, successors[content.key.forerunner]?.contains(page) != true {
                return "page \(page) is not found by what comes before it"
            }
            if let content, content.chain == nil, !isIdle { return "page \(page) is half full, published and used" }
        }
        let followers = successors.values.reduce(0) { $0 + $1.count }
        guard followers == pageOfKey.count else { return "\(followers) pages follow others" }
        guard pageOfKey.count == contents.count(where: { $0 != nil }) else { return "a key has no page" }
        return nil
    }
}
