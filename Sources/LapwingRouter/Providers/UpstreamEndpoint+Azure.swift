import Foundation

extension UpstreamEndpoint {
    /// A deployment of Azure OpenAI. `url` is the resource's address, such as `https://me.openai.azure.com`; without `version`
    /// its newer API is meant, which has none, and which takes the deployment for the model.
    package init(
        azure url: String, deployment: String, version: String?, key: String?, model: String
    ) throws(RouterError) {
        let form = UpstreamKey.Form.header("api-key")
        guard let version else {
            try self.init(url: url, path: "/openai/v1", key: key, form: form, model: model)
            return
        }
        let name = deployment.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(["-", "_", "."])) ?? ""
        try self.init(
            url: url, path: "/openai/deployments/" + name, query: "?api-version=" + version, key: key, form: form,
            model: model)
    }
}
