import Foundation
import GRDB
import LapwingAPI

/// Reads entries in order, each with its calls, holding one of them at a time.
struct EntryCursor {
    private let db: Database
    private let entries: RowCursor
    private let calls: RowCursor
    private var nextCall: Row?
    private var names = NameReader()
    private(set) var callCount: Int64 = 0
    /// The number of an entry that has calls and is not among those read, once one has been passed.
    private(set) var strayCall: Int64?

    init(_ db: Database, _ period: Period = Period()) throws {
        self.db = db
        let (first, last) = try Self.ends(of: period, db)
        entries = try Row.fetchCursor(
            db,
            sql: """
                SELECT \(EntryRows.entryColumns) FROM entries NOT INDEXED
                WHERE seq BETWEEN ? AND ? AND started_at >= ? AND started_at < ? ORDER BY seq
                """, arguments: [first, last, period.since ?? .min, period.until ?? .max])
        calls = try Row.fetchCursor(
            db,
            sql: "SELECT \(EntryRows.callColumns) FROM calls WHERE entry BETWEEN ? AND ? ORDER BY entry, ordinal",
            arguments: [first, last])
        nextCall = try calls.next()
    }

    /// The first and the last entry of a period. Entries lie in the order of their ends, so that some between the two may
    /// have begun outside it. Without a period all rows are read, also those that no index knows.
    private static func ends(of period: Period, _ db: Database) throws -> (first: Int64, last: Int64) {
        if period.since == nil, period.until == nil { return (.min, .max) }
        let row = try Row.fetchOne(
            db, sql: "SELECT min(seq), max(seq) FROM entries WHERE started_at >= ? AND started_at < ?",
            arguments: [period.since ?? .min, period.until ?? .max])
        guard let first = row?[0] as Int64?, let last = row?[1] as Int64? else { return (0, -1) }
        return (first, last)
    }

    /// The next entry, or nil after the last; `StoreError.damaged` names an entry that cannot be read.
    mutating func next() throws -> StoredEntry? {
        guard let row = try entries.next() else {
            if let nextCall { strayCall = nextCall[0] }
            return nil
        }
        var fields = FieldReader(row)
        let sequence = try fields.integer()
        do {
            return try stored(sequence, &fields)
        } catch StoreError.damaged(_, let reason) {
            throw StoreError.damaged(sequence: sequence, reason: reason)
        } catch let error as DatabaseError {
            throw StoreError.damaged(sequence: sequence, reason: error.message ?? error.resultCode.description)
        }
    }

    private mutating func stored(_ sequence: Int64, _ fields: inout FieldReader) throws -> StoredEntry {
        var context = RequestContext(requestID: try fields.text())
        let startedAt = try fields.integer()
        let endpoint = try name(&fields)
        let route = try name(&fields)
        let model = try name(&fields)
        context.tenant = try name(&fields)
        context.keyID = try optionalName(&fields)
        context.tier = try name(&fields)
        context.user = try optionalName(&fields)
        if let bytes = try fields.optionalBytes() {
            var reader = CanonicalReader(bytes)
            context.metadata = try reader.metadata()
            guard reader.isAtEnd, !context.metadata.isEmpty else { throw FieldReader.wrong("metadata") }
        }
        var entry = LedgerEntry(
            LedgerRequest(
                context, startedAt: startedAt, endpoint: endpoint, route: route, model: model,
                stream: try fields.boolean()),
            status: .lost, endedAt: 0, decision: nil, calls: [], latencyMilliseconds: nil)
        try readOutcome(into: &entry, &fields)
        let hash = try fields.bytes()
        entry.reserved = try fields.optionalInteger().map(NanoUSD.init)
        entry.cached = try cachedAnswer(&fields)
        entry.calls = try takeCalls(of: sequence)
        return StoredEntry(sequence: sequence, hash: hash, entry: entry)
    }

    private func cachedAnswer(_ fields: inout FieldReader) throws -> CachedAnswer? {
        let requestID = try fields.optionalText()
        let spared = try fields.optionalInteger().map(NanoUSD.init)
        guard let requestID else {
            if spared != nil { throw FieldReader.wrong("cached answer") }
            return nil
        }
        return CachedAnswer(requestID: requestID, spared: spared)
    }

    private mutating func readOutcome(into entry: inout LedgerEntry, _ fields: inout FieldReader) throws {
        entry.kind = try name(&fields)
        entry.parent = try fields.optionalText()
        entry.status = try word(name(&fields))
        entry.endedAt = try fields.integer()
        entry.decision = try optionalName(&fields).map { try word($0) }
        let probability = try fields.optionalReal()
        let calibrator = try optionalName(&fields)
        let isCalibrated = try fields.optionalBoolean()
        switch (probability, calibrator, isCalibrated) {
        case (let probability?, let calibrator?, let isCalibrated?):
            entry.confidence = Confidence(
                probability: probability, calibrator: calibrator, isCalibrated: isCalibrated)
        case (nil, nil, nil): break
        default: throw FieldReader.wrong("confidence")
        }
        entry.threshold = try fields.optionalReal()
        entry.escalation = try optionalName(&fields)
        let model = try optionalName(&fields)
        let cost = try fields.optionalInteger()
        let low = try fields.optionalInteger()
        let high = try fields.optionalInteger()
        let isEstimated = try fields.optionalBoolean()
        switch (model, cost, low, high, isEstimated) {
        case (let model?, let cost?, let low?, let high?, let isEstimated?):
            entry.counterfactual = Counterfactual(
                model: model, cost: NanoUSD(cost), low: NanoUSD(low), high: NanoUSD(high), isEstimated: isEstimated)
        case (nil, nil, nil, nil, nil): break
        default: throw FieldReader.wrong("counterfactual")
        }
        entry.errorCode = try optionalName(&fields)
        entry.latencyMilliseconds = try fields.optionalInteger()
        entry.firstTokenMilliseconds = try fields.optionalInteger()
    }

    private mutating func takeCalls(of sequence: Int64) throws -> [CallReceipt] {
        var taken: [CallReceipt] = []
        while let row = nextCall {
            var fields = FieldReader(row)
            let entry = try fields.integer()
            if entry > sequence { break }
            if entry < sequence { strayCall = entry }
            let ordinal = try fields.integer()
            guard entry < sequence || ordinal == Int64(taken.count) else { throw FieldReader.wrong("order of calls") }
            if entry == sequence { taken.append(try call(&fields)) }
            callCount += 1
            nextCall = try calls.next()
        }
        return taken
    }

    private mutating func call(_ fields: inout FieldReader) throws -> CallReceipt {
        CallReceipt(
            model: try name(&fields), side: try word(name(&fields)), role: try word(name(&fields)),
            usage: Usage(
                promptTokens: Int(try fields.integer()), cachedPromptTokens: Int(try fields.integer()),
                completionTokens: Int(try fields.integer()), computeNanoseconds: try fields.optionalInteger(),
                isEstimated: try fields.boolean()),
            cost: try fields.optionalInteger().map(NanoUSD.init), priceSource: try optionalName(&fields),
            latencyMilliseconds: try fields.integer(), firstTokenMilliseconds: try fields.optionalInteger(),
            failure: try optionalName(&fields), endpoint: try optionalName(&fields))
    }

    private mutating func name(_ fields: inout FieldReader) throws -> String {
        try names.text(of: fields.integer(), db)
    }

    private mutating func optionalName(_ fields: inout FieldReader) throws -> String? {
        try fields.optionalInteger().map { try names.text(of: $0, db) }
    }

    private func word<Word: RawRepresentable<String>>(_ text: String) throws -> Word {
        guard let word = Word(rawValue: text) else { throw FieldReader.wrong("\(Word.self) '\(text)'") }
        return word
    }
}

/// Takes a row's columns from left to right, each in its own storage class and in no other.
///
/// GRDB's and SQLite's conversions would read a text as 0 and so hide a changed byte.
struct FieldReader {
    private let row: Row
    private var column = 0

    init(_ row: Row) { self.row = row }

    static func wrong(_ what: String) -> StoreError { .damaged(sequence: nil, reason: "its \(what) is not as written") }

    private mutating func next() -> DatabaseValue.Storage {
        defer { column += 1 }
        return (row[column] as DatabaseValue).storage
    }

    private var mismatch: StoreError { Self.wrong("column \(column)") }

    mutating func optionalInteger() throws -> Int64? {
        switch next() {
        case .int64(let value): value
        case .null: nil
        default: throw mismatch
        }
    }

    mutating func integer() throws -> Int64 { try required(optionalInteger()) }

    mutating func optionalBoolean() throws -> Bool? {
        switch try optionalInteger() {
        case 0: false
        case 1: true
        case nil: nil
        default: throw mismatch
        }
    }

    mutating func boolean() throws -> Bool { try required(optionalBoolean()) }

    mutating func optionalReal() throws -> Double? {
        switch next() {
        case .double(let value): value
        case .null: nil
        default: throw mismatch
        }
    }

    mutating func optionalBytes() throws -> [UInt8]? {
        switch next() {
        case .blob(let data): [UInt8](data)
        case .null: nil
        default: throw mismatch
        }
    }

    mutating func bytes() throws -> [UInt8] { try required(optionalBytes()) }

    mutating func optionalText() throws -> String? {
        guard let bytes = try optionalBytes() else { return nil }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw mismatch }
        return text
    }

    mutating func text() throws -> String { try required(optionalText()) }

    private func required<T>(_ value: T?) throws -> T {
        guard let value else { throw mismatch }
        return value
    }
}
