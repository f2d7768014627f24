import Foundation
import Testing
import lapwing

#if os(Linux)
    @Suite struct ProgramImageTests {
        @Test("The code's pages are given back, and the code runs on") func released() throws {
            let before = try residentKilobytesOfFiles()
            ProgramImage.releasePages()
            let after = try residentKilobytesOfFiles()
            #expect(after < before - 4096, "\(before) kB of files before, \(after) kB after")
        }

        private func residentKilobytesOfFiles() throws -> Int {
            let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("RssFile:") })
            return try #require(line.split(separator: " ").dropLast().last.flatMap { Int($0) })
        }
    }
#endif
