import AsyncHTTPClient
import Foundation
import LapwingTestSupport
import NIOCore
import NIOSSL
import Testing

/// The program behind a certificate of its own.
@Suite(
    .serialized, .timeLimit(.minutes(2)),
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl"), "needs openssl"))
struct TLSTests {
    private let folder: TestFolder
    private let model: WrittenModel

    init() throws {
        folder = try TestFolder()
        model = try TinyModel().write()
        try folder.configure(model: model.path, name: "tiny", context: 512)
        let yaml = try String(contentsOfFile: folder.configuration, encoding: .utf8)
        try yaml.replacing("port: 8080", with: "port: 8080, tls: { certificate: cert.pem, key: key.pem }").write(
            toFile: folder.configuration, atomically: true, encoding: .utf8)
    }

    /// Makes a certificate of its own authority for 127.0.0.1, and gives it back as a client trusts it.
    private func makeCertificate(_ name: String = "cert.pem", key: String = "key.pem") throws -> [NIOSSLCertificate] {
        let made = try Command.run([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "2", "-subj", "/CN=\(UUID().uuidString)", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
            folder.path + "/" + key, "-out", folder.path + "/" + name,
        ])
        #expect(made.status == 0, "\(made.standardError)")
        return try NIOSSLCertificate.fromPEMFile(folder.path + "/" + name)
    }

    /// Whether a client that trusts these alone is answered.
    private func isAnswered(_ url: String, trusting roots: [NIOSSLCertificate]) async throws -> Bool {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .certificates(roots)
        let client = HTTPClient(configuration: HTTPClient.Configuration(tlsConfiguration: tls))
        let response = try? await client.execute(HTTPClientRequest(url: url + "/v1/models"), timeout: .seconds(10))
        var text = ""
        if let response { text = String(buffer: try await response.body.collect(upTo: 1 << 16)) }
        try await client.shutdown()
        return text.contains("tiny")
    }

    @Test("A client that trusts the certificate is answered, another is not, and nothing is said in the clear")
    func answers() async throws {
        let (own, other) = (try makeCertificate(), try makeCertificate("other.pem", key: "other.key"))
        let server = try ServerProcess.start(in: folder)
        #expect(server.baseURL.hasPrefix("https://127.0.0.1:"))
        #expect(try await isAnswered(server.baseURL, trusting: own))
        #expect(try await !isAnswered(server.baseURL, trusting: other))
        #expect(try await !isAnswered(server.baseURL.replacing("https", with: "http"), trusting: own))
        #expect(server.stop() == 0)
        withExtendedLifetime(model) {}
    }

    @Test(
        "SIGHUP shows the new certificate to new connections; one that does not fit its key is refused and the old one shown"
    )
    func renews() async throws {
        let first = try makeCertificate()
        let server = try ServerProcess.start(in: folder)
        let second = try makeCertificate()
        server.hangUp()
        try await eventually("the second is shown") { try await isAnswered(server.baseURL, trusting: second) }
        #expect(try await !isAnswered(server.baseURL, trusting: first))
        _ = try makeCertificate("cert.pem", key: "unused.pem")
        server.hangUp()
        let log = folder.log
        try await eventually("the third is refused") {
            try String(contentsOfFile: log, encoding: .utf8).contains("expected the two to belong together")
        }
        #expect(try await isAnswered(server.baseURL, trusting: second))
        #expect(server.stop() == 0)
        withExtendedLifetime(model) {}
    }

    @Test("What cannot be shown is refused by `check` and at the start, with the file and why")
    func refused() throws {
        func refusal() throws -> String {
            let check = try Binary.run("check", "--config", folder.configuration)
            #expect(check.status == 1)
            #expect(throws: ServerProcess.StartFailure.self) { _ = try ServerProcess.start(in: folder) }
            return check.standardError
        }
        #expect(try refusal().contains("server.tls: cannot read '\(folder.path)/cert.pem': there is no such file"))
        _ = try makeCertificate()
        try "nothing".write(toFile: folder.path + "/key.pem", atomically: true, encoding: .utf8)
        #expect(try refusal().contains("found no key that is not encrypted in '\(folder.path)/key.pem'"))
        _ = try makeCertificate("other.pem")
        #expect(try refusal().contains("expected the two to belong together"))
        try FileManager.default.removeItem(atPath: folder.path + "/cert.pem")
        try FileManager.default.copyItem(atPath: folder.path + "/key.pem", toPath: folder.path + "/cert.pem")
        #expect(try refusal().contains("found no certificate in '\(folder.path)/cert.pem'"))
    }
}
