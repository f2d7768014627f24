import Foundation
import HummingbirdCore
import Logging
import NIOCore
import NIOSSL
import Synchronization

/// Where a server's certificate and its key lie, both as PEM.
package struct CertificateFiles: Hashable, Sendable {
    package var certificate: String
    package var key: String

    package init(certificate: String, key: String) {
        (self.certificate, self.key) = (certificate, key)
    }
}

/// Why a certificate cannot be shown.
package enum CertificateError: Error, Equatable, CustomStringConvertible {
    case unreadable(file: String, reason: String)
    /// It is not what it is to be; `expected` is a certificate or a key.
    case malformed(file: String, expected: String)
    case mismatch(certificate: String, key: String)

    package var description: String {
        switch self {
        case .unreadable(let file, let reason): "cannot read '\(file)': \(reason)"
        case .malformed(let file, let expected): "found no \(expected) in '\(file)', expected one in PEM form"
        case .mismatch(let certificate, let key):
            "the key in '\(key)' is not that of the certificate in '\(certificate)', expected the two to belong together"
        }
    }
}

/// A certificate that was read, and found to belong with its key.
package struct Certificate: Sendable {
    fileprivate let context: NIOSSLContext
    /// Seconds since 1970, from which on no client takes it.
    package let endsAt: Int

    /// The file of the certificate may hold those that lead to its root after it. Throws `CertificateError`.
    package init(_ files: CertificateFiles) throws(CertificateError) {
        let certificateBytes = try Self.bytes(files.certificate)
        let keyBytes = try Self.bytes(files.key)
        guard let chain = try? NIOSSLCertificate.fromPEMBytes(certificateBytes), let own = chain.first else {
            throw .malformed(file: files.certificate, expected: "certificate")
        }
        guard let key = try? NIOSSLPrivateKey(bytes: keyBytes, format: .pem) else {
            throw .malformed(file: files.key, expected: "key that is not encrypted")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        do { context = try NIOSSLContext(configuration: configuration) } catch {
            throw .mismatch(certificate: files.certificate, key: files.key)
        }
        endsAt = Int(own.notValidAfter)
    }

    private static let byteLimit = 1 << 20

    private static func bytes(_ file: String) throws(CertificateError) -> [UInt8] {
        guard let handle = FileHandle(forReadingAtPath: file) else {
            let exists = FileManager.default.fileExists(atPath: file)
            throw .unreadable(file: file, reason: exists ? "permission denied" : "there is no such file")
        }
        guard let data = try? handle.read(upToCount: byteLimit) else {
            throw .unreadable(file: file, reason: "it is no file")
        }
        return Array(data)
    }
}

/// The certificate that new connections are shown; those that are there keep theirs.
package final class LiveCertificate: Sendable {
    private let certificate: Mutex<Certificate>

    package init(_ certificate: Certificate) { self.certificate = Mutex(certificate) }

    package func replace(with certificate: Certificate) { self.certificate.withLock { $0 = certificate } }

    fileprivate var context: NIOSSLContext { certificate.withLock { $0.context } }
}

/// Speaks TLS on each connection before it is given to `base`.
struct TLSChannel<Base: ServerChildChannel>: ServerChildChannel {
    let base: Base
    let certificate: LiveCertificate

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: certificate.context))
        }.flatMap {
            base.setup(channel: channel, logger: logger)
        }
    }

    func handle(value: Base.Value, logger: Logger) async { await base.handle(value: value, logger: logger) }
}
