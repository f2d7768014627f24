import CLapwingKernels
import Foundation

/// The kernels a model computes with, taken once at load and passed down.
///
/// `@unchecked Sendable`: the pointer is to a constant table of functions that keep nothing between calls.
package struct KernelTable: @unchecked Sendable {
    package let functions: UnsafePointer<lw_kernels>

    /// The table of that name, else of the environment's `LAPWING_KERNELS`, else the fastest this machine can run.
    package init(named name: String? = nil) throws {
        guard let name = name ?? ProcessInfo.processInfo.environment["LAPWING_KERNELS"], !name.isEmpty else {
            functions = lw_kernels_best()
            return
        }
        guard let found = lw_kernels_named(name) else {
            throw ModelError.kernelsUnavailable(name: name, available: Self.availableNames)
        }
        functions = found
    }

    /// The environment's table, else the fastest: for what belongs to no model.
    static let chosen = (try? KernelTable()) ?? KernelTable(functions: lw_kernels_best())

    private init(functions: UnsafePointer<lw_kernels>) { self.functions = functions }

    package var name: String { String(cString: functions.pointee.name) }

    /// Names of all tables that this machine can run, slowest first.
    package static var availableNames: [String] {
        ["scalar", "avx2", "avx512", "neon", "dotprod", "i8mm"].filter { lw_kernels_named($0) != nil }
    }

    /// All tables that this machine can run, the specification first.
    package static var available: [KernelTable] {
        availableNames.compactMap { lw_kernels_named($0).map(KernelTable.init(functions:)) }
    }
}
