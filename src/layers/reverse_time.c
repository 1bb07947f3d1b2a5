/*
 * reverse_time.c - ReverseTime: each stream's sequence backwards, where sequences have lengths of their own.
 *
 * Semantics of reverse_time_layer.cpp in caffe_ocr and the CTC fork it comes from. Bottom 0 is (T, N, ...),
 * bottom 1 has N lengths. Of stream n, the first length[n] steps (cut to a whole number) are reversed; the
 * steps behind are copied with copy_remaining. Without it they are left alone there, which is whatever the
 * memory held; here they are 0. A length outside 0..T reads and writes beyond the blobs there; here it stops
 * the run.
 */
#include "crema.pb-c.h"
#include "layers/elementwise.h"

#include <string.h>

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    char text[CR_SHAPE_TEXT];
    if (s->in[0].rank < 2)
        return cr_layer_fail(layer, err, layer->param, "bottom", 0,
                             "bottom \"%s\" (%s) must be steps x streams", layer->in_name[0],
                             cr_shape_text(&s->in[0], text, sizeof text));
    if (s->in[1].rank != 1 || s->in[1].dim[0] != s->in[0].dim[1])
        return cr_layer_fail(layer, err, layer->param, "bottom", 1,
                             "bottom \"%s\" (%s) must have one axis: a length for each of the %lld streams",
                             layer->in_name[1], cr_shape_text(&s->in[1], text, sizeof text),
                             (long long)s->in[0].dim[1]);
    return cr_shape_like_bottom(layer, s, err);
}

static void run(const cr_step *step, cr_run *run)
{
    const cr_tensor *in = cr_in(step, run, 0), *length = cr_in(step, run, 1), *out = cr_out(step, run, 0);
    const Crema__ReverseTimeParameter *p = step->layer->param->reverse_time_param;
    int64_t steps = in->shape.dim[0], streams = in->shape.dim[1];
    int64_t n = cr_shape_range(&in->shape, 2, in->shape.rank);
    for (int64_t i = 0; i < streams; i++) {
        float given = length->data[i * (streams > 1 ? length->image_stride : 1)];
        if (!(given > -1 && given < (float)steps + 1)) {
            cr_layer_fail(step->layer, run->err, step->layer->param, "bottom", 1,
                          "bottom \"%s\": length %g of stream %lld is not 0 to %lld steps",
                          step->layer->in_name[1], (double)given, (long long)i, (long long)steps);
            return;
        }
        int64_t end = (int64_t)given < steps ? (int64_t)given : steps;
        for (int64_t t = 0; t < steps; t++) {
            float *to = out->data + t * out->image_stride + i * n;
            if (t < end || (p && p->copy_remaining))
                memcpy(to, in->data + (t < end ? end - 1 - t : t) * in->image_stride + i * n,
                       (size_t)n * sizeof(float));
            else
                memset(to, 0, (size_t)n * sizeof(float));
        }
    }
}

const cr_layer_type cr_layer_reverse_time = {
    .name = "ReverseTime",
    .about = "sequences backwards, each in its own length",
    .param = "reverse_time_param",
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_STRIDED,
    .shape = shape,
    .run = run,
};
