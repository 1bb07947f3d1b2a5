/*
 * winograd.c - the loops of the Winograd convolution: transforms.
 *
 * The 1-D transforms are those of the points 0, p, -p, r, -r (, s, -s) and infinity, for the filter g(x) = g0 + g1
 * x + g2 x^2 (+ ...) and with m(x) the product of x - point over the finite points:
 *
 *     weights   g(point) / m'(point),  and the last g for infinity (winograd_weights.c)
 *     input     the coefficients of m(x) / (x - point),  and of m(x) for infinity
 *     output    1, point, point^2, ...; infinity counts in the last output only
 *
 * The points come in pairs, so that a transform is a sum and a difference of an even and an odd part. The input's
 * depends on the points alone, so 4 outputs of 3 taps and 2 outputs of 5 share it.
 *
 * A tile of 2 outputs among tiles of 4 uses 0, p, -p and infinity alone: its own m lacks the factor x^2 - r^2, by
 * which its input is multiplied instead, and so it reads the very weights that tiles of 4 do. A tile that lacks its
 * last output needs no infinity, which counts there only.
 */
#include "kernels/winograd.h"
#include "kernels/simd.h"
#include "kernels/winograd_weights.h"

enum { MAX_POINTS = CR_WINOGRAD_MAX_POINTS };

/* ---- transforms of one axis ---- */

#define P2 CR_WINOGRAD_P2
#define R2 CR_WINOGRAD_R2
static const float p_1 = (float)CR_WINOGRAD_P, r_1 = (float)CR_WINOGRAD_R;

CR_INLINE void input_4(const cr_vf *d, cr_vf *e)
{
    cr_vf even = d[4] - (float)R2 * d[2], odd = p_1 * (d[3] - (float)R2 * d[1]);
    e[0] = (float)(P2 * R2) * d[0] - (float)(P2 + R2) * d[2] + d[4];
    e[1] = even + odd;
    e[2] = even - odd;
    even = d[4] - (float)P2 * d[2];
    odd = r_1 * (d[3] - (float)P2 * d[1]);
    e[3] = even + odd;
    e[4] = even - odd;
    e[5] = (float)(P2 * R2) * d[1] - (float)(P2 + R2) * d[3] + d[5];
}

CR_INLINE void output_4(const cr_vf *y, cr_vf *o)
{
    cr_vf even_p = y[1] + y[2], odd_p = y[1] - y[2], even_r = y[3] + y[4], odd_r = y[3] - y[4];
    o[0] = y[0] + even_p + even_r;
    o[1] = p_1 * odd_p + r_1 * odd_r;
    o[2] = (float)P2 * even_p + (float)R2 * even_r;
    o[3] = (float)(P2 * CR_WINOGRAD_P) * odd_p + ((float)(R2 * CR_WINOGRAD_R) * odd_r + y[5]);
}

CR_INLINE void input_2(const cr_vf *d, cr_vf *e)
{
    cr_vf even = (float)(P2 - R2) * d[2], odd = (float)((P2 - R2) * CR_WINOGRAD_P) * d[1];
    e[0] = (float)(P2 * R2) * d[0] - (float)R2 * d[2];
    e[1] = even + odd;
    e[2] = even - odd;
    e[3] = d[3] - (float)P2 * d[1];
}

CR_INLINE void output_2(const cr_vf *y, cr_vf *o)
{
    o[0] = y[0] + (y[1] + y[2]);
    o[1] = p_1 * (y[1] - y[2]) + y[3];
}

// Points 0, +-1, +-2, +-1/2. What +-2 give is a quarter; their weights make up for it (winograd_layout.c).
CR_INLINE void input_6(const cr_vf *d, cr_vf *e)
{
    cr_vf even = d[2] + d[6] - 4.25f * d[4], odd = d[1] + d[5] - 4.25f * d[3];
    e[0] = d[6] - d[0] + 5.25f * (d[2] - d[4]);
    e[1] = even + odd;
    e[2] = even - odd;
    even = 0.25f * d[6] + 0.0625f * d[2] - 0.3125f * d[4];
    odd = 0.125f * d[1] - 0.625f * d[3] + 0.5f * d[5];
    e[3] = even + odd;
    e[4] = even - odd;
    even = d[6] + 4 * d[2] - 5 * d[4];
    odd = 2 * d[1] - 2.5f * d[3] + 0.5f * d[5];
    e[5] = even + odd;
    e[6] = even - odd;
    e[7] = d[7] - d[1] + 5.25f * (d[3] - d[5]);
}

CR_INLINE void output_6(const cr_vf *y, cr_vf *o)
{
    cr_vf e1 = y[1] + y[2], o1 = y[1] - y[2], e2 = y[3] + y[4], o2 = y[3] - y[4], e3 = y[5] + y[6],
          o3 = y[5] - y[6];
    o[0] = y[0] + e1 + e2 + e3;
    o[1] = o1 + 2 * o2 + 0.5f * o3;
    o[2] = e1 + 4 * e2 + 0.25f * e3;
    o[3] = o1 + 8 * o2 + 0.125f * o3;
    o[4] = e1 + 16 * e2 + 0.0625f * e3;
    o[5] = o1 + 32 * o2 + 0.03125f * o3 + y[7];
}

// 2 outputs of 5 taps.
CR_INLINE void output_2_of_6(const cr_vf *y, cr_vf *o)
{
    o[0] = y[0] + (y[1] + y[2]) + (y[3] + y[4]);
    o[1] = p_1 * (y[1] - y[2]) + (r_1 * (y[3] - y[4]) + y[5]);
}

CR_INLINE void input_axis(const int inputs, const cr_vf *d, cr_vf *e)
{
    if (inputs == 4)
        input_2(d, e);
    else if (inputs == 6)
        input_4(d, e);
    else
        input_6(d, e);
}

CR_INLINE void output_axis(const int outputs, const int taps, const cr_vf *y, cr_vf *o)
{
    if (outputs == 2 && taps == 5)
        output_2_of_6(y, o);
    else if (outputs == 2)
        output_2(y, o);
    else if (outputs == 4)
        output_4(y, o);
    else
        output_6(y, o);
}

/* ---- tiles ---- */

// What a kind of tiles has, in constants: points of the algorithm, taps, and outputs that are computed.
typedef struct kind {
    int points, taps, height, width;
} kind;

// How the points of a tile differ from those of most, which are whole: they have all points, q_step apart.
typedef struct places {
    bool has[MAX_POINTS][MAX_POINTS], whole;
    int64_t shift[MAX_POINTS]; // of columns
} places;

// The algorithm's number of a tile's point: a tile of 2 among tiles of 4 has the first three and the last.
CR_INLINE int number(const int points, const int tile_points, int i)
{
    return i == tile_points - 1 ? points - 1 : i;
}

// Of all that are whole only these stand among tiles at the end of a row.
CR_INLINE bool is_low(const kind k)
{
    return k.height < k.width;
}

CR_INLINE places places_of(const cr_winograd_tiles *t, const kind k)
{
    const int height = k.height + k.taps - 1, width = k.width + k.taps - 1;
    places p = {.whole = is_low(k) || t->narrow_shift == 0};
    for (int j = 0; j < width; j++) {
        int column = number(k.points, width, j);
        p.shift[j] = t->everywhere >> column & 1 ? 0 : t->narrow_shift;
        for (int i = 0; i < height; i++) {
            p.has[i][j] = t->rows >> number(k.points, height, i) & t->columns >> column & 1;
            p.whole &= p.has[i][j];
        }
    }
    return p;
}

// Of a tile's point (i, j), q_step apart in the order of all points of the algorithm.
CR_INLINE int64_t place(const kind k, int64_t q_step, int i, int j)
{
    int row = number(k.points, k.height + k.taps - 1, i), column = number(k.points, k.width + k.taps - 1, j);
    return (row * k.points + column) * q_step;
}

CR_INLINE void input_tiles(const cr_winograd_tiles *t, const kind k, const places *p, const bool whole,
                           const float *slab, float *v)
{
    const int height = k.height + k.taps - 1, width = k.width + k.taps - 1;
    for (int64_t n = t->count; n > 0; n--) {
        cr_vf half[MAX_POINTS][MAX_POINTS];
        CR_UNROLL
        for (int j = 0; j < width; j++) {
            cr_vf d[MAX_POINTS], e[MAX_POINTS];
            CR_UNROLL
            for (int i = 0; i < height; i++)
                d[i] = cr_load(slab + i * t->row_step + j * CR_VECTOR);
            input_axis(height, d, e);
            CR_UNROLL
            for (int i = 0; i < height; i++)
                half[i][j] = e[i];
        }
        CR_UNROLL
        for (int i = 0; i < height; i++) {
            cr_vf e[MAX_POINTS];
            input_axis(width, half[i], e);
            CR_UNROLL
            for (int j = 0; j < width; j++)
                if (whole)
                    cr_store(v + place(k, t->q_step, i, j) - (is_low(k) ? p->shift[j] : 0), e[j]);
                else if (p->has[i][j])
                    cr_store(v + place(k, t->q_step, i, j) - p->shift[j], e[j]);
        }
        slab += k.width * CR_VECTOR;
        v += t->tile_step;
    }
}

CR_INLINE void output_tiles(const cr_winograd_tiles *t, const kind k, const places *p, const bool whole,
                            const float *y, float *strip)
{
    const int height = k.height + k.taps - 1, width = k.width + k.taps - 1;
    for (int64_t n = t->count; n > 0; n--) {
        cr_vf half[MAX_POINTS][MAX_POINTS];
        CR_UNROLL
        for (int j = 0; j < width; j++) {
            cr_vf d[MAX_POINTS], o[MAX_POINTS];
            CR_UNROLL
            for (int i = 0; i < height; i++)
                if (whole)
                    d[i] = cr_load(y + place(k, t->q_step, i, j) - (is_low(k) ? p->shift[j] : 0));
                else
                    d[i] = p->has[i][j] ? cr_load(y + place(k, t->q_step, i, j) - p->shift[j]) : (cr_vf){0};
            output_axis(k.height, k.taps, d, o);
            CR_UNROLL
            for (int i = 0; i < k.height; i++)
                half[i][j] = o[i];
        }
        CR_UNROLL
        for (int i = 0; i < k.height; i++) {
            cr_vf o[MAX_POINTS];
            output_axis(k.width, k.taps, half[i], o);
            CR_UNROLL
            for (int j = 0; j < k.width; j++)
                cr_store(strip + i * t->row_step + j * CR_VECTOR, o[j]);
        }
        y += t->tile_step;
        strip += k.width * CR_VECTOR;
    }
}

CR_INLINE void input_kind(const cr_winograd_tiles *t, const kind k, const float *slab, float *v)
{
    places p = places_of(t, k);
    if (p.whole)
        input_tiles(t, k, &p, true, slab, v);
    else
        input_tiles(t, k, &p, false, slab, v);
}

static void input(const cr_winograd_tiles *t, const float *slab, float *v)
{
    if (t->points == 8)
        input_kind(t, (kind){8, 3, 6, 6}, slab, v);
    else if (t->points == 4)
        input_kind(t, (kind){4, 3, 2, 2}, slab, v);
    else if (t->taps == 5)
        input_kind(t, (kind){6, 5, 2, 2}, slab, v);
    else if (t->height == 4 && t->width == 4)
        input_kind(t, (kind){6, 3, 4, 4}, slab, v);
    else if (t->height == 4)
        input_kind(t, (kind){6, 3, 4, 2}, slab, v);
    else if (t->width == 4)
        input_kind(t, (kind){6, 3, 2, 4}, slab, v);
    else
        input_kind(t, (kind){6, 3, 2, 2}, slab, v);
}

CR_INLINE void output_kind(const cr_winograd_tiles *t, const kind k, const float *y, float *strip)
{
    places p = places_of(t, k);
    if (p.whole)
        output_tiles(t, k, &p, true, y, strip);
    else
        output_tiles(t, k, &p, false, y, strip);
}

static void output(const cr_winograd_tiles *t, const float *y, float *strip)
{
    if (t->points == 8)
        output_kind(t, (kind){8, 3, 6, 6}, y, strip);
    else if (t->points == 4)
        output_kind(t, (kind){4, 3, 2, 2}, y, strip);
    else if (t->taps == 5)
        output_kind(t, (kind){6, 5, 2, 2}, y, strip);
    else if (t->height == 4 && t->width == 4)
        output_kind(t, (kind){6, 3, 4, 4}, y, strip);
    else if (t->height == 4)
        output_kind(t, (kind){6, 3, 4, 2}, y, strip);
    else if (t->width == 4)
        output_kind(t, (kind){6, 3, 2, 4}, y, strip);
    else
        output_kind(t, (kind){6, 3, 2, 2}, y, strip);
}

extern const cr_winograd_kernels CR_ISA(cr_winograd_kernels);
const cr_winograd_kernels CR_ISA(cr_winograd_kernels) = {
    .lanes = CR_VECTOR,
    .weights = CR_ISA(cr_winograd_transform),
    .input = input,
    .output = output,
};
