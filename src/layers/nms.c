/*
 * nms.c - Nms (OpenPose's caffe_rtpose): the peaks of heat maps.
 *
 * Top: per map, rows [x, y, score]; row 0 holds the number of peaks instead (all that there are, also those
 * that had no row left), and rows without a peak are 0. Peaks come row by row. There are two versions of it,
 * and the CPU code of the repository was never kept in step; this is what its GPU code does.
 *   - now (max_peaks, num_parts): top (n, num_parts, max_peaks + 1, 3), from the first num_parts maps. A peak
 *     is above threshold and above its eight neighbours, and not in the first two nor the last row or column.
 *     Its place is the mean of the 7 x 7 places around it, weighted by what is positive there; row and column
 *     0 do not count. The source tests rows against the width, and reads behind the map where it is wide;
 *     here they end with the map;
 *   - first (num_peak is given, or one map without num_parts): top (n, 1, num_peak + 1, 3), from the first
 *     map; four neighbours, 0 outside of the map; the place is that of the peak.
 */
#include "crema.pb-c.h"
#include "layers/layer.h"

#include <string.h>

typedef struct nms {
    float threshold;
    const Crema__NmsParameter *p; // NULL: all defaults
    Crema__NmsParameter none;
} nms;

typedef struct peaks {
    int64_t parts, rows; // rows with row 0
    bool first;          // version
} peaks;

static const Crema__NmsParameter *param_of(const cr_layer *layer)
{
    const nms *m = layer->ctx;
    return m->p ? m->p : &m->none;
}

static cr_status setup(cr_layer *layer, cr_err *err)
{
    (void)err;
    nms *m = layer->ctx;
    crema__nms_parameter__init(&m->none);
    m->p = layer->param->nms_param;
    m->threshold = param_of(layer)->threshold;
    return CREMA_OK;
}

static peaks version(const Crema__NmsParameter *p, const cr_shape *in)
{
    if (p->has_num_peak || (in->dim[1] == 1 && !p->has_num_parts))
        return (peaks){1, (int64_t)p->num_peak + 1, true};
    return (peaks){p->num_parts, (int64_t)p->max_peaks + 1, false};
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const Crema__NmsParameter *p = param_of(layer);
    const cr_shape *in = &s->in[0];
    char text[CR_SHAPE_TEXT];
    if (in->rank != 4)
        return cr_layer_fail(layer, err, layer->param, "bottom", 0,
                             "bottom \"%s\" is %s; maps have 4 axes (images, maps, height, width)",
                             layer->in_name[0], cr_shape_text(in, text, sizeof text));
    peaks v = version(p, in);
    if (v.parts < 1 || in->dim[1] < v.parts)
        return cr_layer_fail(layer, err, layer->param->nms_param, "num_parts", 0,
                             "num_parts is %lld, but bottom \"%s\" has %lld maps", (long long)v.parts,
                             layer->in_name[0], (long long)in->dim[1]);
    s->out[0] = (cr_shape){4, {in->dim[0], v.parts, v.rows, 3}};
    s->reading =
        v.first ? "peaks by four neighbours, whole places" : "peaks by eight neighbours, weighted places";
    return CREMA_OK;
}

typedef struct work {
    peaks v;
    float threshold;
    const cr_tensor *in, *out;
    int64_t height, width;
} work;

static bool above_four(const work *w, const float *at, int64_t y, int64_t x)
{
    float up = y > 0 ? at[-w->width] : 0, down = y < w->height - 1 ? at[w->width] : 0;
    float left = x > 0 ? at[-1] : 0, right = x < w->width - 1 ? at[1] : 0;
    return *at > up && *at > down && *at > left && *at > right;
}

static bool above_eight(const work *w, const float *at, int64_t y, int64_t x)
{
    if (x < 2 || x >= w->width - 1 || y < 2 || y >= w->height - 1)
        return false;
    for (int64_t dy = -1; dy <= 1; dy++)
        for (int64_t dx = -1; dx <= 1; dx++)
            if ((dy || dx) && !(*at > at[dy * w->width + dx]))
                return false;
    return true;
}

static void weigh(const work *w, const float *map, int64_t y, int64_t x, float *row)
{
    float sum = 0, sum_x = 0, sum_y = 0;
    for (int64_t i = y - 3; i <= y + 3; i++)
        for (int64_t j = x - 3; j <= x + 3; j++) {
            if (i <= 0 || i >= w->height || j <= 0 || j >= w->width || !(map[i * w->width + j] > 0))
                continue;
            float score = map[i * w->width + j];
            sum += score;
            sum_x += (float)j * score;
            sum_y += (float)i * score;
        }
    row[0] = sum_x / sum;
    row[1] = sum_y / sum;
}

// One map.
static void item(void *ctx, int64_t index, int slot)
{
    (void)slot;
    const work *w = ctx;
    int64_t image = index / w->v.parts, part = index % w->v.parts, n = 0;
    const float *map = w->in->data + image * w->in->image_stride + part * w->height * w->width;
    float *out = w->out->data + image * w->out->image_stride + part * w->v.rows * 3;
    memset(out, 0, (size_t)w->v.rows * 3 * sizeof *out);
    for (int64_t y = 0; y < w->height; y++)
        for (int64_t x = 0; x < w->width; x++) {
            const float *at = map + y * w->width + x;
            if (!(*at > w->threshold) || !(w->v.first ? above_four : above_eight)(w, at, y, x) ||
                ++n >= w->v.rows)
                continue;
            out[3 * n] = (float)x;
            out[3 * n + 1] = (float)y;
            out[3 * n + 2] = *at;
            if (!w->v.first)
                weigh(w, map, y, x, out + 3 * n);
        }
    out[0] = (float)n;
}

static void run(const cr_step *step, cr_run *run)
{
    const nms *m = step->layer->ctx;
    work w = {.threshold = m->threshold, .in = cr_in(step, run, 0), .out = cr_out(step, run, 0)};
    w.v = version(param_of(step->layer), &w.in->shape);
    w.height = w.in->shape.dim[2];
    w.width = w.in->shape.dim[3];
    cr_parallel(run->pool, w.in->shape.dim[0] * w.v.parts, item, &w);
}

const cr_layer_type cr_layer_nms = {
    .name = "Nms",
    .about = "peaks of heat maps (OpenPose)",
    .param = "nms_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_STRIDED,
    .ctx_bytes = sizeof(nms),
    .setup = setup,
    .shape = shape,
    .run = run,
};
