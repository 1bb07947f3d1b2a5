/*
 * pad.c - Pad: padding as a layer of its own, in two forms.
 *
 * - Ours: pad (one value, or one for each spatial axis), pad_h and pad_w, or pad_top, pad_bottom, pad_left
 *   and pad_right; pad_mode and pad_value say with what, as for a convolution (ZERO, CONSTANT and the index
 *   maps). Spatial axes are those from axis 2 on. A pad_rule would go by a kernel, so there is only
 *   EXPLICIT.
 * - Synopsys': paddings, two values (before, after) for each axis of the bottom, the first two included,
 *   and value (constant_values there). pad_mode counts here too.
 *
 * MEAN_INTERP and MEAN_REFLECT pad the last two of four axes (mean_padding.h). Else window.c makes the tables. Each output row is a copy of a bottom row, or all constant; of the row, the
 * interior is one copy and the borders go through the table.
 */
#include "layers/pad.h"
#include "crema.pb-c.h"
#include "kernels/copy.h"

#include <string.h>

enum { ITEM_FLOATS = 16384 };

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__PadParameter *p = layer->param->pad_param;
    if (!p)
        return cr_layer_fail(layer, err, NULL, NULL, 0, "pad_param is missing: give pad, or paddings");
    if (p->n_paddings % 2 != 0)
        return cr_layer_fail(layer, err, p, "paddings", p->n_paddings - 1,
                             "paddings has %zu values; it takes two for each axis", p->n_paddings);
    bool sides = p->has_pad_top || p->has_pad_bottom || p->has_pad_left || p->has_pad_right;
    if (p->n_paddings && (p->n_pad || p->has_pad_h || p->has_pad_w || sides))
        return cr_layer_fail(layer, err, p, "paddings", 0,
                             "paddings and the pad fields exclude each other; give one of them");
    for (size_t i = 0; i < p->n_paddings; i++)
        if (p->paddings[i] > INT32_MAX)
            return cr_layer_fail(layer, err, p, "paddings", i, "paddings %u is too large", p->paddings[i]);
    if (p->n_paddings && p->pad_mode >= CREMA__PAD_MODE__MEAN_INTERP)
        return cr_layer_fail(layer, err, p, "pad_mode", 0,
                             "paddings are for all axes and this pad_mode is for two; give the pad fields");
    if (p->has_value && p->has_pad_value)
        return cr_layer_fail(layer, err, p, "value", 0, "value and pad_value are two names of one thing");
    if (p->has_value && p->has_pad_mode && p->pad_mode != CREMA__PAD_MODE__CONSTANT)
        return cr_layer_fail(layer, err, p, "value", 0, "value is given, but pad_mode is not CONSTANT");
    layer->reading = p->n_paddings ? "paddings for all axes" : "pads for the spatial axes";
    return CREMA_OK;
}

// The specification for all axes of the bottom: the first ones may have no pads.
static cr_status read_spec(const cr_layer *layer, const cr_shape *in, cr_window_spec *spec, cr_err *err)
{
    const Crema__PadParameter *p = layer->param->pad_param;
    char text[CR_SHAPE_TEXT];
    if (p->n_paddings && p->n_paddings != 2 * (size_t)in->rank)
        return cr_layer_fail(layer, err, p, "paddings", 0,
                             "paddings has %zu values, and the %d axes of bottom \"%s\" take %d",
                             p->n_paddings, in->rank, layer->in_name[0], 2 * in->rank);
    if (in->rank < (p->n_paddings ? 1 : 3) || in->rank > CR_MAX_AXES)
        return cr_layer_fail(layer, err, NULL, "bottom", 0, "bottom \"%s\" (%s) must have %d to %d axes",
                             layer->in_name[0], cr_shape_text(in, text, sizeof text), p->n_paddings ? 1 : 3,
                             CR_MAX_AXES);
    int first = p->n_paddings ? 0 : 2;
    cr_window_spec given;
    cr_status status = cr_window_spec_pad(layer, in->rank - first, &given, err);
    if (status)
        return status;
    *spec = given;
    if (cr_window_is_mean(spec)) // of two spatial axes, as has been checked
        return CREMA_OK;
    spec->n_axes = in->rank;
    for (int a = 0; a < in->rank; a++) {
        spec->pad_before[a] = a < first       ? 0
                              : p->n_paddings ? p->paddings[2 * a]
                                              : given.pad_before[a - first];
        spec->pad_after[a] = a < first       ? 0
                             : p->n_paddings ? p->paddings[2 * a + 1]
                                             : given.pad_after[a - first];
    }
    if (p->has_value) {
        spec->mode = CREMA__PAD_MODE__CONSTANT;
        spec->pad_value = p->value;
    }
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    cr_window_spec spec;
    cr_status status = read_spec(layer, &s->in[0], &spec, err);
    s->out[0] = s->in[0];
    int first = s->in[0].rank - spec.n_axes;
    for (int a = 0; !status && a < spec.n_axes; a++) {
        int64_t in = s->in[0].dim[first + a], *out = &s->out[0].dim[first + a];
        *out = in + spec.pad_before[a] + spec.pad_after[a];
        if (*out > 0)
            status = cr_window_check(layer, &spec, a, in, *out, err);
    }
    s->view = cr_shape_equal(&s->in[0], &s->out[0]);
    return status;
}

static cr_status prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    const cr_shape *in = &p->tensor[step->in[0]].shape, *out = &p->tensor[step->out[0]].shape;
    cr_pad_data *d = cr_arena_alloc(p->arena, sizeof *d);
    cr_window_spec spec;
    if (!d)
        return cr_no_memory(err);
    cr_status status = read_spec(step->layer, in, &spec, err);
    step->data = d;
    d->mode = spec.mode;
    if (!status && cr_window_is_mean(&spec))
        return cr_mean_padding_make(p->arena, &spec, &in->dim[2], &d->mean, err);
    return status ? status
                  : cr_window_build(p->arena, &spec, in->rank, in->dim, out->dim, 1, &d->window, err);
}

static void run_mean(const cr_mean_padding *mean, const cr_tensor *in, const cr_tensor *out, cr_pool *pool)
{
    cr_mean_planes planes = {.in = in->data, .out = out->data};
    planes.images = in->shape.dim[0];
    planes.channels = in->shape.dim[1];
    planes.in_image_stride = in->image_stride;
    planes.out_image_stride = out->image_stride;
    cr_mean_padding_run(mean, &planes, pool);
}

typedef struct job {
    const cr_window *window;
    const cr_tensor *in;
    cr_tensor *out;
    int64_t in_step[CR_MAX_RANK], out_step[CR_MAX_RANK];
    int64_t rows, per_item;
} job;

static void pad_row(const cr_axis *axis, float outside, const float *in, float *out)
{
    const int32_t *index = axis->index[0];
    int64_t begin = axis->run_begin[0][0], end = axis->run_end[0][0];
    for (int64_t x = 0; x < begin; x++)
        out[x] = index[x] == CR_TAP_OUTSIDE ? outside : in[index[x]];
    if (end > begin)
        memcpy(out + begin, in + begin - axis->pad_before[0], (size_t)(end - begin) * sizeof *out);
    for (int64_t x = end; x < axis->out; x++)
        out[x] = index[x] == CR_TAP_OUTSIDE ? outside : in[index[x]];
}

static void rows_item(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const job *j = ctx;
    int last = j->window->n_axes - 1;
    const cr_axis *axis = j->window->axis;
    int64_t end = (item + 1) * j->per_item < j->rows ? (item + 1) * j->per_item : j->rows;
    for (int64_t row = item * j->per_item; row < end; row++) {
        const float *in = j->in->data;
        float *out = j->out->data;
        int64_t rest = row;
        for (int a = last - 1; a >= 0; a--) {
            int64_t o = rest % j->out->shape.dim[a];
            rest /= j->out->shape.dim[a];
            out += o * j->out_step[a];
            int32_t i = axis[a].index[0][o];
            in = in && i != CR_TAP_OUTSIDE ? in + i * j->in_step[a] : NULL;
        }
        if (in)
            pad_row(&axis[last], j->window->outside, in, out);
        else
            for (int64_t x = 0; x < axis[last].out; x++)
                out[x] = j->window->outside;
    }
}

static void run(const cr_step *step, cr_run *run)
{
    const cr_pad_data *d = step->data;
    job j = {.window = &d->window, .in = cr_in(step, run, 0), .out = cr_out(step, run, 0)};
    if (d->mean) {
        run_mean(d->mean, j.in, j.out, run->pool);
        return;
    }
    int last = j.window->n_axes - 1;
    int64_t width = j.window->axis[last].out;
    cr_copy_steps(j.in, j.in_step);
    cr_copy_steps(j.out, j.out_step);
    if (cr_shape_count(&j.out->shape) == 0)
        return;
    j.rows = cr_shape_range(&j.out->shape, 0, last);
    j.per_item = width < ITEM_FLOATS ? ITEM_FLOATS / width : 1;
    cr_parallel(run->pool, (j.rows + j.per_item - 1) / j.per_item, rows_item, &j);
}

const cr_layer_type cr_layer_pad = {
    .name = "Pad",
    .about = "a border of zeros, a constant, a mirror and so on",
    .param = "pad_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_STRIDED,
    .setup = setup,
    .shape = shape,
    .prepare = prepare,
    .run = run,
};
