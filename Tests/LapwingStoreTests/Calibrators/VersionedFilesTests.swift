import Foundation
import LapwingStore
import LapwingTestSupport
import Testing

@Suite("Versioned files")
struct VersionedFilesTests {
    private struct Value: Codable, Equatable {
        var version: Int
        var text: String
    }

    private let folder: TemporaryFolder
    private let files: VersionedFiles

    init() throws {
        folder = try TemporaryFolder()
        files = VersionedFiles(folder: folder.path + "/calibrators")
    }

    @Test("Each write is a version of its own, and the newest is read, also past nine")
    func versions() throws {
        for number in 1...11 {
            let path = try files.write("a") { Value(version: $0, text: "\(number)") }
            #expect(path == files.path("a", version: number))
        }
        try files.write("a-v2") { Value(version: $0, text: "other") }
        #expect(try files.newest("a", as: Value.self) == Value(version: 11, text: "11"))
        #expect(files.versions(of: "a") == Array(1...11) && files.versions(of: "a-v2") == [1])
    }

    @Test("What is not there, or is not what it should be, is said with its path")
    func refused() throws {
        #expect(throws: StoreError.cannotOpen(path: files.path("b", version: 1), reason: "there is no version of 'b'"))
        {
            try files.newest("b", as: Value.self)
        }
        try files.write("b") { _ in ["version": 1] }
        #expect(
            throws: StoreError.cannotOpen(
                path: files.path("b", version: 1), reason: "it is not what was expected: has no 'text'")
        ) { try files.newest("b", as: Value.self) }
    }
}
