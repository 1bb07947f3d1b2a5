/*
 * lstm_unit.c - LSTMUnit: one step of LSTM cells, the part that Caffe's LSTM is unrolled into.
 *
 * Semantics of Caffe's lstm_unit_layer.cpp: bottoms c_prev (1, N, H), gates (1, N, 4H) before their
 * nonlinearities in the order i, f, o, g, and cont (1, N); tops c and h (1, N, H). The forget gate is
 * multiplied by cont and is 0 where cont is 0; the other gates do not look at it.
 */
#include "layers/layer.h"
#include "layers/recurrent.h"

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    static const char *const what[] = {"1 x streams x hidden", "1 x streams x 4 hidden", "1 x streams"};
    const cr_shape *in = s->in;
    bool fits[3] = {in[0].rank == 3 && in[0].dim[0] == 1};
    int64_t streams = fits[0] ? in[0].dim[1] : 0, hidden = fits[0] ? in[0].dim[2] : 0, gates;
    if (!cr_i64_mul(hidden, 4, &gates))
        return cr_layer_fail(layer, err, NULL, NULL, 0, "the bottoms are too large");
    fits[1] = cr_shape_equal(&in[1], &(cr_shape){.rank = 3, .dim = {1, streams, gates}});
    fits[2] = cr_shape_equal(&in[2], &(cr_shape){.rank = 2, .dim = {1, streams}});
    for (int i = 0; i < 3; i++) {
        char text[CR_SHAPE_TEXT];
        if (!fits[i])
            return cr_layer_fail(layer, err, layer->param, "bottom", (size_t)i,
                                 "bottom \"%s\" (%s) must be %s", layer->in_name[i],
                                 cr_shape_text(&in[i], text, sizeof text), what[i]);
    }
    s->out[0] = s->out[1] = in[0];
    return CREMA_OK;
}

static void run(const cr_step *step, cr_run *run)
{
    const cr_tensor *prev = cr_in(step, run, 0);
    cr_lstm_cells cells = {.streams = prev->shape.dim[1], .hidden = prev->shape.dim[2]};
    cells.c_prev = prev->data;
    cells.gates = cr_in(step, run, 1)->data;
    cells.cont = cr_in(step, run, 2)->data;
    cells.c = cr_out(step, run, 0)->data;
    cells.h = cr_out(step, run, 1)->data;
    cr_lstm_cells_run(&cells, run->pool);
}

// One image: whatever the steps between images are, nobody looks at them.
const cr_layer_type cr_layer_lstm_unit = {
    .name = "LSTMUnit",
    .about = "one step of an LSTM from its gates",
    .in_min = 3,
    .in_max = 3,
    .out_min = 2,
    .out_max = 2,
    .flags = CR_STRIDED,
    .shape = shape,
    .run = run,
};
