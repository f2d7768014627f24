// swift-format-ignore-file: AlwaysUseLowerCamelCase
// The cases bear the names that files are known by, which have underscores.

/// What a whole file can be quantised to: a tensor type for most matrices, and in the K types a choice of how many get a
/// better one (`_s` few, `_m` some, `_l` many).
package enum QuantizationType: String, Sendable, CaseIterable {
    case f32
    case f16
    case bf16
    case q8_0
    case q6_k
    case q5_k_m
    case q5_k_s
    case q5_1
    case q5_0
    case q4_k_m
    case q4_k_s
    case q4_1
    case q4_0
    case iq4_nl
    case iq4_xs
    case q3_k_l
    case q3_k_m
    case q3_k_s
    case q2_k
}

extension QuantizationType {
    /// The type of matrices that no rule gives another one.
    package var tensorType: TensorType { format.tensor }

    /// The number of `general.file_type`.
    package var fileType: UInt32 { format.file }

    private var format: (tensor: TensorType, file: UInt32) {
        switch self {
        case .f32: (.f32, 0)
        case .f16: (.f16, 1)
        case .q4_0: (.q4_0, 2)
        case .q4_1: (.q4_1, 3)
        case .q8_0: (.q8_0, 7)
        case .q5_0: (.q5_0, 8)
        case .q5_1: (.q5_1, 9)
        case .q2_k: (.q2_K, 10)
        case .q3_k_s: (.q3_K, 11)
        case .q3_k_m: (.q3_K, 12)
        case .q3_k_l: (.q3_K, 13)
        case .q4_k_s: (.q4_K, 14)
        case .q4_k_m: (.q4_K, 15)
        case .q5_k_s: (.q5_K, 16)
        case .q5_k_m: (.q5_K, 17)
        case .q6_k: (.q6_K, 18)
        case .iq4_nl: (.iq4_nl, 25)
        case .iq4_xs: (.iq4_xs, 30)
        case .bf16: (.bf16, 32)
        }
    }
}

extension TensorType {
    /// Stored as floats of some width, so that nothing is lost yet.
    package var isFloat: Bool { [.f32, .f16, .bf16].contains(self) }
}
