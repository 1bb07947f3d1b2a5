/*
 * gemm_finish.c - from sums to outputs: transposed, with bias, residual and activation.
 */
#include "kernels/gemm_finish.h"
#include "kernels/simd_activation.h"

// What is done to a vector of simple sums: see cr_gemm_is_simple().
CR_INLINE cr_vf clamp(const cr_epilogue *e, cr_vf x)
{
    if (e->activation == CR_ACT_NONE)
        return x;
    if (e->activation == CR_ACT_CLIP)
        return cr_clip(x, e->min, e->max);
    return cr_select(x < 0, (cr_vf){0}, x);
}

static void finish_simple_row(const cr_epilogue *e, const float *sums, int64_t n, const float *add,
                              float *out)
{
    int64_t i = 0;
    for (; i + CR_VECTOR <= n; i += CR_VECTOR) {
        cr_vf x = cr_load(sums + i);
        if (add)
            x += cr_load(add + i);
        cr_store(out + i, clamp(e, x));
    }
    if (i < n) {
        cr_vf x = cr_load(sums + i);
        if (add)
            x += cr_load_some(add + i, n - i);
        cr_store_some(out + i, clamp(e, x), n - i);
    }
}

void CR_ISA(cr_gemm_finish_rows)(const cr_gemm_block *b, int64_t channel, int64_t channels, int64_t position,
                                 int64_t n, const float *sums, int64_t step)
{
    const cr_epilogue *e = b->epilogue;
    bool simple = !b->factor && cr_gemm_is_simple(b->epilogue);
    for (int64_t c = channel; c < channel + channels; c++, sums += step) {
        int64_t at = c * b->out_step + position;
        if (simple) {
            finish_simple_row(e, sums, n, e->add ? e->add + at : NULL, b->out + at);
            continue;
        }
        cr_vf bias = cr_repeat(b->factor && b->bias ? b->bias[c] : 0);
        float slope = e->activation == CR_ACT_PRELU ? e->slopes[c] : e->slope;
        for (int64_t i = 0; i < n; i += CR_VECTOR) {
            int64_t lanes = n - i < CR_VECTOR ? n - i : CR_VECTOR;
            cr_vf x = cr_load(sums + i);
            if (b->factor)
                x = cr_apply_factor(cr_load(b->factor + position + i), x, bias);
            if (e->add)
                x += cr_load_some(e->add + at + i, lanes);
            cr_store_some(b->out + at + i, cr_activate(e->activation, slope, e->min, e->max, x), lanes);
        }
    }
}

void CR_ISA(cr_gemm_transpose)(const float *from, int64_t rows, int vectors, float *to, int64_t step)
{
    for (int64_t r = 0; r < rows; r += CR_VECTOR) {
        for (int j = 0; j < vectors; j++) {
            cr_vf x[CR_VECTOR];
            CR_UNROLL
            for (int i = 0; i < CR_VECTOR; i++)
                x[i] = r + i < rows ? cr_load(from + (r + i) * CR_TILE_WIDTH + j * CR_VECTOR) : (cr_vf){0};
            cr_transpose(x);
            CR_UNROLL
            for (int i = 0; i < CR_VECTOR; i++)
                cr_store(to + (j * CR_VECTOR + i) * step + r, x[i]);
        }
    }
}

void CR_ISA(cr_gemm_finish_blocked)(const cr_gemm_block *b, int64_t channel, int vectors, int64_t position,
                                    int64_t rows, const float *sums)
{
    const cr_epilogue *e = b->epilogue;
    for (int j = 0; j < vectors; j++, channel += CR_VECTOR) {
        int64_t at = cr_gemm_blocked_at(b, channel, position);
        cr_vf bias = b->factor && b->bias ? cr_load(b->bias + channel) : (cr_vf){0};
        cr_vf slopes = e->activation == CR_ACT_PRELU ? cr_load(e->slopes + channel) : (cr_vf){0};
        for (int64_t r = 0; r < rows; r++, at += CR_BLOCK) {
            cr_vf x = cr_load(sums + r * CR_TILE_WIDTH + j * CR_VECTOR);
            if (b->factor)
                x = cr_apply_factor(cr_repeat(b->factor[position + r]), x, bias);
            if (e->add)
                x += cr_load(e->add + at);
            x = e->activation == CR_ACT_PRELU ? cr_leaky_by(x, slopes)
                                              : cr_activate(e->activation, e->slope, e->min, e->max, x);
            cr_store(b->out + at, x);
        }
    }
}
