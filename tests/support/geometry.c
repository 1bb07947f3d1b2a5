#include "tests/support/geometry.h"
#include "crema.pb-c.h"

#include <stdlib.h>
#include <string.h>

float random_float(unsigned *seed)
{
    return (float)rand_r(seed) / (float)RAND_MAX * 2 - 1;
}

float *random_floats(cr_arena *arena, unsigned *seed, int64_t n)
{
    float *x = cr_arena_array(arena, (size_t)n, sizeof *x);
    for (int64_t i = 0; i < n; i++)
        x[i] = random_float(seed);
    return x;
}

cr_window_spec geometry_spec(int rule, int mode, int64_t height, int64_t width)
{
    return (cr_window_spec){.kernel = {height, width},
                            .stride = {1, 1},
                            .dilation = {1, 1},
                            .rule = rule,
                            .mode = mode,
                            .pad_value = mode == CREMA__PAD_MODE__CONSTANT ? 0.75f : 0};
}

static const Crema__ConvolutionParameter no_param;

bool geometry_make(geometry_case *g, const cr_window_spec *spec, int n_axes, const int64_t *in,
                   int64_t images, int64_t in_channels, int64_t out_channels, int64_t group)
{
    *g = (geometry_case){.spec = *spec};
    g->spec.message = &no_param;
    g->spec.n_axes = n_axes;
    Crema__LayerParameter param;
    crema__layer_parameter__init(&param);
    cr_layer_type type = {.name = "Convolution"};
    cr_layer layer = {.type = &type, .name = "random", .param = &param};
    int64_t out[CR_MAX_AXES];
    cr_conv *c = &g->conv;
    *c =
        (cr_conv){.images = images, .in_channels = in_channels, .out_channels = out_channels, .group = group};
    c->in_count = c->out_count = c->kernel_count = 1;
    for (int a = 0; a < n_axes; a++) {
        if (cr_window_out(&layer, &g->spec, a, in[a], &out[a], NULL))
            return false;
        c->in_count *= in[a];
        c->out_count *= out[a];
        c->kernel_count *= spec->kernel[a];
    }
    if (cr_window_build(&g->arena, &g->spec, n_axes, in, out, in_channels, &g->window, NULL))
        abort();
    c->in_image_stride = in_channels * c->in_count + 3; // images with a gap between them
    c->out_image_stride = out_channels * c->out_count + 5;
    return true;
}

bool geometry_random(geometry_case *g, unsigned *seed, int n_axes, int rule, int mode)
{
    cr_window_spec s = {
        .rule = rule, .mode = mode, .pad_value = mode == CREMA__PAD_MODE__CONSTANT ? 0.75f : 0};
    int64_t in[CR_MAX_AXES];
    for (int a = 0; a < n_axes; a++) {
        s.kernel[a] = 1 + rand_r(seed) % 4;
        s.stride[a] = 1 + rand_r(seed) % 3;
        s.dilation[a] = 1 + rand_r(seed) % 2;
        in[a] = 1 + rand_r(seed) % (n_axes > 2 ? 6 : 11);
        if (rule == CREMA__PAD_RULE__EXPLICIT) {
            s.pad_before[a] = rand_r(seed) % 4;
            s.pad_after[a] = rand_r(seed) % 4;
        }
    }
    int64_t group = rand_r(seed) % 3 ? 1 + rand_r(seed) % 3 : 8 + rand_r(seed) % 12;
    int64_t in_group = 1 + rand_r(seed) % 3, out_group = 1 + rand_r(seed) % 3;
    return geometry_make(g, &s, n_axes, in, 1 + rand_r(seed) % 2, group * in_group, group * out_group, group);
}

static int64_t wrap(int64_t i, int64_t period)
{
    while (i < 0)
        i += period;
    return i % period;
}

int64_t geometry_read(const geometry_case *g, int axis, int variant, int64_t o, int64_t k)
{
    int64_t before, after, n = g->window.axis[axis].in;
    cr_window_pads(&g->spec, axis, n, &before, &after);
    int64_t i = o * g->spec.stride[axis] + k * g->spec.dilation[axis] - (variant ? after : before);
    if (i >= 0 && i < n)
        return i;
    switch (g->spec.mode) {
    case CREMA__PAD_MODE__REFLECT: // walk, turning round at the ends
        for (int64_t at = 0, step = 1, walked = 0, to = wrap(i, n > 1 ? 2 * n - 2 : 1);; walked++) {
            if (walked == to)
                return at;
            if (at + step < 0 || at + step >= n)
                step = -step;
            at += step;
        }
    case CREMA__PAD_MODE__SYMMETRIC:
        i = wrap(i, 2 * n);
        return i < n ? i : 2 * n - 1 - i;
    case CREMA__PAD_MODE__REPLICATE:
        return i < 0 ? 0 : n - 1;
    case CREMA__PAD_MODE__CIRCULAR:
        return wrap(i, n);
    default:
        return -1;
    }
}

// What tap t of output p reads in a channel with these variants, -1 outside.
static int64_t read_tap(const geometry_case *g, int variants, int64_t t, int64_t p)
{
    int64_t at = 0, step = 1;
    for (int a = g->window.n_axes - 1; a >= 0; a--) {
        const cr_axis *axis = &g->window.axis[a];
        int64_t i = geometry_read(g, a, variants >> a & 1, p % axis->out, t % axis->kernel);
        at = i < 0 || at < 0 ? -1 : at + i * step;
        step *= axis->in;
        p /= axis->out;
        t /= axis->kernel;
    }
    return at;
}

// The table of read_tap: (taps, positions).
static int64_t *make_reads(const geometry_case *g, int variants)
{
    int64_t taps = g->conv.kernel_count, count = g->conv.out_count;
    int64_t *reads = malloc((size_t)(taps * count + 1) * sizeof *reads);
    for (int64_t i = 0; i < taps * count; i++)
        reads[i] = read_tap(g, variants, i / count, i % count);
    return reads;
}

typedef struct sums {
    const geometry_case *g;
    int64_t *reads[1 << CR_MAX_AXES]; // by variants; NULL: not made yet
    double *value, *row;              // (outputs of a group, positions); (positions)
} sums;

static const int64_t *reads_of(sums *s, int64_t channel)
{
    int variants = s->g->window.variant ? s->g->window.variant[channel] : 0;
    if (!s->reads[variants])
        s->reads[variants] = make_reads(s->g, variants);
    return s->reads[variants];
}

// in: of a group. Each input under a tap is looked up once, for all outputs.
static void sum_group(sums *s, int64_t group, const float *in, const float *weights)
{
    const cr_conv *c = &s->g->conv;
    int64_t channels = c->in_channels / c->group, outputs = c->out_channels / c->group, n = c->out_count;
    memset(s->value, 0, (size_t)(outputs * n) * sizeof *s->value);
    for (int64_t i = 0; i < channels; i++, in += c->in_count) {
        const int64_t *reads = reads_of(s, group * channels + i);
        for (int64_t t = 0; t < c->kernel_count; t++, reads += n) {
            for (int64_t p = 0; p < n; p++)
                s->row[p] = (double)(reads[p] < 0 ? s->g->window.outside : in[reads[p]]);
            for (int64_t o = 0; o < outputs; o++) {
                double w = (double)weights[(o * channels + i) * c->kernel_count + t],
                       *value = s->value + o * n;
                for (int64_t p = 0; p < n; p++)
                    value[p] += w * s->row[p];
            }
        }
    }
}

// PARTIAL: taps by those inside, 0 if there are none.
static double factor_at(const int64_t *reads, int64_t taps, int64_t count, int64_t p)
{
    int64_t inside = 0;
    for (int64_t t = 0; t < taps; t++)
        inside += reads[t * count + p] >= 0;
    return inside ? (double)taps / (double)inside : 0;
}

static void round_group(sums *s, const float *bias, float *out)
{
    const cr_conv *c = &s->g->conv;
    int64_t n = c->out_count;
    for (int64_t p = 0; p < n; p++)
        s->row[p] = s->g->spec.mode == CREMA__PAD_MODE__PARTIAL
                        ? factor_at(reads_of(s, 0), c->kernel_count, n, p)
                        : 1;
    for (int64_t i = 0; i < c->out_channels / c->group * n; i++) {
        double factor = s->row[i % n], b = bias ? (double)bias[i / n] : 0;
        out[i] = factor > 0 ? (float)(s->value[i] * factor + b) : 0;
    }
}

void geometry_convolve(const geometry_case *g, const float *in, const float *weights, const float *bias,
                       float *out)
{
    const cr_conv *c = &g->conv;
    int64_t channels = c->in_channels / c->group, outputs = c->out_channels / c->group;
    sums s = {.g = g};
    s.value = malloc((size_t)(outputs * c->out_count + 1) * sizeof *s.value);
    s.row = malloc((size_t)(c->out_count + 1) * sizeof *s.row);
    for (int64_t i = 0; i < c->images * c->group; i++) {
        int64_t image = i / c->group, group = i % c->group, first = group * outputs;
        sum_group(&s, group, in + image * c->in_image_stride + group * channels * c->in_count,
                  weights + first * channels * c->kernel_count);
        round_group(&s, bias ? bias + first : NULL, out + image * c->out_image_stride + first * c->out_count);
    }
    for (int v = 0; v < 1 << CR_MAX_AXES; v++)
        free(s.reads[v]);
    free(s.value);
    free(s.row);
}
