import LapwingAPI

extension Feedback {
    private static let mostIDBytes = 512
    private static let mostCorrectionBytes = 64 << 10
    private static let mostCommentBytes = 4 << 10

    /// Reads the body of `POST /v1/feedback`.
    init(_ reader: inout FieldReader) throws(RequestError) {
        self.init(requestID: Self.requestID(try reader.requiredString("request_id", atMost: Self.mostIDBytes)))
        right = try Self.outcome(&reader)
        score = try reader.number("score", in: 0...1)
        correction = try reader.string("correction", atMost: Self.mostCorrectionBytes)
        comment = try reader.string("comment", atMost: Self.mostCommentBytes)
        guard right != nil || score != nil || correction != nil else {
            throw reader.missing("outcome", expected: "'right' or 'wrong', or a 'score' or a 'correction' in its place")
        }
    }

    private static func outcome(_ reader: inout FieldReader) throws(RequestError) -> Bool? {
        switch try reader.string("outcome") {
        case nil: return nil
        case "right"?: return true
        case "wrong"?: return false
        case let other?:
            throw .invalid(
                field: reader.pathOf("outcome"), found: "a string of \(other.utf8.count) bytes",
                expected: "'right' or 'wrong'")
        }
    }

    /// The name that the ledger has for it: an answer's own `id` is the same but for what it begins with.
    private static func requestID(_ given: String) -> String {
        for prefix in ["chatcmpl-", "cmpl-"] where given.hasPrefix(prefix) {
            return RequestIDGenerator.prefix + given.dropFirst(prefix.count)
        }
        return given
    }
}
