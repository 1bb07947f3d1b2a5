/*
 * example.c - a plugin with one layer type, built against crema.h alone:
 *
 *     cc -O2 -shared -fPIC example.c -o example.so
 *     crema run net.prototxt --plugin example.so --input x.npy
 *
 * LocalContrast: y = gain * (x - m) / (s + floor), where m and s are mean and standard deviation of the size x size
 * window around x in its own channel, cut at the borders. A second bottom (n, 1, h, w) is multiplied in.
 *
 *     layer {
 *       name: "lc" type: "LocalContrast" bottom: "data" bottom: "mask" top: "lc"
 *       local_contrast_param {
 *         size: 3           # odd
 *         floor: 0.5
 *         border: CUT       # or WRAP: the window goes on at the other side
 *         keep: 0 keep: 2   # channels that are left as they are
 *         learned { gain: true }  # one weight a channel; else gain is 1
 *       }
 *     }
 */
#include <crema.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct contrast {
    int64_t size;
    double floor;
    int wrap, learned;
    int n_keep;
    int64_t *keep;
} contrast;

static void free_contrast(void *user, void *state)
{
    contrast *c = state;
    (void)user;
    free(c->keep);
    free(c);
}

// Where a parameter is not given, what stands in *c stays.
static crema_status read_contrast(crema_layer *layer, contrast *c, crema_error *err)
{
    const char *border = "CUT";
    crema_status status;
    if ((status = crema_field_get_int(layer, "local_contrast_param.size", 0, &c->size, err)) ||
        (status = crema_field_get_double(layer, "local_contrast_param.floor", 0, &c->floor, err)) ||
        (status = crema_field_get_string(layer, "local_contrast_param.border", 0, &border, err)) ||
        (status = crema_field_get_bool(layer, "local_contrast_param.learned.gain", 0, &c->learned, err)))
        return status;
    if (c->size < 1 || c->size > 99 || c->size % 2 == 0)
        return crema_field_fail(layer, "local_contrast_param.size", 0, err,
                                "size must be odd and from 1 to 99, not %lld", (long long)c->size);
    if (!(c->floor > 0))
        return crema_field_fail(layer, "local_contrast_param.floor", 0, err, "floor must be above 0, not %g",
                                c->floor);
    c->wrap = strcmp(border, "WRAP") == 0;
    if (!c->wrap && strcmp(border, "CUT") != 0)
        return crema_field_fail(layer, "local_contrast_param.border", 0, err,
                                "border must be CUT or WRAP, not %.40s", border);
    return CREMA_OK;
}

static crema_status read_keep(crema_layer *layer, contrast *c, crema_error *err)
{
    int n = crema_field_count(layer, "local_contrast_param.keep");
    if (n <= 0)
        return CREMA_OK;
    c->keep = calloc((size_t)n, sizeof *c->keep);
    if (!c->keep)
        return CREMA_ERR_MEMORY;
    for (; c->n_keep < n; c->n_keep++) {
        crema_status status =
            crema_field_get_int(layer, "local_contrast_param.keep", c->n_keep, &c->keep[c->n_keep], err);
        if (status != CREMA_OK)
            return status;
    }
    return CREMA_OK;
}

static crema_status setup(void *user, crema_layer *layer, void **state, crema_error *err)
{
    (void)user;
    contrast *c = calloc(1, sizeof *c);
    if (!c)
        return CREMA_ERR_MEMORY;
    *state = c; // from here on free_contrast frees it, whatever comes
    c->size = 3;
    c->floor = 1;
    crema_status status = read_contrast(layer, c, err);
    return status == CREMA_OK ? read_keep(layer, c, err) : status;
}

static crema_status shape(void *user, const crema_layer *layer, const void *state, crema_layer_shapes *s,
                          crema_error *err)
{
    const contrast *c = state;
    const crema_shape *x = &s->bottoms[0];
    (void)user;
    if (x->rank != 4)
        return crema_field_fail(layer, "bottom", 0, err, "takes n x c x h x w, not %d axes", x->rank);
    for (int i = 0; i < c->n_keep; i++)
        if (c->keep[i] < 0 || c->keep[i] >= x->dim[1])
            return crema_field_fail(layer, "local_contrast_param.keep", i, err,
                                    "there is no channel %lld; the bottom has %lld", (long long)c->keep[i],
                                    (long long)x->dim[1]);
    if (s->n_bottoms == 2) {
        const crema_shape *mask = &s->bottoms[1];
        if (mask->rank != 4 || mask->dim[0] != x->dim[0] || mask->dim[1] != 1 || mask->dim[2] != x->dim[2] ||
            mask->dim[3] != x->dim[3])
            return crema_field_fail(layer, "bottom", 1, err,
                                    "the second bottom must have one channel and the size of the first");
    }
    s->tops[0] = *x;
    if (c->learned) {
        s->n_weights = 1;
        s->weights[0] = (crema_weight_spec){"gain", {1, {x->dim[1]}}, 1};
    }
    s->scratch_bytes = (size_t)x->dim[1]; // a flag for each channel
    s->macs = x->dim[0] * x->dim[1] * x->dim[2] * x->dim[3] * c->size * c->size;
    return CREMA_OK;
}

static float contrast_at(const contrast *c, const float *x, int64_t h, int64_t w, int64_t row, int64_t column)
{
    double sum = 0, squares = 0, n = 0;
    int64_t r = c->size / 2;
    for (int64_t i = row - r; i <= row + r; i++)
        for (int64_t j = column - r; j <= column + r; j++) {
            if (!c->wrap && (i < 0 || i >= h || j < 0 || j >= w))
                continue;
            double v = (double)x[((i % h + h) % h) * w + (j % w + w) % w];
            sum += v;
            squares += v * v;
            n += 1;
        }
    double mean = sum / n, variance = squares / n - mean * mean;
    return (float)(((double)x[row * w + column] - mean) / (sqrt(variance > 0 ? variance : 0) + c->floor));
}

static crema_status run(void *user, const crema_layer *layer, const void *state, const crema_layer_run *run,
                        crema_error *err)
{
    const contrast *c = state;
    const crema_shape *shape = &run->bottoms[0].shape;
    const float *x = run->bottoms[0].data, *mask = run->n_bottoms == 2 ? run->bottoms[1].data : NULL;
    const float *gain = run->n_weights ? run->weights[0].data : NULL;
    float *y = run->tops[0].data;
    int64_t channels = shape->dim[1], h = shape->dim[2], w = shape->dim[3];
    char *kept = run->scratch;
    (void)user, (void)layer, (void)err;
    memset(kept, 0, (size_t)channels);
    for (int i = 0; i < c->n_keep; i++)
        kept[c->keep[i]] = 1;
    for (int64_t plane = 0; plane < shape->dim[0] * channels; plane++) {
        int64_t channel = plane % channels;
        const float *in = x + plane * h * w, *m = mask ? mask + plane / channels * h * w : NULL;
        for (int64_t i = 0; i < h * w; i++) {
            float v = kept[channel] ? in[i] : contrast_at(c, in, h, w, i / w, i % w);
            y[plane * h * w + i] = v * (gain ? gain[channel] : 1) * (m ? m[i] : 1);
        }
    }
    return CREMA_OK;
}

const int crema_plugin_abi = CREMA_PLUGIN_ABI;

crema_status crema_plugin_init(crema_context *context, crema_error *err)
{
    crema_layer_type type = {.struct_size = sizeof type,
                             .name = "LocalContrast",
                             .param = "local_contrast_param",
                             .min_bottoms = 1,
                             .max_bottoms = 2,
                             .min_tops = 1,
                             .max_tops = 1,
                             .setup = setup,
                             .shape = shape,
                             .run = run,
                             .free = free_contrast};
    return crema_context_add_layer_type(context, &type, err);
}
