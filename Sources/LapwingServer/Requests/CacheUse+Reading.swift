import HTTPTypes
import LapwingAPI

extension CacheUse {
    /// What `cache-control` says (RFC 9111, section 5.2.1); directives that are not named here change nothing.
    init(_ headers: HTTPFields) {
        let directives = headers[values: .cacheControl].flatMap { $0.split(separator: ",") }.map {
            $0.trimmingWhitespace().lowercased()
        }
        if directives.contains("no-store") {
            self = .forbidden
        } else if directives.contains("no-cache") || directives.contains("max-age=0") {
            self = .refreshed
        } else {
            self = .allowed
        }
    }
}

extension Substring {
    fileprivate func trimmingWhitespace() -> Substring {
        let start = drop { $0 == " " || $0 == "\t" }
        guard let end = start.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return start }
        return start[...end]
    }
}
