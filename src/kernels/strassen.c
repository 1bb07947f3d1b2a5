/*
 * strassen.c - 1x1 convolutions with many channels, by seven products for eight.
 *
 * Winograd's form of Strassen's product. Weights A and columns B are cut into quarters, and there are products of sums
 * of them:
 *
 *     A11 A12     B11 B12      S1 = A21 + A22   S2 = S1 - A11   S3 = A11 - A21   S4 = A12 - S2      when packed
 *     A21 A22     B21 B22      T1 = B12 - B11   T2 = B22 - T1   T3 = B22 - B12   T4 = T2 - B21
 *
 *     Q = A11 B11       C11 = Q + A12 B21             Q and R are sums that wait; every C gets its bias and epilogue
 *     R = S1 T1         Q += S2 T2                    as it leaves the registers, and is written once.
 *     C12 = Q + R + S4 B22
 *     Q += S3 T3        C21 = Q - A22 T4
 *     C22 = Q + R
 *
 * For each strip of positions:
 *
 *     columns    T1 to T4 are made in scratch, in parts of k; and B, of the pixels that are read, if there are strides
 *     products   an item is some rows of A, with a pack of their own in the order in which it is read, and some
 *                positions of both halves
 *
 * An odd number of positions has halves of which the second lacks one: it counts as 0 in T, and its sums go nowhere.
 * T lies as B does, plain or in blocks; all products lie deep (gemm.h). All cuts depend on shapes alone.
 *
 * A second level, the products done the same way again, was tried: it gained 2% where all 196 positions and 512
 * channels were one item, and nothing when these were shared out, with packs of three times the weights.
 */
#include "kernels/strassen.h"
#include "base/int.h"
#include "kernels/gather.h"
#include "kernels/gemm.h"
#include "kernels/product.h"

#include <string.h>

enum {
    PRODUCTS = 7,
    LINE = 16,                  // floats
    PAIR = 2 * CR_BLOCK,        // channels that are halved to blocks
    SCRATCH_FLOATS = 240 << 10, // of a strip
    STRIP_LEAST = 98,           // positions
    PART = 112,                 // positions of each half in an item
    ITEMS = 8,                  // in a strip, if groups have as many rows:
    GROUP_ROWS = 64,
    PACK_K = 64,               // of a row of weights that are packed at a time
    LEAST_POSITIONS = 98,      // below, reading the weights takes the time
    MOST_PLAIN_POSITIONS = 256 // above, plain activations are better read by vectors
};

// How a convolution is cut. Positions are those of the output.
typedef struct cut {
    cr_product p;
    bool gathers;           // strides: B is made in scratch
    int64_t lanes;          // of activations: CR_BLOCK, or 1 where they lie plain
    int64_t strip, part;    // positions; of each half of a strip
    int64_t b_rows;         // rows of (positions, lanes)
    int64_t b_step, t_step; // floats from row to row, where B is made in scratch; of T
    int64_t rows, groups;   // of A
    int64_t leaf, group;    // floats of the pack of one product, of a group
    int64_t waiting;        // floats of Q and of R
} cut;

// A strip at work.
typedef struct job {
    const cut *c;
    int64_t image, position, n, half;
    const float *b; // rows, b_step apart
    int64_t b_step;
    float *t[4];
} job;

typedef enum operand { B11, B12, B21, B22, T1, T2, T3, T4, NONE } operand;
typedef enum target { TO_C11, TO_C12, TO_C21, TO_C22, TO_Q, TO_R } target;

// The products in turn, and the sum without one at the end.
typedef struct step {
    signed char a[2][2]; // how often each quarter of A counts
    operand x;
    bool with_q, with_r;
    target to;
} step;

static const step steps[PRODUCTS + 1] = {
    {{{1, 0}, {0, 0}}, B11, false, false, TO_Q},   // A11
    {{{0, 1}, {0, 0}}, B21, true, false, TO_C11},  // A12
    {{{0, 0}, {1, 1}}, T1, false, false, TO_R},    // S1
    {{{-1, 0}, {1, 1}}, T2, true, false, TO_Q},    // S2
    {{{1, 1}, {-1, -1}}, B22, true, true, TO_C12}, // S4
    {{{1, 0}, {-1, 0}}, T3, true, false, TO_Q},    // S3
    {{{0, 0}, {0, -1}}, T4, true, false, TO_C21},  // -A22
    {.x = NONE, .with_q = true, .with_r = true, .to = TO_C22},
};

/* ---- sizes ---- */

static bool has_strides(const cr_window *w)
{
    for (int a = 0; a < w->n_axes; a++)
        if (w->axis[a].stride > 1)
            return true;
    return false;
}

// Floats of a row of so many positions. Those of plain activations take an odd number of cache lines, so that rows do
// not fall into the same cache sets.
static int64_t row_step(const cut *c, int64_t n)
{
    return c->lanes > 1 ? n * c->lanes : (cr_div_up(n, LINE) | 1) * LINE;
}

static int64_t scratch_floats(const cut *c)
{
    return (c->gathers ? c->b_rows * c->b_step : 0) + 2 * c->b_rows * c->t_step;
}

static void cut_positions(cut *c)
{
    int64_t strips = 0;
    do {
        c->strip = cr_div_up(c->p.n, ++strips);
        c->b_step = row_step(c, c->strip + (c->lanes > 1 ? 0 : CR_GATHER_SLACK));
        c->t_step = row_step(c, cr_div_up(c->strip, 2));
    } while (scratch_floats(c) > SCRATCH_FLOATS && c->strip > STRIP_LEAST);
    int64_t half = cr_div_up(c->strip, 2);
    c->part = cr_div_up(half, cr_div_up(half, PART));
}

static cut cut_of(const cr_conv *conv, const cr_conv_buffers *buffers)
{
    const cr_gemm_layout *layout = &conv->kernels->gemm->deep;
    cut c = {.p = cr_product_of(conv, buffers)};
    c.p.layout = layout;
    c.gathers = has_strides(conv->window);
    c.lanes = conv->in_blocked ? CR_BLOCK : 1;
    c.b_rows = c.p.k / c.lanes;
    cut_positions(&c);
    int64_t most = cr_div_up(ITEMS, cr_div_up(cr_div_up(c.strip, 2), c.part));
    c.groups = 1;
    while (c.groups < most && c.p.m % (2 * c.groups * GROUP_ROWS) == 0)
        c.groups *= 2;
    c.rows = c.p.m / c.groups;
    c.leaf = (int64_t)(layout->pack_bytes(c.rows / 2, c.p.k / 2) / sizeof(float));
    c.group = PRODUCTS * c.leaf;
    c.waiting = layout->partial_floats(layout->panels(c.rows / 2), c.part);
    return c;
}

static const char *refuse_window(const cr_window *w)
{
    for (int a = 0; a < w->n_axes; a++) {
        const cr_axis *x = &w->axis[a];
        if (x->kernel != 1)
            return "the kernel is not 1x1";
        if (x->pad_before[0] != 0 || x->pad_after[0] != 0)
            return "it has padding";
    }
    if (has_strides(w) && w->n_axes != 2)
        return "strides along other than two axes";
    return w->partial ? "it is a partial convolution" : NULL;
}

// What is saved is an eighth of the products. Against it stand the sums that wait, whose share goes with 1 / k, and
// those of columns, with 1 / m; in thousandths of the products, fitted to what layers of nets gained and lost.
static bool pays(const cr_conv *conv)
{
    int64_t waiting = 10000 / conv->in_channels;
    if (conv->out_count < LEAST_POSITIONS)
        return false;
    if (conv->in_blocked)
        return waiting + 5000 / conv->out_channels <= 60;
    return waiting + 8000 / conv->out_channels <= 50 && conv->out_count <= MOST_PLAIN_POSITIONS;
}

static const char *strassen_accepts(const cr_conv *conv)
{
    const char *why = refuse_window(conv->window);
    if (why)
        return why;
    if (conv->exact)
        return "it rounds more than a direct sum does";
    if (conv->group > 1)
        return "it has groups";
    if (conv->in_channels < PAIR || conv->in_channels % PAIR != 0 || conv->out_channels < PAIR ||
        conv->out_channels % PAIR != 0)
        return "32 does not divide the channels";
    if (!pays(conv))
        return "it would not be faster with so many channels and positions";
    cut c = cut_of(conv, NULL);
    return scratch_floats(&c) > SCRATCH_FLOATS ? "its sums would not stay in the cache" : NULL;
}

static size_t strassen_pack_bytes(const cr_conv *conv)
{
    cut c = cut_of(conv, NULL);
    return (size_t)(c.groups * c.group) * sizeof(float);
}

static int strassen_pack_kind(const cr_conv *conv)
{
    return (int)cut_of(conv, NULL).groups;
}

static size_t strassen_scratch_bytes(const cr_conv *conv)
{
    cut c = cut_of(conv, NULL);
    return (size_t)scratch_floats(&c) * sizeof(float);
}

static size_t strassen_slot_bytes(const cr_conv *conv)
{
    return (size_t)(2 * cut_of(conv, NULL).waiting) * sizeof(float);
}

/* ---- weights ---- */

// rows x n of the weights of a product, as floats; a: A11 there.
static void add_quarters(const cut *c, const step *s, const float *a, const double *scale, int64_t rows,
                         int64_t n, float *to)
{
    for (int64_t r = 0; r < rows; r++) {
        double sum[PACK_K] = {0};
        for (int q = 0; q < 4; q++) {
            int64_t row = r + q / 2 * (c->rows / 2);
            double times = (scale ? scale[row] : 1) * s->a[q / 2][q % 2];
            if (s->a[q / 2][q % 2] != 0)
                c->p.conv->kernels->strassen->weights(a + row * c->p.k + q % 2 * (c->p.k / 2), times, n, sum);
        }
        for (int64_t i = 0; i < n; i++)
            to[r * n + i] = (float)sum[i];
    }
}

static void pack_product(const cut *c, const step *s, const float *a, const double *scale, float *to)
{
    float sums[PAIR * PACK_K];
    int64_t width = 2 * c->p.conv->kernels->vector, m = c->rows / 2, k = c->p.k / 2;
    for (int64_t row = 0; row < m; row += width) {
        int64_t rows = cr_i64_min(width, m - row);
        int64_t lanes = (int64_t)(c->p.layout->pack_bytes(rows, 1) / sizeof(float));
        for (int64_t i = 0; i < k; i += PACK_K) {
            int64_t n = cr_i64_min(PACK_K, k - i);
            add_quarters(c, s, a + row * c->p.k + i, scale ? scale + row : NULL, rows, n, sums);
            c->p.layout->pack(sums, NULL, rows, n, to + row * k + i * lanes);
        }
    }
}

static int64_t strassen_pack_unit(const cr_conv *conv)
{
    return cut_of(conv, NULL).rows;
}

static void strassen_pack_rows(const cr_conv *conv, const float *weights, int64_t first, int64_t n, void *to)
{
    cut c = cut_of(conv, NULL);
    for (int64_t row = 0; row < n; row += c.rows)
        for (int i = 0; i < PRODUCTS; i++)
            pack_product(&c, &steps[i], weights + row * c.p.k, conv->scale ? conv->scale + first + row : NULL,
                         (float *)to + (first + row) / c.rows * c.group + i * c.leaf);
}

static void strassen_pack(const cr_conv *conv, const float *weights, void *to)
{
    strassen_pack_rows(conv, weights, 0, conv->out_channels, to);
}

/* ---- columns ---- */

// Rows of B that a block of channels has, and floats of a position in a row.
static int64_t rows_of_block(const cut *c)
{
    return c->lanes == 1 ? CR_BLOCK : 1;
}

// A block of channels, of the positions at work: only those that strides meet.
static void gather_block(const job *j, int64_t row, float *to)
{
    const cr_conv *conv = j->c->p.conv;
    const cr_axis *axis = conv->window->axis;
    const float *image = j->c->p.buffers->in + j->image * conv->in_image_stride;
    if (!conv->in_blocked) {
        cr_gather g = {.window = conv->window, .image = image, .in_count = conv->in_count, .taps = 1};
        g.row_begin = row;
        g.row_end = row + CR_BLOCK;
        g.begin = j->position;
        g.end = j->position + j->n;
        g.to = to;
        g.step = j->b_step;
        conv->kernels->gather->run(&g);
        return;
    }
    image += row * conv->in_count * CR_BLOCK;
    for (int64_t p = j->position; p < j->position + j->n; p++, to += CR_BLOCK) {
        int64_t line = p / axis[1].out, x = p % axis[1].out;
        int64_t at = line * axis[0].stride * axis[1].in + x * axis[1].stride;
        memcpy(to, image + at * CR_BLOCK, CR_BLOCK * sizeof *to);
    }
}

// The rows of a block of channels, in the first half of k and in the second.
static void columns_item(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const job *j = ctx;
    const cut *c = j->c;
    int64_t rows = rows_of_block(c), first = item * rows, second = first + c->p.k / PAIR * rows;
    float *scratch = c->p.buffers->scratch;
    if (c->gathers) {
        gather_block(j, first, scratch + first * j->b_step);
        gather_block(j, second, scratch + second * j->b_step);
    }
    cr_strassen_rows r = {.rows = rows, .b_step = j->b_step, .t_step = c->t_step};
    r.n = j->half * c->lanes;
    r.n_second = (j->n - j->half) * c->lanes;
    r.b11 = j->b + first * j->b_step;
    r.b21 = j->b + second * j->b_step;
    r.b12 = r.b11 + r.n;
    r.b22 = r.b21 + r.n;
    r.t1 = j->t[0] + first * c->t_step;
    r.t2 = j->t[1] + first * c->t_step;
    r.t3 = j->t[2] + first * c->t_step;
    r.t4 = j->t[3] + first * c->t_step;
    c->p.conv->kernels->strassen->columns(&r);
}

/* ---- products ---- */

// Positions [begin, begin + b->cut) of an operand; b->n is how many of them it has.
static void set_columns(const job *j, operand x, int64_t begin, cr_gemm_block *b)
{
    const cut *c = j->c;
    bool second = x == B12 || x == B22 || x == NONE;
    b->n = second ? cr_i64_max(cr_i64_min(b->cut, j->n - j->half - begin), 0) : b->cut;
    if (x == NONE)
        return;
    if (x >= T1) {
        b->columns = j->t[x - T1] + begin * c->lanes;
        b->column_step = c->t_step;
    } else {
        int64_t row = x == B21 || x == B22 ? c->p.k / PAIR * rows_of_block(c) : 0;
        b->columns = j->b + row * j->b_step + (begin + (second ? j->half : 0)) * c->lanes;
        b->column_step = j->b_step;
    }
}

// To the quarter of the output that begins with this channel and position of the strip.
static void set_output(const cut *c, int64_t channel, int64_t position, cr_gemm_block *b, cr_epilogue *e)
{
    int64_t at = channel * c->p.n + position * (b->out_blocked ? CR_BLOCK : 1);
    b->bias += b->bias ? channel : 0;
    b->out += at;
    e->add += e->add ? at : 0;
    e->slopes += e->slopes ? channel : 0;
}

static void run_step(const job *j, int i, int64_t group, int64_t begin, float *q)
{
    const cut *c = j->c;
    const step *s = &steps[i];
    float *r = q + c->waiting;
    cr_epilogue epilogue;
    cr_gemm_block b = cr_product_block(&c->p, &epilogue, j->image, 0, j->position);
    b.m = c->rows / 2;
    b.panel_end = c->p.layout->panels(b.m);
    b.depth = b.k_end = s->x == NONE ? 0 : c->p.k / 2;
    b.weights = (const float *)c->p.buffers->pack + group * c->group + i * c->leaf;
    b.cut = cr_i64_min(c->part, j->half - begin);
    set_columns(j, s->x, begin, &b);
    if (s->with_q)
        b.starts[b.n_starts++] = q;
    if (s->with_r)
        b.starts[b.n_starts++] = r;
    if (s->to == TO_Q || s->to == TO_R) {
        b.sums = s->to == TO_Q ? q : r;
        b.bias = NULL;
    } else {
        bool low = s->to == TO_C21 || s->to == TO_C22, right = s->to == TO_C12 || s->to == TO_C22;
        set_output(c, group * c->rows + (low ? b.m : 0), begin + (right ? j->half : 0), &b, &epilogue);
    }
    c->p.layout->run(&b);
}

static void products_item(void *ctx, int64_t item, int slot)
{
    const job *j = ctx;
    const cut *c = j->c;
    const cr_conv_buffers *b = c->p.buffers;
    for (int i = 0; i <= PRODUCTS; i++)
        run_step(j, i, item % c->groups, item / c->groups * c->part,
                 (float *)(void *)(b->slot_scratch + (size_t)slot * b->slot_step));
}

static void run_strip(const cut *c, int64_t image, int64_t position)
{
    const cr_conv_buffers *b = c->p.buffers;
    job j = {.c = c, .image = image, .position = position, .n = cr_i64_min(c->strip, c->p.n - position)};
    j.half = cr_div_up(j.n, 2);
    float *scratch = b->scratch;
    j.b = c->gathers ? scratch : b->in + image * c->p.conv->in_image_stride + position * c->lanes;
    j.b_step = c->gathers ? c->b_step : c->p.n * c->lanes;
    for (int i = 0; i < 4; i++)
        j.t[i] = scratch + (c->gathers ? c->b_rows * c->b_step : 0) + i * (c->b_rows / 2 * c->t_step);
    cr_parallel(b->pool, c->p.k / PAIR, columns_item, &j);
    cr_parallel(b->pool, c->groups * cr_div_up(j.half, c->part), products_item, &j);
}

static void strassen_run(const cr_conv *conv, const cr_conv_buffers *buffers)
{
    cut c = cut_of(conv, buffers);
    for (int64_t image = 0; image < conv->images; image++)
        for (int64_t position = 0; position < c.p.n; position += c.strip)
            run_strip(&c, image, position);
}

const cr_conv_algorithm cr_conv_strassen = {.name = "strassen",
                                            .blocked = CR_READS_BLOCKED | CR_WRITES_BLOCKED,
                                            .accepts = strassen_accepts,
                                            .pack_bytes = strassen_pack_bytes,
                                            .pack_kind = strassen_pack_kind,
                                            .pack = strassen_pack,
                                            .pack_unit = strassen_pack_unit,
                                            .pack_rows = strassen_pack_rows,
                                            .scratch_bytes = strassen_scratch_bytes,
                                            .slot_bytes = strassen_slot_bytes,
                                            .epilogue = true,
                                            .run = strassen_run};
