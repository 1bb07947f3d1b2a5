/*
 * lstm_junhyuk.c - Lstm: an LSTM older than Caffe's own, by Junhyuk Oh; CTPN and caffe_ocr use it.
 *
 * Cells and gates are those of LSTM (order i, f, o, g), but the blobs stand in another order: W_x (4H, I),
 * W_h (4H, H), b (4H). Two readings of the bottom, by what fits the stored W_x, then by batch_size, then by
 * the axes:
 *
 *     (T, N, I...)    caffe_ocr and CTPN: the top is (T, N, H); batch_size is ignored
 *     (T * N, I...)   the original: batch_size is N, the top is (T * N, H)
 *
 * A second bottom has a value for each step and stream: 0 begins a new sequence, anything else goes on. (The
 * forks find the value of step t and stream n at t + n, which is right for one stream only; here it is at
 * t * N + n, as the bottom's size says.) With it, the runner keeps the state from forward to forward;
 * without, every forward begins anew. clipping_threshold is for training.
 */
#include "crema.pb-c.h"
#include "layers/layer.h"
#include "layers/recurrent.h"

#include <string.h>

static const Crema__LSTMParameter none = CREMA__LSTMPARAMETER__INIT;

typedef struct sizes {
    int64_t steps, streams, inputs, hidden;
} sizes;

static const Crema__LSTMParameter *param(const cr_layer *layer)
{
    return layer->param->lstm_param ? layer->param->lstm_param : &none;
}

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__LSTMParameter *p = param(layer);
    if (p->num_output == 0)
        return cr_layer_fail(layer, err, layer->param->lstm_param, "num_output", 0,
                             "num_output must be given, and at least 1");
    if (p->batch_size == 0)
        return cr_layer_fail(layer, err, p, "batch_size", 0, "batch_size must be at least 1");
    return CREMA_OK;
}

// Whether the streams are an axis of their own.
static bool has_streams(const cr_layer *layer, const cr_shaping *s)
{
    const Crema__LSTMParameter *p = param(layer);
    const cr_shape *in = &s->in[0];
    if (in->rank < 3)
        return false;
    if (s->n_stored > 0) {
        int64_t stored = cr_shape_count(&s->stored[0]), rows = 4 * (int64_t)p->num_output;
        bool three = stored % rows == 0 && stored / rows == cr_shape_range(in, 2, in->rank);
        bool two = stored % rows == 0 && stored / rows == cr_shape_range(in, 1, in->rank);
        if (three != two)
            return three;
    }
    return !p->has_batch_size || p->batch_size == in->dim[1];
}

static sizes sizes_of(const cr_layer *layer, const cr_shape *in, bool streams)
{
    const Crema__LSTMParameter *p = param(layer);
    sizes x = {.streams = streams ? in->dim[1] : p->batch_size, .hidden = p->num_output};
    x.steps = streams ? in->dim[0] : in->dim[0] / x.streams;
    x.inputs = cr_shape_range(in, streams ? 2 : 1, in->rank);
    return x;
}

static cr_status check_bottoms(const cr_layer *layer, const cr_shape *in, bool streams, cr_err *err)
{
    char text[CR_SHAPE_TEXT];
    const Crema__LSTMParameter *p = param(layer);
    if (in[0].rank < 2)
        return cr_layer_fail(layer, err, layer->param, "bottom", 0,
                             "bottom \"%s\" (%s) must be steps x streams x inputs, or rows x inputs",
                             layer->in_name[0], cr_shape_text(&in[0], text, sizeof text));
    if (!streams && in[0].dim[0] % p->batch_size != 0)
        return cr_layer_fail(layer, err, layer->param->lstm_param, "batch_size", 0,
                             "batch_size %u does not divide the %lld rows of bottom \"%s\"", p->batch_size,
                             (long long)in[0].dim[0], layer->in_name[0]);
    sizes x = sizes_of(layer, &in[0], streams);
    if (layer->n_in > 1 && cr_shape_count(&in[1]) != x.steps * x.streams)
        return cr_layer_fail(layer, err, layer->param, "bottom", 1,
                             "bottom \"%s\" (%s) must have a value for each of %lld steps and %lld streams",
                             layer->in_name[1], cr_shape_text(&in[1], text, sizeof text), (long long)x.steps,
                             (long long)x.streams);
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    bool streams = has_streams(layer, s);
    cr_status status = check_bottoms(layer, s->in, streams, err);
    if (status != CREMA_OK)
        return status;
    const Crema__LSTMParameter *p = param(layer);
    sizes x = sizes_of(layer, &s->in[0], streams);
    int64_t n = 4 * x.hidden, columns, bytes;
    if (!cr_i64_add(x.inputs, x.hidden, &columns) || !cr_i64_mul(x.steps * x.streams, n, &s->macs) ||
        !cr_i64_mul(s->macs, sizeof(float), &bytes) || !cr_i64_mul(s->macs, columns, &s->macs))
        return cr_layer_fail(layer, err, layer->param->lstm_param, "num_output", 0,
                             "num_output %u makes the products too large", p->num_output);
    s->reading = streams ? "steps x streams x inputs" : "steps of batch_size rows";
    if (streams)
        s->out[0] = (cr_shape){.rank = 3, .dim = {x.steps, x.streams, x.hidden}};
    else
        s->out[0] = (cr_shape){.rank = 2, .dim = {x.steps * x.streams, x.hidden}};
    if (layer->n_in > 1 && x.steps > 0)
        s->state_bytes = 2 * (size_t)(x.streams * x.hidden) * sizeof(float);
    s->n_blobs = 3;
    s->blob[0] = (cr_blob_spec){.shape = {.rank = 2, .dim = {n, x.inputs}},
                                .what = "weights of the input",
                                .filler = p->weight_filler};
    s->blob[1] = (cr_blob_spec){.shape = {.rank = 2, .dim = {n, x.hidden}},
                                .what = "weights of the hidden state",
                                .filler = p->weight_filler};
    s->blob[2] = (cr_blob_spec){.shape = {.rank = 1, .dim = {n}}, .what = "bias", .filler = p->bias_filler};
    return CREMA_OK;
}

// Scratch: gates (T, N, 4H), cont * h (N, H), cont (N), and without a second bottom h and c (N, H).
static cr_status prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    sizes x = sizes_of(step->layer, &p->tensor[step->in[0]].shape, p->tensor[step->out[0]].shape.rank == 3);
    if (x.steps == 0 || x.streams == 0)
        return CREMA_OK;
    size_t floats;
    if (!cr_size_mul((size_t)x.steps * 4 + 3, (size_t)x.hidden, &floats) ||
        !cr_size_add(floats, 1, &floats) || !cr_size_mul(floats, (size_t)x.streams, &floats) ||
        !cr_size_mul(floats, sizeof(float), &step->scratch_bytes))
        return cr_no_memory(err);
    return CREMA_OK;
}

static void run(const cr_step *step, cr_run *run)
{
    const cr_tensor *in = cr_in(step, run, 0), *out = cr_out(step, run, 0);
    sizes x = sizes_of(step->layer, &in->shape, out->shape.rank == 3);
    if (x.steps == 0 || x.streams == 0)
        return;
    int64_t floats = x.streams * x.hidden;
    const float *clip = step->n_in > 1 ? cr_in(step, run, 1)->data : NULL;
    float *gates = run->scratch, *work = gates + x.steps * floats * 4, *cont = work + floats;
    float *h = clip ? (float *)(void *)(run->state + step->state_offset) : cont + x.streams, *c = h + floats;
    if (!clip)
        memset(h, 0, 2 * (size_t)floats * sizeof *h);
    cr_steps_product_run(&(cr_steps_product){.steps = x.steps,
                                             .streams = x.streams,
                                             .k = x.inputs,
                                             .n = 4 * x.hidden,
                                             .x = in->data,
                                             .weights = step->blob[0],
                                             .x_step = x.streams * x.inputs,
                                             .start = step->blob[2],
                                             .y = gates,
                                             .y_step = 4 * floats},
                         run->pool);
    cr_recurrent_feed feed = {.streams = x.streams, .hidden = x.hidden, .n = 4 * x.hidden, .h = h};
    feed.cont = cont;
    feed.weights = step->blob[1];
    feed.work = work;
    cr_lstm_cells cells = {.streams = x.streams, .hidden = x.hidden, .cont = cont, .c_prev = c, .c = c};
    for (int64_t t = 0; t < x.steps; t++) {
        for (int64_t i = 0; i < x.streams; i++)
            cont[i] = clip ? clip[t * x.streams + i] != 0 : t > 0;
        cells.gates = feed.gates = gates + t * floats * 4;
        cells.h = out->data + t * floats;
        cr_recurrent_feed_run(&feed, run->pool);
        cr_lstm_cells_run(&cells, run->pool);
        feed.h = cells.h;
    }
    memcpy(h, feed.h, (size_t)floats * sizeof *h);
}

const cr_layer_type cr_layer_lstm_junhyuk = {
    .name = "Lstm",
    .about = "an LSTM older than Caffe's own, in the layouts of its forks",
    .param = "lstm_param",
    .in_min = 1,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .setup = setup,
    .shape = shape,
    .prepare = prepare,
    .run = run,
};
