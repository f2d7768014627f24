/// Tells languages apart by their script, and where several share one by letters and words that only one of them has.
///
/// Far simpler than a trained detector, and enough for whole answers of some sentences.
enum LanguageGuess {
    /// Whether a text is in a language, by its ISO 639-1 code. A text without letters counts as any.
    static func mayBe(_ code: String, _ text: String) -> Bool {
        guard let guess = guess(text) else { return true }
        return guess == code
    }

    static func guess(_ text: String) -> String? {
        var counts: [Script: Int] = [:]
        for scalar in text.unicodeScalars where scalar.properties.isAlphabetic {
            counts[Script(scalar), default: 0] += 1
        }
        guard let script = counts.max(by: { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) })?.key else {
            return nil
        }
        let lowered = text.lowercased()
        switch script {
        case .latin: return byWords(lowered, latinWords) ?? "en"
        case .cyrillic:
            if lowered.contains(where: "ыэё".contains) { return "ru" }
            return byWords(lowered, ["ru": ["и", "не", "что", "как"], "bg": ["е", "се", "да", "са", "от"]]) ?? "ru"
        case .arabic:
            if lowered.contains(where: "ٹڈڑےں".contains) { return "ur" }
            return lowered.contains(where: "پچژگ".contains) ? "fa" : "ar"
        case .devanagari:
            return byWords(
                lowered,
                [
                    "hi": ["है", "और", "के", "में", "की"], "mr": ["आहे", "आणि", "च्या", "आहेत"],
                    "ne": ["छ", "र", "को", "गर्न", "हुन्छ"],
                ]) ?? "hi"
        default: return script.rawValue
        }
    }

    private static func byWords(_ text: String, _ languages: [String: Set<String>]) -> String? {
        let words = text.split { $0.isWhitespace || $0.isPunctuation }.map(String.init)
        let counts = languages.mapValues { known in words.count { known.contains($0) } }
        guard let best = counts.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }), best.value > 0 else { return nil }
        return best.key
    }

    /// The commonest words of each.
    private static let latinWords: [String: Set<String>] = [
        "en": ["the", "and", "of", "to", "is", "in", "that", "it", "for", "you", "with", "are", "this", "i"],
        "de": ["der", "die", "und", "das", "ist", "nicht", "ein", "eine", "mit", "den", "zu", "ich", "sie", "auf"],
        "fr": ["le", "la", "les", "et", "des", "est", "une", "dans", "que", "pour", "vous", "je", "du", "pas"],
        "es": ["el", "la", "los", "y", "es", "que", "en", "una", "por", "con", "para", "las", "del"],
        "it": ["il", "di", "che", "la", "è", "per", "un", "una", "non", "con", "sono", "della", "gli"],
        "pt": ["o", "os", "e", "que", "não", "uma", "um", "com", "para", "do", "da", "em", "você", "é"],
        "fi": ["ja", "on", "ei", "se", "että", "hän", "oli", "mutta", "myös", "kun", "voi", "joka"],
        "sw": ["na", "ya", "wa", "kwa", "ni", "katika", "za", "la", "kuwa", "hii", "yako", "cha"],
        "vi": ["và", "của", "là", "có", "không", "cho", "một", "trong", "được", "với", "những", "các"],
        "nl": ["de", "het", "een", "en", "van", "niet", "dat", "met", "voor", "zijn"],
    ]

    /// Named by the only language here that it writes, or by itself.
    private enum Script: String {
        case latin, cyrillic, arabic, devanagari
        case korean = "ko"
        case thai = "th"
        case bengali = "bn"
        case punjabi = "pa"
        case gujarati = "gu"
        case tamil = "ta"
        case telugu = "te"
        case kannada = "kn"
        case chinese = "zh"
        case japanese = "ja"
        case greek = "el"
        case hebrew = "he"
        case other

        /// By Unicode's blocks.
        init(_ scalar: Unicode.Scalar) {
            self =
                switch scalar.value {
                case 0x41...0x24F, 0x1E00...0x1EFF: .latin
                case 0x370...0x3FF: .greek
                case 0x400...0x52F: .cyrillic
                case 0x590...0x5FF: .hebrew
                case 0x600...0x6FF, 0x750...0x77F, 0xFB50...0xFDFF, 0xFE70...0xFEFF: .arabic
                case 0x900...0x97F: .devanagari
                case 0x980...0x9FF: .bengali
                case 0xA00...0xA7F: .punjabi
                case 0xA80...0xAFF: .gujarati
                case 0xB80...0xBFF: .tamil
                case 0xC00...0xC7F: .telugu
                case 0xC80...0xCFF: .kannada
                case 0xE00...0xE7F: .thai
                case 0x3040...0x30FF: .japanese
                case 0x4E00...0x9FFF: .chinese
                case 0x1100...0x11FF, 0xAC00...0xD7AF: .korean
                default: .other
                }
        }
    }
}
