import Foundation
import Testing

/// What the program is installed with.
@Suite struct PackagingTests {
    @Test(
        "systemd takes the unit as it is, and finds it hardened",
        .enabled(
            if: FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze"), "needs systemd-analyze"))
    func unit() throws {
        let folder = try TestFolder()
        let unit = folder.path + "/lapwing.service"
        // Where it is to be installed there is nothing yet.
        try String(contentsOfFile: Resources.file("Packaging/lapwing.service"), encoding: .utf8)
            .replacing("/usr/local/bin/lapwing", with: try Binary.path())
            .write(toFile: unit, atomically: true, encoding: .utf8)
        let verified = try Command.run(["systemd-analyze", "verify", unit])
        #expect(verified.status == 0 && verified.standardError.isEmpty, "\(verified.standardError)")
        let security = try Command.run(
            ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", unit])
        #expect(security.status == 0, "\(security.standardOutput.suffix(200))")
    }
}
