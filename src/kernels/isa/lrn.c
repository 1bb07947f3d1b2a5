/*
 * lrn.c - local response normalization, a vector of positions at a time.
 *
 * Sums of squares are made anew for every output, in one order: no error is carried along, and every cut gives the
 * same bits. Across channels the squares come straight from memory, where the last few channels of a block of
 * positions are near. Within a channel rows are added to a line, with zeros at both ends, then the line's neighbours.
 *
 * beta 0.75, which all known nets have, takes two square roots; others exp and log.
 */
#include "kernels/lrn.h"
#include "kernels/simd_math.h"

CR_INLINE cr_vf normalized(const cr_lrn *l, cr_vf x, cr_vf squares)
{
    cr_vf base = l->k + l->alpha * squares;
    if (l->beta == 0.75f) {
        cr_vf root = cr_sqrt(base);
        return x / (root * cr_sqrt(root));
    }
    return x * cr_exp(-l->beta * cr_ln(base));
}

// Lanes of the vector at i of n: the last whole vector lies over the one before it.
CR_INLINE int64_t place(int64_t *i, int64_t n)
{
    if (n < CR_VECTOR)
        return n;
    if (*i > n - CR_VECTOR)
        *i = n - CR_VECTOR;
    return CR_VECTOR;
}

// `channels` of squares at each position, the normalized one being `center`.
CR_INLINE void across_channel(const cr_lrn *lrn, const float *in, int64_t channels, int64_t step,
                              int64_t center, float *out, int64_t n)
{
    cr_lrn l = *lrn;
    for (int64_t at = 0; at < n; at += CR_VECTOR) {
        int64_t i = at, lanes = place(&i, n);
        cr_vf squares = {0};
        for (int64_t c = 0; c < channels; c++) {
            cr_vf x = cr_load_some(in + c * step + i, lanes);
            squares += x * x;
        }
        cr_store_some(out + i, normalized(&l, cr_load_some(in + center * step + i, lanes), squares), lanes);
    }
}

static void across(const cr_lrn *l, int64_t channels, int64_t step, int64_t n)
{
    for (int64_t c = 0; c < channels; c++) {
        int64_t first = c < l->reach ? 0 : c - l->reach;
        int64_t end = channels - c <= l->reach ? channels : c + l->reach + 1;
        const float *in = l->in + first * step;
        float *out = l->out + c * step;
        if (end - first == 5) // most nets' windows: the loop over them goes away
            across_channel(l, in, 5, step, c - first, out, n);
        else
            across_channel(l, in, end - first, step, c - first, out, n);
    }
}

// The squares of rows [first, end), added.
CR_INLINE void add_rows(const float *in, int64_t first, int64_t end, int64_t width, float *line)
{
    for (int64_t at = 0; at < width; at += CR_VECTOR) {
        int64_t i = at, lanes = place(&i, width);
        cr_vf squares = {0};
        for (int64_t h = first; h < end; h++) {
            cr_vf x = cr_load_some(in + h * width + i, lanes);
            squares += x * x;
        }
        cr_store_some(line + i, squares, lanes);
    }
}

static void within(const cr_lrn *lrn, int64_t height, int64_t width, float *line)
{
    cr_lrn l = *lrn;
    for (int64_t i = 0; i < l.reach; i++)
        line[i] = line[l.reach + width + i] = 0;
    for (int64_t h = 0; h < height; h++) {
        int64_t end = height - h <= l.reach ? height : h + l.reach + 1;
        add_rows(l.in, h < l.reach ? 0 : h - l.reach, end, width, line + l.reach);
        for (int64_t at = 0; at < width; at += CR_VECTOR) {
            int64_t i = at, lanes = place(&i, width);
            cr_vf squares = {0};
            for (int64_t k = 0; k <= 2 * l.reach; k++)
                squares += cr_load(line + i + k);
            cr_vf x = cr_load_some(l.in + h * width + i, lanes);
            cr_store_some(l.out + h * width + i, normalized(&l, x, squares), lanes);
        }
    }
}

extern const cr_lrn_kernels CR_ISA(cr_lrn_kernels);
const cr_lrn_kernels CR_ISA(cr_lrn_kernels) = {.across = across, .within = within};
