import Dispatch
import Foundation
import Synchronization

/// Runs `body`. The first Ctrl-C meanwhile calls `first` in place of ending the process; the second ends it at once.
func onInterrupt<Value>(
    _ first: @escaping @Sendable () -> Void, during body: () async throws -> Value
) async rethrows -> Value {
    let wasPressed = Mutex(false)
    signal(SIGINT, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
    source.setEventHandler {
        let isSecond = wasPressed.withLock { pressed in
            defer { pressed = true }
            return pressed
        }
        if isSecond { exit(130) }
        first()
    }
    // A Ctrl-C before it is registered would be lost.
    await withCheckedContinuation { continuation in
        source.setRegistrationHandler { continuation.resume() }
        source.resume()
    }
    defer {
        source.cancel()
        signal(SIGINT, SIG_DFL)
    }
    return try await body()
}

/// Runs `body`, and cancels it at the first Ctrl-C, so that it can put the terminal and its files in order.
func cancellingOnInterrupt<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    let task = Task { try await body() }
    return try await onInterrupt(task.cancel) {
        try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }
}
