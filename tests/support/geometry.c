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

typedef struct sum {
    double value;
    int64_t taps_inside; // of one channel
} sum;

// One channel under one window.
static sum convolve_channel(const geometry_case *g, int64_t channel, const int64_t *o, const float *in,
                            const float *weights)
{
    sum s = {0};
    for (int64_t t = 0; t < g->conv.kernel_count; t++) {
        int64_t rest = t, at = 0, step = 1;
        for (int a = g->window.n_axes - 1; a >= 0; a--) {
            int64_t k = rest % g->spec.kernel[a];
            rest /= g->spec.kernel[a];
            int variant = g->window.variant ? g->window.variant[channel] >> a & 1 : 0;
            int64_t i = geometry_read(g, a, variant, o[a], k);
            at = i < 0 || at < 0 ? -1 : at + i * step;
            step *= g->window.axis[a].in;
        }
        s.value += (double)weights[t] * (double)(at < 0 ? g->window.outside : in[at]);
        s.taps_inside += at >= 0;
    }
    return s;
}

static float convolve_at(const geometry_case *g, int64_t out_channel, const int64_t *o, const float *in,
                         const float *weights, const float *bias)
{
    const cr_conv *c = &g->conv;
    int64_t in_group = c->in_channels / c->group,
            first = out_channel / (c->out_channels / c->group) * in_group;
    double total = 0, b = bias ? (double)bias[out_channel] : 0;
    int64_t inside = 0;
    for (int64_t i = 0; i < in_group; i++) {
        sum s = convolve_channel(g, first + i, o, in + (first + i) * c->in_count,
                                 weights + (out_channel * in_group + i) * c->kernel_count);
        total += s.value;
        inside = s.taps_inside;
    }
    if (g->spec.mode != CREMA__PAD_MODE__PARTIAL)
        return (float)(total + b);
    return inside ? (float)(total * (double)c->kernel_count / (double)inside + b) : 0;
}

void geometry_convolve(const geometry_case *g, const float *in, const float *weights, const float *bias,
                       float *out)
{
    const cr_conv *c = &g->conv;
    for (int64_t image = 0; image < c->images; image++)
        for (int64_t channel = 0; channel < c->out_channels; channel++)
            for (int64_t p = 0; p < c->out_count; p++) {
                int64_t o[CR_MAX_AXES], rest = p;
                for (int a = g->window.n_axes - 1; a >= 0; a--) {
                    o[a] = rest % g->window.axis[a].out;
                    rest /= g->window.axis[a].out;
                }
                out[image * c->out_image_stride + channel * c->out_count + p] =
                    convolve_at(g, channel, o, in + image * c->in_image_stride, weights, bias);
            }
}
