import LapwingAPI

/// Which part of a route's traffic an answer belongs to, as the request's metadata says.
package struct Segment: Hashable, Sendable, Codable {
    package var task: String?
    package var language: String?

    package init(task: String? = nil, language: String? = nil) {
        self.task = task
        self.language = language
    }

    package init(_ context: RequestContext) {
        self.init(task: context.metadata["task"], language: context.metadata["language"])
    }

    /// What offsets are kept under, such as `task=refunds`.
    package var keys: [String] {
        [("task", task), ("language", language)].compactMap { kind, value in value.map { "\(kind)=\($0)" } }
    }
}
