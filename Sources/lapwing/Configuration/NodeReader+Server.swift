import Foundation
import LapwingServer
import Yams

extension NodeReader {
    mutating func server(_ field: Field, folder: URL) -> ServerOptions {
        var server = ServerOptions()
        for (key, field) in fields(of: field, known: ["host", "port", "tls", "limits", "timeouts"]) ?? [] {
            switch key {
            case "host": server.host = host(field) ?? server.host
            case "port": server.port = integer(field, in: 0...65535, "a port") ?? server.port
            case "tls": server.tls = certificate(field, folder: folder)
            case "limits": readLimits(field, into: &server)
            default: readServerTimeouts(field, into: &server)
            }
        }
        return server
    }

    /// Whether the files are there and belong together is found where they are used.
    private mutating func certificate(_ field: Field, folder: URL) -> CertificateFiles? {
        guard let given = fields(of: field, known: ["certificate", "key"]) else { return nil }
        var files: [String: String] = [:]
        for (key, field) in given {
            files[key] = string(field, expected: "the path of a PEM file").map {
                Configuration.absolute($0, in: folder)
            }
        }
        for missing in ["certificate", "key"] where !given.contains(where: { $0.key == missing }) {
            refuse(field, found: "no '\(missing)'", expected: "certificate and key, both paths of PEM files")
        }
        guard let certificate = files["certificate"], let key = files["key"] else { return nil }
        return CertificateFiles(certificate: certificate, key: key)
    }

    static var serverTimeouts: [(key: String, path: WritableKeyPath<ServerOptions, Duration>)] {
        [
            ("head", \.headTimeout), ("body", \.bodyTimeout), ("idle", \.idleTimeout), ("write", \.writeTimeout),
            ("drain", \.drainTimeout),
        ]
    }

    private mutating func readServerTimeouts(_ field: Field, into server: inout ServerOptions) {
        for (key, field) in fields(of: field, known: Self.serverTimeouts.map(\.key)) ?? [] {
            for time in Self.serverTimeouts where time.key == key {
                guard let value = duration(field, in: .seconds(1)...(.seconds(3600))) else { continue }
                server[keyPath: time.path] = value
            }
        }
    }

    /// What may be capped, and within which bounds a cap still makes sense.
    private static var limits: [(key: String, path: WritableKeyPath<ServerOptions, Int>, range: ClosedRange<Int>)] {
        [
            ("body_bytes", \.maxBodyBytes, 1024...1 << 30),
            ("header_bytes", \.maxHeaderBytes, 1024...1 << 20),
            ("prompt_bytes", \.maxPromptBytes, 1...1 << 30),
            ("stop_strings", \.maxStopStrings, 1...1024),
            ("stop_bytes", \.maxStopBytes, 1...65_536),
            ("connections", \.maxConnections, 1...65_536),
        ]
    }

    private mutating func readLimits(_ field: Field, into server: inout ServerOptions) {
        for (key, field) in fields(of: field, known: Self.limits.map(\.key)) ?? [] {
            for limit in Self.limits where limit.key == key {
                guard let value = integer(field, in: limit.range, "a number") else { continue }
                server[keyPath: limit.path] = value
            }
        }
    }

    private mutating func host(_ field: Field) -> String? {
        guard let text = string(field, expected: "an address such as 127.0.0.1") else { return nil }
        guard Self.isAddress(text) || Self.isHostName(text) else {
            refuse(field, found: Self.describe(field.node), expected: "an address such as 127.0.0.1, or a host name")
            return nil
        }
        return text
    }

    private static func isAddress(_ text: String) -> Bool {
        var address = in6_addr()
        return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1
    }

    /// RFC 1123 section 2.1. A name whose last part is a number is an address that is none.
    private static func isHostName(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return text.utf8.count <= 253 && parts.last.map { Int($0) == nil } ?? false
            && parts.allSatisfy { $0.wholeMatch(of: /[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?/) != nil }
    }
}

extension ServerOptions {
    /// `http://[::1]:8080`.
    func address(port: Int) -> String {
        "\(tls == nil ? "http" : "https")://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }
}
