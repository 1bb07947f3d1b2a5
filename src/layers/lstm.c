/*
 * lstm.c - LSTM: long short-term memory, unrolled over the steps of its bottom.
 *
 * Semantics of Caffe's lstm_layer.cpp and lstm_unit_layer.cpp; bottoms, tops and state are in
 * recurrent_base.h.
 *
 *     i, f, o, g (4H) = W_x x[t] + b + W_static s + W_h (cont[t] h[t-1])
 *     c[t] = cont[t] sigmoid(f) c[t-1] + sigmoid(i) tanh(g),   h[t] = sigmoid(o) tanh(c[t])
 *
 * Blobs: W_x (4H, I), b (4H), with a static input W_static (4H, S), W_h (4H, H). The top is h of all steps.
 */
#include "layers/recurrent.h"
#include "layers/recurrent_base.h"

#include <string.h>

static const cr_recurrent_kind kind = {.states = 2, .gates = 4};

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
    cr_recurrent_feed feed = {.streams = x.r.streams, .hidden = x.r.hidden, .n = x.r.n};
    feed.weights = x.weights[0];
    feed.work = x.work;
    feed.h = x.state[0];
    cr_lstm_cells cells = {.streams = x.r.streams, .hidden = x.r.hidden};
    cells.c_prev = cells.c = x.state[1];
    for (int64_t t = 0; t < x.r.steps; t++) {
        feed.cont = cells.cont = x.cont + t * x.cont_step;
        cells.gates = feed.gates = x.gates + t * x.r.streams * x.r.n;
        cells.h = out->data + t * out->image_stride;
        cr_recurrent_feed_run(&feed, run->pool);
        cr_lstm_cells_run(&cells, run->pool);
        feed.h = cells.h;
    }
    memcpy(x.state[0], feed.h, (size_t)(x.r.streams * x.r.hidden) * sizeof(float));
}

const cr_layer_type cr_layer_lstm = {
    .name = "LSTM",
    .about = "LSTM over time, with state kept between forwards",
    .param = "recurrent_param",
    .in_min = 2,
    .in_max = 5,
    .out_min = 1,
    .out_max = 3,
    .flags = CR_STRIDED,
    .setup = setup,
    .shape = shape,
    .prepare = prepare,
    .run = run,
};
