/// A set of small integers in the order of their last use; every operation takes constant time.
///
/// A doubly linked list threaded through two arrays, so that taking one out of the middle moves nothing.
struct RecencyList {
    /// The slot past the last element is the list's head: its `next` is the oldest, its `previous` the newest.
    private var previous: [Int32]
    private var next: [Int32]
    private let head: Int32
    private(set) var count = 0

    init(capacity: Int) {
        head = Int32(capacity)
        previous = Array(0...head)
        next = Array(0...head)
    }

    var oldest: Int32? { count == 0 ? nil : next[Int(head)] }

    /// An element points at itself while it is outside.
    func contains(_ element: Int32) -> Bool { next[Int(element)] != element }

    mutating func insertNewest(_ element: Int32) { insert(element, after: previous[Int(head)]) }

    mutating func insertOldest(_ element: Int32) { insert(element, after: head) }

    mutating func remove(_ element: Int32) {
        precondition(contains(element), "element \(element) is not in the list")
        let (before, after) = (previous[Int(element)], next[Int(element)])
        next[Int(before)] = after
        previous[Int(after)] = before
        next[Int(element)] = element
        previous[Int(element)] = element
        count -= 1
    }

    private mutating func insert(_ element: Int32, after before: Int32) {
        precondition(!contains(element), "element \(element) is in the list already")
        let after = next[Int(before)]
        previous[Int(element)] = before
        next[Int(element)] = after
        next[Int(before)] = element
        previous[Int(after)] = element
        count += 1
    }
}
