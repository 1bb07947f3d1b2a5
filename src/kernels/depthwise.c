/*
 * depthwise.c - convolution of each channel on its own: directly, a strip of output rows at a time.
 *
 *     channel      3x3: straight from the input, whose rows      output rows
 *     [......] --> are picked by number; a column outside ------> [......]
 *     [......]     is put into a vector's first or last lane      [......]
 *     [......]                                                    [......]
 *     [......]     other windows: from a padded copy of the
 *     [......] --> strip in the thread's scratch, [p......p] ---> [......]
 *
 * Both follow maps that are cr_window's tables turned round: from a padded position to what it reads. They are
 * made once a run, in the shared scratch, and make all padding modes alike. The copy stays in the L1 cache; a store
 * there costs as much as three or four multiply-adds, which is why 9 taps do without and 25 do not.
 *
 * An item is some strips, of one channel or of several. An input channel may have several outputs; where these are many
 * and long, `direct`, which reads its input once for sixteen of them, is faster, and depthwise stands back.
 */
#include "kernels/depthwise.h"
#include "base/int.h"
#include "kernels/conv.h"

enum {
    LINE = 16,                   // floats
    ITEMS = 16,                  // a run is cut in so many
    STRIP_FLOATS = 3 << 10,      // of a padded strip: most of an L1 cache, with what is written
    LEAST_ROWS = 4,              // of output in a strip, if there are so many
    MOST_STRIP_FLOATS = 1 << 17, // what needs more is not ours
    MOST_POSITIONS = 1 << 20,    // of one axis
    MOST_STRIDE = 8
};

// From where on `direct` is faster, by measurements on Zen 4: with fewer outputs of an input channel it never is. Then
// positions count where windows have loops of their own with stride 1, values with stride 2, else products.
enum { SOME_OUTPUTS = 4, MANY_OUTPUTS = 8, MANY_TAPS = 9 };
static const double many_positions = 112 * 112, many_values = 9000, many_products = 150e3;

static const float one = 1;

// How one convolution is laid out. Sizes in floats or int32, which are alike.
typedef struct layout {
    const cr_conv *conv;
    const cr_axis *h, *w;
    int64_t multiplier;
    int64_t phase_step, row_step; // of a padded row
    int64_t padded_rows;          // of a whole channel
    int64_t strip_rows, strips;   // of output rows
    int64_t strip_floats;         // padded
    int64_t variants;
    bool direct; // without a copy
} layout;

typedef struct job {
    const layout *l;
    const cr_conv_buffers *b;
    const cr_depthwise_kernels *kernels;
    cr_depthwise_strip strip; // what is the same for all
    int64_t column[CR_DEPTHWISE_MAX_COLUMNS];
    int32_t *row_map, *column_map; // of variant 0; variant 1 follows
    struct cr_depthwise_phase phase[2][MOST_STRIDE];
    int64_t units, items; // units: strips
    cr_epilogue now, later;
} job;

/* ---- sizes ---- */

// What `out` outputs read.
static int64_t padded_size(const cr_axis *a, int64_t out)
{
    return (out - 1) * a->stride + (a->kernel - 1) * a->dilation + 1;
}

// The most common windows; variants of padding (CORNERS) are not worth it.
static bool is_direct(const layout *l)
{
    const cr_axis *w = l->w;
    int64_t behind = (w->out - 1) * w->stride + 2 - w->pad_before[0] - (w->in - 1); // columns outside
    return l->h->kernel == 3 && w->kernel == 3 && l->h->stride == w->stride && w->stride <= 2 &&
           l->h->dilation == 1 && w->dilation == 1 && w->pad_before[0] <= 1 && behind <= 1 && w->in > 0 &&
           !l->conv->window->variant;
}

static layout lay_out(const cr_conv *conv)
{
    const cr_window *w = conv->window;
    layout l = {.conv = conv, .h = &cr_axis_single, .w = &w->axis[w->n_axes - 1]};
    if (w->n_axes == 2)
        l.h = &w->axis[0];
    l.multiplier = conv->out_channels / conv->group;
    l.phase_step = cr_round_up(cr_div_up(padded_size(l.w, l.w->out), l.w->stride), LINE);
    l.row_step = l.w->stride * l.phase_step;
    l.padded_rows = padded_size(l.h, l.h->out);
    int64_t fit = (STRIP_FLOATS / l.row_step - padded_size(l.h, 1)) / l.h->stride + 1;
    l.strips = cr_div_up(l.h->out, cr_i64_max(cr_i64_min(fit, l.h->out), LEAST_ROWS));
    l.strip_rows = cr_div_up(l.h->out, l.strips);
    l.strip_floats = padded_size(l.h, l.strip_rows) * l.row_step + LINE;
    l.variants = w->variant ? 2 : 1;
    l.direct = is_direct(&l);
    return l;
}

static const char *refuse_axis(const cr_axis *a)
{
    if (a->out < 1)
        return "there is no output";
    if (a->out > MOST_POSITIONS || a->stride > MOST_POSITIONS || a->dilation > MOST_POSITIONS ||
        padded_size(a, a->out) > MOST_POSITIONS)
        return "an axis is too long";
    return NULL;
}

static const char *accepts(const cr_conv *conv)
{
    const cr_window *w = conv->window;
    const char *why = NULL;
    if (!conv->kernels)
        return "no ISA level is chosen";
    if (conv->in_channels != conv->group || conv->group < 1)
        return "a group has not one input channel";
    if (w->n_axes != 1 && w->n_axes != 2)
        return "it has not one or two axes";
    for (int a = 0; a < w->n_axes && !why; a++)
        why = refuse_axis(&w->axis[a]);
    if (why)
        return why;
    if (w->axis[w->n_axes - 1].kernel > CR_DEPTHWISE_MAX_COLUMNS)
        return "the kernel is wider than 64";
    if (w->axis[w->n_axes - 1].stride > MOST_STRIDE)
        return "the stride is more than 8";
    return lay_out(conv).strip_floats > MOST_STRIP_FLOATS ? "a few rows do not fit the cache" : NULL;
}

// 3x3 and 5x5.
static bool has_own_loop(const cr_axis *a)
{
    return (a->kernel == 3 || a->kernel == 5) && a->stride <= 2 && a->dilation == 1;
}

static const char *loses(const cr_conv *conv)
{
    const cr_axis *x = conv->window->axis, *y = x + conv->window->n_axes - 1;
    int64_t outputs = conv->out_channels / conv->group;
    double positions = (double)conv->out_count, values = positions * (double)outputs;
    bool own = has_own_loop(x) && has_own_loop(y) && x->kernel == y->kernel;
    if (conv->in_blocked || conv->out_blocked)
        return "blocked activations are faster";
    if (outputs < (own || conv->kernel_count < MANY_TAPS ? MANY_OUTPUTS : SOME_OUTPUTS) ||
        (own && y->stride == 1 && positions < many_positions) ||
        (own && y->stride == 2 && values < many_values) ||
        (!own && values * (double)conv->kernel_count < many_products))
        return NULL;
    return cr_conv_direct.accepts(conv) ? NULL : "a channel has so many outputs that 'direct' is faster";
}

static size_t slot_bytes(const cr_conv *conv)
{
    layout l = lay_out(conv);
    return l.direct ? 0 : (size_t)l.strip_floats * sizeof(float);
}

// Of the row that stands for one outside; direct.
static int64_t outside_floats(const layout *l)
{
    return cr_round_up(l->w->in, LINE) + 2 * LINE;
}

// The maps, the columns' factors, the row outside.
static size_t scratch_bytes(const cr_conv *conv)
{
    layout l = lay_out(conv);
    int64_t maps = l.variants * (cr_round_up(l.padded_rows, LINE) + l.row_step);
    return (size_t)(maps + cr_round_up(l.w->out, LINE) + outside_floats(&l)) * sizeof(float);
}

/* ---- maps ---- */

static void fill(int32_t *map, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        map[i] = CR_TAP_OUTSIDE;
}

// map: of padded positions, those of one phase side by side.
static void map_axis(const cr_axis *a, int variant, int64_t stride, int64_t phase_step, int32_t *map)
{
    for (int64_t k = 0; k < a->kernel; k++)
        for (int64_t o = 0; o < a->out; o++) {
            int64_t p = o * a->stride + k * a->dilation;
            map[p % stride * phase_step + p / stride] = a->index[variant][k * a->out + o];
        }
}

static void set_phases(const layout *l, int variant, struct cr_depthwise_phase *phase)
{
    const cr_axis *a = l->w;
    int64_t n = padded_size(a, a->out), pad = a->pad_before[variant];
    for (int64_t q = 0; q < a->stride; q++) {
        struct cr_depthwise_phase f = {.columns = cr_div_up(n - q, a->stride)};
        f.run_begin = pad > q ? cr_div_up(pad - q, a->stride) : 0;
        f.run_end = pad + a->in > q ? cr_i64_min(cr_div_up(pad + a->in - q, a->stride), f.columns) : 0;
        if (f.run_end <= f.run_begin)
            f.run_begin = f.run_end = 0;
        f.run_from = f.run_begin * a->stride + q - pad;
        phase[q] = f;
    }
}

static void set_maps(job *j)
{
    const layout *l = j->l;
    j->row_map = j->b->scratch;
    int64_t rows = cr_round_up(l->padded_rows, LINE);
    j->column_map = j->row_map + l->variants * rows;
    fill(j->row_map, l->variants * (rows + l->row_step));
    for (int v = 0; v < l->variants; v++) {
        map_axis(l->h, v, 1, 0, j->row_map + v * rows);
        map_axis(l->w, v, l->w->stride, l->phase_step, j->column_map + v * l->row_step);
        set_phases(l, v, j->phase[v]);
    }
    float *factor = (float *)j->column_map + l->variants * l->row_step;
    for (int64_t x = 0; l->conv->window->partial && x < cr_round_up(l->w->out, LINE); x++)
        factor[x] = x < l->w->out ? l->w->factor[x] : 0;
    j->strip.column_factor = factor;
    j->strip.empty = cr_window_has_empty(l->conv->window);
    float *outside = factor + cr_round_up(l->w->out, LINE);
    for (int64_t x = 0; l->direct && x < outside_floats(l); x++)
        outside[x] = l->conv->window->outside;
    j->strip.outside_row = outside;
}

/* ---- strips ---- */

static void set_edges(const layout *l, cr_depthwise_strip *s)
{
    const cr_axis *w = l->w;
    s->in_step = w->in;
    s->left_pad = w->pad_before[0] > 0;
    s->left = w->index[0][0];
    s->right_pad = (w->out - 1) * w->stride + 2 - w->pad_before[0] >= w->in;
    s->right = w->index[0][w->kernel * w->out - 1];
}

static void set_strip(job *j)
{
    const layout *l = j->l;
    cr_depthwise_strip *s = &j->strip;
    *s = (cr_depthwise_strip){.from_step = l->row_step, .columns = l->w->out};
    s->kernel_h = l->h->kernel;
    s->kernel_w = l->w->kernel;
    s->stride = l->h->stride;
    s->dilation = l->h->dilation;
    s->column = j->column;
    set_edges(l, s);
    s->column = j->column;
    for (int64_t k = 0; k < l->w->kernel; k++) {
        int64_t p = k * l->w->dilation;
        j->column[k] = p % l->w->stride * l->phase_step + p / l->w->stride;
    }
    cr_epilogue_split(j->b->epilogue, &j->now, &j->later);
    s->activation = j->now.activation;
    s->slope = j->now.slope;
    s->min = j->now.min;
    s->max = j->now.max;
}

static void pad_strip(const job *j, int64_t image, int64_t channel, int64_t row, int64_t rows, float *to)
{
    const layout *l = j->l;
    const cr_window *w = l->conv->window;
    int bits = w->variant ? w->variant[channel] : 0;
    int v = bits >> (w->n_axes - 1) & 1, v_rows = w->n_axes == 2 ? bits & 1 : 0;
    cr_depthwise_pad p = {.in_step = l->w->in, .stride = l->w->stride, .phase_step = l->phase_step, .to = to};
    p.channel = j->b->in + image * l->conv->in_image_stride + channel * l->conv->in_count;
    p.row_map = j->row_map + v_rows * cr_round_up(l->padded_rows, LINE) + row * l->h->stride;
    p.rows = padded_size(l->h, rows);
    p.column_map = j->column_map + v * l->row_step;
    p.phase = j->phase[v];
    p.outside = w->outside;
    j->kernels->pad(&p);
}

static void run_strip(const job *j, int64_t image, int64_t channel, int64_t row, const float *padded)
{
    const layout *l = j->l;
    const cr_conv *c = l->conv;
    const cr_epilogue *e = &j->now;
    int64_t at = channel * c->out_count + row * l->w->out;
    cr_depthwise_strip s = j->strip;
    s.from = padded;
    s.channel = j->b->in + image * c->in_image_stride + channel / l->multiplier * c->in_count;
    s.row_map = j->row_map + row * l->h->stride;
    s.rows = cr_i64_min(l->strip_rows, l->h->out - row);
    s.weights = j->b->weights + channel * c->kernel_count;
    s.bias = j->b->bias ? j->b->bias[channel] : 0;
    if (c->window->partial)
        s.row_factor = l->h->factor ? l->h->factor + row : &one;
    else
        s.row_factor = NULL;
    s.out = j->b->out + image * c->out_image_stride + at;
    if (e->add)
        s.add = e->add + image * e->add_image_stride + at;
    if (s.activation == CR_ACT_PRELU)
        s.slope = e->slopes[channel];
    if (l->direct)
        j->kernels->direct(&s);
    else
        j->kernels->run(&s);
    cr_epilogue_out out = {.data = s.out, .images = 1, .channels = 1, .count = s.rows * s.columns};
    cr_epilogue_apply(c->kernels, &j->later, &out, NULL);
}

static void run_item(void *ctx, int64_t item, int slot)
{
    const job *j = ctx;
    const layout *l = j->l;
    float *padded = (float *)(void *)(j->b->slot_scratch + (size_t)slot * j->b->slot_step);
    for (int64_t u = j->units * item / j->items; u < j->units * (item + 1) / j->items; u++) {
        int64_t row = u % l->strips * l->strip_rows, channel = u / l->strips % l->conv->group;
        int64_t image = u / l->strips / l->conv->group;
        if (!l->direct)
            pad_strip(j, image, channel, row, cr_i64_min(l->strip_rows, l->h->out - row), padded);
        for (int64_t m = 0; m < l->multiplier; m++)
            run_strip(j, image, channel * l->multiplier + m, row, padded);
    }
}

static void run(const cr_conv *conv, const cr_conv_buffers *buffers)
{
    layout l = lay_out(conv);
    job j = {.l = &l, .b = buffers, .kernels = conv->kernels->depthwise};
    if (j.kernels->narrow && l.w->out <= conv->kernels->vector / 2)
        j.kernels = j.kernels->narrow;
    set_strip(&j);
    set_maps(&j);
    j.units = conv->images * conv->group * l.strips;
    j.items = cr_i64_min(j.units, ITEMS);
    cr_parallel(buffers->pool, j.items, run_item, &j);
}

const cr_conv_algorithm cr_conv_depthwise = {.name = "depthwise",
                                             .accepts = accepts,
                                             .loses = loses,
                                             .scratch_bytes = scratch_bytes,
                                             .slot_bytes = slot_bytes,
                                             .epilogue = true,
                                             .run = run};
