/*
 * rnn.c - RNN: a plain recurrent layer, unrolled over the steps of its bottom.
 *
 * Semantics of Caffe's rnn_layer.cpp; bottoms, tops and state are in recurrent_base.h.
 *
 *     h[t] = tanh(W_x x[t] + b + W_static s + W_h (cont[t] h[t-1])),   o[t] = tanh(W_o h[t] + b_o)
 *
 * Blobs: W_x (H, I), b (H), with a static input W_static (H, S), W_h (H, H), W_o (H, H), b_o (H). The top is
 * o of all steps, so it has a tanh of its own; the state is h.
 */
#include "layers/recurrent.h"
#include "layers/recurrent_base.h"

#include <string.h>

static const cr_recurrent_kind kind = {.states = 1, .gates = 1, .more_blobs = 2, .more_macs = 1};

static cr_status setup(cr_layer *layer, cr_err *err)
{
    return cr_recurrent_setup(layer, &kind, err);
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    return cr_recurrent_shape(layer, &kind, s, err);
}

static cr_status prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    return cr_recurrent_prepare(step, &kind, p, err);
}

static void run(const cr_step *step, cr_run *run)
{
    cr_recurrent_run x;
    if (!cr_recurrent_begin(step, run, &kind, &x))
        return;
    const cr_tensor *out = cr_out(step, run, 0);
    int64_t floats = x.r.streams * x.r.hidden;
    cr_recurrent_feed feed = {.streams = x.r.streams, .hidden = x.r.hidden, .n = x.r.n};
    feed.weights = x.weights[0];
    feed.work = x.work;
    feed.h = x.state[0];
    for (int64_t t = 0; t < x.r.steps; t++) {
        feed.cont = x.cont + t * x.cont_step;
        feed.gates = x.gates + t * floats;
        cr_recurrent_feed_run(&feed, run->pool);
        cr_tanh_run(feed.gates, floats, run->pool); // is h now
        feed.h = feed.gates;
    }
    memcpy(x.state[0], feed.h, (size_t)floats * sizeof(float));
    cr_steps_product o = {.steps = x.r.steps, .streams = x.r.streams, .k = x.r.hidden, .n = x.r.hidden};
    o.x = x.gates;
    o.x_step = floats;
    o.weights = x.weights[1];
    o.start = x.weights[2];
    o.y = out->data;
    o.y_step = out->image_stride;
    cr_steps_product_run(&o, run->pool);
    for (int64_t t = 0; t < x.r.steps; t++)
        cr_tanh_run(out->data + t * out->image_stride, floats, run->pool);
}

const cr_layer_type cr_layer_rnn = {
    .name = "RNN",
    .about = "a plain recurrent net over time",
    .param = "recurrent_param",
    .in_min = 2,
    .in_max = 4,
    .out_min = 1,
    .out_max = 2,
    .flags = CR_STRIDED,
    .setup = setup,
    .shape = shape,
    .prepare = prepare,
    .run = run,
};
