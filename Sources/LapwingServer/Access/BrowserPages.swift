import HTTPTypes
import LapwingAPI

/// Keeps web pages from spending in the name of whoever looks at them. A browser sends a page's requests to this machine too,
/// and its `Origin` says whose page it is; a name of somebody's that leads here, which makes the page's origin ours, is seen
/// in `Host`. Who has a key is asked for neither.
package enum BrowserPages {
    /// Throws `permissionDenied` for a request without a key that does not come from this machine's own programs and pages.
    package static func check(_ request: HTTPRequest) throws(RequestError) {
        if let authority = request.authority, !isLoopback(authority[...]) {
            throw .permissionDenied(
                reason: "a request without a key must name this machine as its host, such as 127.0.0.1")
        }
        for origin in request.headerFields[values: .origin] {
            guard let start = origin.firstRange(of: "://")?.upperBound, isLoopback(origin[start...]) else {
                throw .permissionDenied(reason: "pages of other sites need a key")
            }
        }
    }

    /// Of a host with or without its port.
    private static func isLoopback(_ authority: Substring) -> Bool {
        let host =
            authority.hasPrefix("[")
            ? authority.prefix { $0 != "]" }.dropFirst() : authority.prefix { $0 != ":" }
        let isAddress = host.hasPrefix("127.") && host.allSatisfy { $0.isASCII && ($0.isNumber || $0 == ".") }
        return host.lowercased() == "localhost" || host == "::1" || isAddress
    }
}
