import Foundation

/// A folder with `config.json` and safetensors files, told as a GGUF file would tell it.
struct HuggingFaceFolder {
    let path: String

    init(_ path: String) { self.path = path }

    /// The folder that a path names, itself or by one of its files; nil for a path that is that of a GGUF file.
    static func folder(of path: String) -> String? {
        let url = URL(filePath: path).standardized
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue { return url.path }
        let isOfFolder = path.hasSuffix(".safetensors") || path.hasSuffix(".json")
        return isOfFolder ? url.deletingLastPathComponent().path : nil
    }

    func contents(_ form: HuggingFaceForm) throws(WeightsError) -> ModelContents {
        let config = try HuggingFaceConfiguration(folder: path)
        let family: HuggingFaceFamily
        var model: HuggingFaceDescription
        do {
            family = try HuggingFaceFamily(of: config)
            model = HuggingFaceDescription(
                config, architecture: family.architecture, name: URL(filePath: path).lastPathComponent)
            try family.describe(&model)
            switch form {
            // The rows stay where they lie, and the rotation is told to be another.
            case .running: if family.interleavesHeads { model.setPlain("lapwing.rope.style", "half") }
            case .file: try model.checkActivation(isSilu: family.usesSilu)
            }
        } catch {
            throw .inFile(name: HuggingFaceConfiguration.fileName, error)
        }
        if family.modelType == "bert" { try HuggingFacePooling(folder: path).add(to: &model) }
        let weights = try SafetensorsFiles(folder: path)
        var tensors = HuggingFaceTensors(family, model, form, files: weights.files)
        for (_, (entry, file, start)) in weights.tensors.sorted(by: { $0.key < $1.key }) {
            do { try tensors.add(entry, start: start) } catch { throw .inFile(name: file, error) }
        }
        return try tensors.contents(folder: path)
    }
}

/// For what a folder's tensors are put together.
enum HuggingFaceForm {
    /// To be run: most tensors are bytes of the folder's files.
    case running
    /// To be written as a GGUF file: the tensors that llama.cpp's converter would make, in the order of rows and the types
    /// that llama.cpp needs.
    case file
}
