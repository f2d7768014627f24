// Norms, rotations, activations and scans, four lanes at a time and in the scalar table's order.

#if defined(__aarch64__)

#include "../scalar/scalar.h"
#include "neon.h"

#pragma STDC FP_CONTRACT OFF

LW_INLINE float block_magnitude(const float *x) {
    uint32x4_t greatest = vdupq_n_u32(0);
    LW_UNROLL for (int j = 0; j < 8; j++)
        greatest = vmaxq_u32(greatest, vreinterpretq_u32_f32(vabsq_f32(vld1q_f32(x + 4 * j))));
    return lw_float_of_bits(vmaxvq_u32(greatest));
}

/// Stores 32 whole numbers as bytes, and the sums of both halves of them.
LW_INLINE void store_quants(const int32x4_t quants[8], lw_q8_block *block) {
    LW_UNROLL for (int half = 0; half < 2; half++) {
        const int32x4_t *some = quants + 4 * half;
        block->sums[half] = (int16_t)vaddvq_s32(vaddq_s32(vaddq_s32(some[0], some[1]), vaddq_s32(some[2], some[3])));
        LW_UNROLL for (int j = 0; j < 4; j += 2) {
            const int16x8_t words = vcombine_s16(vqmovn_s32(some[j]), vqmovn_s32(some[j + 1]));
            vst1_s8(block->quants + 16 * half + 4 * j, vqmovn_s16(words));
        }
    }
    block->sum = (float)(block->sums[0] + block->sums[1]);
}

void lw_neon_quantize(const float *restrict x, lw_q8_block *restrict blocks, lw_q8_block *restrict remainders,
                      uint64_t *restrict marks, size_t count) {
    float total = 0;
    for (size_t b = 0; b < count; b++) {
        // The magnitude waits in the block for the second pass.
        blocks[b].scale = block_magnitude(x + b * LW_BLOCK_LENGTH);
        total += blocks[b].scale;
    }
    for (size_t word = 0; word < LW_MARK_WORDS(count); word++) marks[word] = 0;
    const float limit = total / (float)count * LW_REMAINDER_RATIO;
    for (size_t b = 0; b < count; b++, x += LW_BLOCK_LENGTH) {
        const float magnitude = blocks[b].scale;
        remainders[b].scale = remainders[b].sum = 0;
        remainders[b].sums[0] = remainders[b].sums[1] = 0;
        if (!(magnitude < INFINITY) || magnitude < LW_TINY) {
            lw_scalar_quantize_block(x, magnitude, blocks + b, NULL);
            continue;
        }
        const float32x4_t inverse = vdupq_n_f32(127.0f / magnitude);
        float32x4_t scaled[8];
        int32x4_t quants[8];
        LW_UNROLL for (int j = 0; j < 8; j++) {
            scaled[j] = vmulq_f32(vld1q_f32(x + 4 * j), inverse);
            quants[j] = vcvtnq_s32_f32(scaled[j]);
        }
        store_quants(quants, blocks + b);
        blocks[b].scale = magnitude / 127.0f;
        if (!(magnitude > limit)) continue;
        marks[b / 64] |= (uint64_t)1 << b % 64;
        LW_UNROLL for (int j = 0; j < 8; j++) {
            const float32x4_t rest = vmulq_f32(vsubq_f32(scaled[j], vcvtq_f32_s32(quants[j])), vdupq_n_f32(256.0f));
            const float32x4_t held = vmaxnmq_f32(vminnmq_f32(rest, vdupq_n_f32(127.0f)), vdupq_n_f32(-127.0f));
            quants[j] = vcvtnq_s32_f32(held);
        }
        store_quants(quants, remainders + b);
        remainders[b].scale = blocks[b].scale / 256.0f;
    }
}

void lw_neon_rms_norm(const float *restrict x, const float *restrict weight, float epsilon, float *restrict y,
                      size_t count) {
    if (count % LW_LANES != 0) {
        lw_scalar_rms_norm(x, weight, epsilon, y, count);
        return;
    }
    float32x4_t sums[8];
    LW_UNROLL for (int j = 0; j < 8; j++) sums[j] = vdupq_n_f32(0);
    for (size_t i = 0; i < count; i += LW_LANES)
        LW_UNROLL for (int j = 0; j < 8; j++) {
            const float32x4_t values = vld1q_f32(x + i + 4 * j);
            sums[j] = vfmaq_f32(sums[j], values, values);
        }
    const float mean = lw_fold_neon(sums) / (float)count;
    const float32x4_t factor = vdupq_n_f32(1.0f / sqrtf(mean + epsilon));
    for (size_t i = 0; i < count; i += 4)
        vst1q_f32(y + i, vmulq_f32(vmulq_f32(vld1q_f32(x + i), factor), vld1q_f32(weight + i)));
}

void lw_neon_rope(float *restrict x, const float *restrict cosines, const float *restrict sines, size_t count) {
    // A sum with the sign of its even terms flipped is a difference there.
    const uint32x4_t flip = vreinterpretq_u32_u64(vdupq_n_u64(0x80000000));
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        const float32x4_t values = vld1q_f32(x + i);
        const float32x4_t straight = vmulq_f32(values, vld1q_f32(cosines + i));
        const float32x4_t crossed = vmulq_f32(vrev64q_f32(values), vld1q_f32(sines + i));
        const float32x4_t turned = vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(crossed), flip));
        vst1q_f32(x + i, vaddq_f32(straight, turned));
    }
    lw_scalar_rope(x + i, cosines + i, sines + i, count - i);
}

void lw_neon_swiglu(const float *gate, const float *up, float *y, size_t count) {
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        const float32x4_t g = vld1q_f32(gate + i);
        const float32x4_t divisor = vaddq_f32(vdupq_n_f32(1.0f), lw_exp_neon(vnegq_f32(g)));
        vst1q_f32(y + i, vmulq_f32(vdivq_f32(g, divisor), vld1q_f32(up + i)));
    }
    lw_scalar_swiglu(gate + i, up + i, y + i, count - i);
}

LW_VECTOR_LOOPS(neon)

float lw_neon_maximum(const float *x, size_t count) {
    float32x4_t greatest[4];
    LW_UNROLL for (int j = 0; j < 4; j++) greatest[j] = vdupq_n_f32(-INFINITY);
    size_t i = 0;
    for (; i + 16 <= count; i += 16)
        LW_UNROLL for (int j = 0; j < 4; j++) greatest[j] = vmaxnmq_f32(vld1q_f32(x + i + 4 * j), greatest[j]);
    const float32x4_t left = vmaxnmq_f32(greatest[0], greatest[1]), right = vmaxnmq_f32(greatest[2], greatest[3]);
    const float most = vmaxnmvq_f32(vmaxnmq_f32(left, right));
    const float rest = lw_scalar_maximum(x + i, count - i);
    return rest > most ? rest : most;
}

float lw_neon_sum_exp(const float *x, float shift, size_t count) {
    float lanes[LW_LANES] = {0};
    float32x4_t sums[8];
    LW_UNROLL for (int j = 0; j < 8; j++) sums[j] = vdupq_n_f32(0);
    size_t i = 0;
    for (; i + LW_LANES <= count; i += LW_LANES)
        LW_UNROLL for (int j = 0; j < 8; j++)
            sums[j] = vaddq_f32(sums[j], lw_exp_neon(vsubq_f32(vld1q_f32(x + i + 4 * j), vdupq_n_f32(shift))));
    LW_UNROLL for (int j = 0; j < 8; j++) vst1q_f32(lanes + 4 * j, sums[j]);
    for (size_t lane = 0; i < count; i++, lane++) lanes[lane] += lw_exp_inline(x[i] - shift);
    return lw_fold_lanes(lanes);
}

float lw_neon_exp_scaled(const float *x, float shift, float scale, float *y, size_t count) {
    float lanes[LW_LANES] = {0};
    float32x4_t sums[8];
    LW_UNROLL for (int j = 0; j < 8; j++) sums[j] = vdupq_n_f32(0);
    size_t i = 0;
    for (; i + LW_LANES <= count; i += LW_LANES)
        LW_UNROLL for (int j = 0; j < 8; j++) {
            const float32x4_t shifted = vsubq_f32(vld1q_f32(x + i + 4 * j), vdupq_n_f32(shift));
            const float32x4_t values = lw_exp_neon(vmulq_f32(shifted, vdupq_n_f32(scale)));
            vst1q_f32(y + i + 4 * j, values);
            sums[j] = vaddq_f32(sums[j], values);
        }
    LW_UNROLL for (int j = 0; j < 8; j++) vst1q_f32(lanes + 4 * j, sums[j]);
    for (size_t lane = 0; i < count; i++, lane++) {
        y[i] = lw_exp_inline((x[i] - shift) * scale);
        lanes[lane] += y[i];
    }
    return lw_fold_lanes(lanes);
}

size_t lw_neon_collect(const float *restrict x, size_t count, float threshold, uint32_t *restrict indices,
                       size_t capacity) {
    size_t found = 0, i = 0;
    for (; i + 4 <= count && found < capacity; i += 4) {
        // Nearly always none of the four is wanted.
        if (vmaxvq_u32(vcgeq_f32(vld1q_f32(x + i), vdupq_n_f32(threshold))) == 0) continue;
        for (size_t j = i; j < i + 4 && found < capacity; j++)
            if (x[j] >= threshold) indices[found++] = (uint32_t)j;
    }
    for (; i < count && found < capacity; i++)
        if (x[i] >= threshold) indices[found++] = (uint32_t)i;
    return found;
}

#endif
