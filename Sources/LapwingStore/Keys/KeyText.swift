import Crypto
import Foundation
import LapwingAPI

/// What a key's holder sends: `lw-`, 43 random letters and digits (256 bits), and 6 that check them.
///
/// The prefix lets scanners find keys that were left in a file, and the check tells a mistyped one without looking it up.
package enum KeyText {
    static let prefix = "lw-"
    private static let randomCount = 43
    private static let checkCount = 6
    private static let hintCount = 7
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    package static func make(_ random: inout some RandomNumberGenerator) -> Secret {
        let body = letters(randomCount, &random)
        return Secret(prefix + body + check(body))
    }

    /// `count` letters and digits, each as likely as the other.
    static func letters(_ count: Int, _ random: inout some RandomNumberGenerator) -> String {
        String(
            decoding: (0..<count).map { _ in alphabet[Int.random(in: alphabet.indices, using: &random)] },
            as: UTF8.self)
    }

    /// The first characters, of which 43 stay unknown but four.
    static func hint(of secret: Secret) -> String { String(secret.reveal().prefix(hintCount)) }

    /// Whether it is a text that `make` could have made. Tells nothing of which keys there are.
    package static func isWellFormed(_ secret: Secret) -> Bool {
        let text = secret.reveal()
        guard text.utf8.count == prefix.utf8.count + randomCount + checkCount, text.hasPrefix(prefix),
            text.utf8.dropFirst(prefix.utf8.count).allSatisfy(alphabet.contains)
        else { return false }
        return text.hasSuffix(check(String(text.dropFirst(prefix.count).prefix(randomCount))))
    }

    /// 36 bits of the text's SHA-256.
    package static func check(_ body: String) -> String {
        let digest = SHA256.hash(data: Data(body.utf8))
        var number = digest.prefix(5).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        var characters: [UInt8] = []
        for _ in 0..<checkCount {
            characters.append(alphabet[Int(number % UInt64(alphabet.count))])
            number /= UInt64(alphabet.count)
        }
        return String(decoding: characters, as: UTF8.self)
    }
}
