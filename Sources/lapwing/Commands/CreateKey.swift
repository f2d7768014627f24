import ArgumentParser
import Foundation
import LapwingAPI
import LapwingStore

/// `lapwing keys create`.
struct CreateKey: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a key, and print it once.",
        discussion: """
            The key goes to standard output and is kept nowhere: what is stored cannot be turned back into it. Without a limit \
            there is none. Budgets are by days and months of UTC, and hold what a request may cost at most before it is sent \
            anywhere.

              lapwing keys create support-bot --tier enterprise --routes support --budget-day 5 --budget-month 100
              lapwing keys create batch --requests-per-minute 60 --tokens-per-minute 100000 --concurrent 4 --expires 90d
              lapwing keys create ops --admin
            """)

    @OptionGroup var options: ConfigurationOptions
    @Argument(help: "What to call it, for people.") var name: String
    @Option(help: "The class of customers; routes say which tiers escalate.") var tier = "default"
    @Option(help: "Whose requests they are; with --admin, whose keys it sees.") var tenant: String?
    @Option(help: "A label that every request gets as `project`.") var project: String?
    @Option(
        help: ArgumentHelp(
            "The routes and models that it is for, between commas; all where left out.", valueName: "names"))
    var routes: String?
    @Option(help: "When it ends: 2027-01-31, 2027-01-31T08:00:00Z, or 24h, 90d from now.") var expires: LaterTime?
    @Option(help: "Most requests a minute.") var requestsPerMinute: Int?
    @Option(help: "Most tokens a minute, read and written.") var tokensPerMinute: Int?
    @Option(help: "Most requests at once.") var concurrent: Int?
    @Option(help: "Most US dollars a day.") var budgetDay: Dollars?
    @Option(help: "Most US dollars a month.") var budgetMonth: Dollars?
    @Flag(help: "An administrator's key: it makes and revokes keys over HTTP and sends no requests to models.")
    var admin = false
    @Flag(help: "Print one JSON object.") var json = false

    func run() throws {
        let configuration = try options.load()
        var draft = KeyDraft(name: name)
        draft.role = admin ? .admin : .client
        (draft.tier, draft.tenant, draft.project) = (tier, tenant, project)
        draft.routes = routes.map {
            $0.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        }
        draft.expiresAt = expires?.milliseconds
        draft.limits.requestsPerMinute = requestsPerMinute
        draft.limits.tokensPerMinute = tokensPerMinute
        draft.limits.concurrentRequests = concurrent
        draft.limits.dailyBudget = budgetDay?.amount
        draft.limits.monthlyBudget = budgetMonth?.amount
        try draft.check(known: configuration.names)
        try configuration.makeDataFolder()
        try tell(KeyStore(folder: configuration.dataFolder).create(draft, at: KeyClock.now()), json: json)
    }
}

/// Money as it is typed: `5`, `12.50`.
struct Dollars: ExpressibleByArgument {
    let amount: NanoUSD

    init?(argument: String) {
        guard let amount = NanoUSD(dollars: argument), amount > .zero else { return nil }
        self.amount = amount
    }
}

/// A moment to come as it is typed: a day (its beginning in UTC), an ISO 8601 time, or how far ahead.
struct LaterTime: ExpressibleByArgument {
    /// Since 1970.
    let milliseconds: Int64

    init?(argument: String) { self.init(argument, now: Date()) }

    init?(_ text: String, now: Date) {
        guard let point = TimePoint(text, now: now) else { return nil }
        let present = Int64((now.timeIntervalSince1970 * 1000).rounded())
        let isSpan = text.wholeMatch(of: /[0-9]+[mhdw]/) != nil
        milliseconds = isSpan ? present + (present - point.milliseconds) : point.milliseconds
        guard milliseconds > present else { return nil }
    }
}
