import Foundation
import LapwingTestSupport

extension ArchitectureFixture {
    /// The folder that transformers would save, with weights in F32.
    func writeFolder() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for (name, text) in files {
            let parent = URL(filePath: "\(folder.path)/\(name)").deletingLastPathComponent()
            try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
            _ = try folder.write(Array(text.utf8), to: name)
        }
        let values = values()
        var writer = SafetensorsWriter()
        for tensor in tensors { writer.add(tensor.name, shape: tensor.shape, values[tensor.name] ?? []) }
        _ = try folder.write(writer.bytes(), to: "model.safetensors")
        return folder
    }
}
