/*
 * crelu.c - CReLU: max(x, 0), and behind it along axis 1 max(-x, 0): twice the channels.
 *
 * The concatenated ReLU of arXiv 1603.05201; forks that have it as one layer take no parameters.
 *
 * Axis 1 is the first inside an image, so an image of the top is the first half, then the second.
 */
#include "layers/layer.h"

enum { PIECE = 16384 }; // floats of the bottom in one item of work

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    char text[CR_SHAPE_TEXT];
    if (s->in[0].rank < 2)
        return cr_layer_fail(layer, err, layer->param, "bottom", 0,
                             "doubles axis 1, which bottom \"%s\" (%s) does not have", layer->in_name[0],
                             cr_shape_text(&s->in[0], text, sizeof text));
    s->out[0] = s->in[0];
    if (!cr_i64_mul(s->in[0].dim[1], 2, &s->out[0].dim[1]))
        return cr_layer_fail(layer, err, NULL, NULL, 0, "the top is too large");
    return CREMA_OK;
}

typedef struct sweep {
    const cr_tensor *in, *out;
    int64_t count, pieces; // floats and pieces of an image of the bottom
} sweep;

static void item(void *ctx, int64_t index, int slot)
{
    (void)slot;
    const sweep *s = ctx;
    int64_t image = index / s->pieces, from = index % s->pieces * PIECE;
    int64_t n = s->count - from < PIECE ? s->count - from : PIECE;
    const float *in = s->in->data + image * s->in->image_stride + from;
    float *positive = s->out->data + image * s->out->image_stride + from;
    float *negative = positive + s->count;
    for (int64_t i = 0; i < n; i++)
        positive[i] = in[i] < 0 ? 0 : in[i];
    for (int64_t i = 0; i < n; i++)
        negative[i] = in[i] < 0 ? -in[i] : 0;
}

static void run(const cr_step *step, cr_run *run)
{
    sweep s = {.in = cr_in(step, run, 0), .out = cr_out(step, run, 0)};
    s.count = cr_tensor_image_count(s.in);
    s.pieces = (s.count + PIECE - 1) / PIECE;
    cr_parallel(run->pool, cr_tensor_images(s.in) * s.pieces, item, &s);
}

const cr_layer_type cr_layer_crelu = {
    .name = "CReLU",
    .about = "relu of x and of -x, one behind the other",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_STRIDED,
    .shape = shape,
    .run = run,
};
