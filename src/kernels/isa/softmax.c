/*
 * softmax.c - softmax by vectors: along positions, or along channels that lie side by side. Where these are fewer
 * than a vector has lanes, a tile of positions is transposed.
 *
 * A NaN does not win the maximum, but its exponential is a NaN, and so is the sum.
 */
#include "kernels/softmax.h"
#include "kernels/simd_math.h"

static void run_positions(const cr_softmax_block *block, int64_t at, int64_t lanes)
{
    cr_softmax_block b = *block;
    b.in += at;
    b.out += at;
    cr_vf max = cr_repeat(-INFINITY), sum = {0};
    for (int64_t c = 0; c < b.channels; c++)
        max = cr_max(cr_load_some(b.in + c * b.in_step, lanes), max);
    for (int64_t c = 0; c < b.channels; c++) {
        cr_vf e = cr_exp(cr_load_some(b.in + c * b.in_step, lanes) - max);
        sum += e;
        cr_store_some(b.out + c * b.out_step, e, lanes);
    }
    for (int64_t c = 0; c < b.channels; c++)
        cr_store_some(b.out + c * b.out_step, cr_load_some(b.out + c * b.out_step, lanes) / sum, lanes);
}

// Lanes behind the last channel are -inf and count for nothing.
CR_INLINE cr_vf load_channels(const float *p, int64_t left)
{
    return left >= CR_VECTOR ? cr_load(p) : cr_load_lanes(p, cr_lanes(0, left), cr_repeat(-INFINITY));
}

static void run_channels(const cr_softmax_block *b)
{
    cr_vf most = cr_repeat(-INFINITY), sums = {0};
    for (int64_t c = 0; c < b->channels; c += CR_VECTOR)
        most = cr_max(load_channels(b->in + c, b->channels - c), most);
    CR_UNROLL
    for (int n = CR_VECTOR; n > 1; n /= 2)
        most = cr_max(cr_even(most, most), cr_odd(most, most));
    cr_vf max = cr_repeat(most[0]);
    for (int64_t c = 0; c < b->channels; c += CR_VECTOR) {
        int64_t left = b->channels - c;
        cr_vf e = cr_exp(load_channels(b->in + c, left) - max);
        sums += e;
        cr_store_some(b->out + c, e, left < CR_VECTOR ? left : CR_VECTOR);
    }
    CR_UNROLL
    for (int n = CR_VECTOR; n > 1; n /= 2)
        sums = cr_even(sums, sums) + cr_odd(sums, sums);
    cr_vf sum = cr_repeat(sums[0]);
    for (int64_t c = 0; c < b->channels; c += CR_VECTOR) {
        int64_t lanes = b->channels - c < CR_VECTOR ? b->channels - c : CR_VECTOR;
        cr_store_some(b->out + c, cr_load_some(b->out + c, lanes) / sum, lanes);
    }
}

// n <= CR_VECTOR positions with fewer channels than that.
static void run_tile(const cr_softmax_block *b, int64_t at, int64_t n)
{
    float tile[CR_VECTOR * CR_VECTOR] = {0}; // (channels, positions)
    const float *in = b->in + at * b->in_next;
    float *out = b->out + at * b->out_next;
    for (int64_t i = 0; i < n; i++)
        for (int64_t c = 0; c < b->channels; c++)
            tile[c * CR_VECTOR + i] = in[i * b->in_next + c];
    cr_softmax_block block = {.in = tile, .out = tile, .channels = b->channels};
    block.in_step = block.out_step = CR_VECTOR;
    run_positions(&block, 0, CR_VECTOR);
    for (int64_t i = 0; i < n; i++)
        for (int64_t c = 0; c < b->channels; c++)
            out[i * b->out_next + c] = tile[c * CR_VECTOR + i];
}

static void run(const cr_softmax_block *b)
{
    bool side_by_side = b->in_step == 1 && b->out_step == 1;
    if (side_by_side && b->channels >= CR_VECTOR) {
        cr_softmax_block row = *b;
        for (int64_t i = 0; i < b->n; i++, row.in += b->in_next, row.out += b->out_next)
            run_channels(&row);
        return;
    }
    for (int64_t i = 0; i < b->n; i += CR_VECTOR) {
        int64_t n = b->n - i < CR_VECTOR ? b->n - i : CR_VECTOR;
        if (side_by_side)
            run_tile(b, i, n);
        else
            run_positions(b, i, n);
    }
}

extern const cr_softmax_kernels CR_ISA(cr_softmax_kernels);
const cr_softmax_kernels CR_ISA(cr_softmax_kernels) = {.run = run};
