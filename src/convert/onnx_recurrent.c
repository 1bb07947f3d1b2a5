/*
 * onnx_recurrent.c - LSTM, RNN, LSTMUnit and Lstm.
 *
 * ONNX's own LSTM has no bottom that begins sequences anew (`cont`), so the steps are written out, one behind the
 * other, as Caffe's own layer does inside; only Lstm without a second bottom is a node LSTM. The products with x of
 * all steps are one Gemm:
 *
 *     gates[t] = (W_x x + b + W_static s)[t] + W_h (cont[t] h[t-1])
 *
 * A model starts with zeros for h and c on each run, like a runner after a reset; what a runner keeps from one
 * forward to the next has no place in ONNX. With expose_hidden the states are inputs and outputs.
 */
#include "convert/onnx_rows.h"
#include "crema.pb-c.h"
#include "layers/recurrent_base.h"

#include <string.h>

enum { MOST_STEPS = 1024 }; // about 15 nodes each

typedef struct unrolled {
    cr_onnx_layer *l;
    int64_t steps, streams, hidden, n; // n: gates * hidden
    const char *gates;                 // (T, N, n), without what depends on h
    const char *cont;                  // (T, N, 1)
    const char *weights;               // of h: (hidden, n)
    const char *h, *c;                 // before the step; NULL: zeros
} unrolled;

// Axis 0 cut into single steps.
static const char **steps_of(cr_onnx_graph *g, const char *x, int64_t n)
{
    const char **step = cr_arena_array(&g->arena, (size_t)n + 1, sizeof *step);
    int64_t *ones = cr_onnx_index_room(g, n);
    if (!step || !ones) {
        g->no_memory = true;
        return NULL;
    }
    if (n == 1) {
        step[0] = x;
        return step;
    }
    for (int64_t t = 0; t < n; t++)
        ones[t] = 1;
    step[0] = cr_onnx_op(g, "Split", NULL, x, cr_onnx_indices_kept(g, (size_t)n, ones), NULL);
    for (int64_t t = 1; t < n; t++)
        step[t] = cr_onnx_more(g, NULL);
    cr_onnx_int(g, "axis", 0);
    return step;
}

static const char *gates_at(const unrolled *u, const char *fixed, const char *cont)
{
    cr_onnx_graph *g = u->l->g;
    if (!u->h)
        return fixed;
    const char *h = cr_onnx_op(g, "Mul", NULL, u->h, cont, NULL);
    return cr_onnx_op(g, "Add", NULL, fixed, cr_onnx_op(g, "MatMul", NULL, h, u->weights, NULL), NULL);
}

// One step of cells: gates (1, N, 4H) in the order i, f, o, g. c_prev NULL: zeros. Returns h.
static const char *cells(cr_onnx_graph *g, int64_t hidden, const char *gates, const char *cont,
                         const char *c_prev, const char *h_out, const char *c_out, const char **c)
{
    const int64_t sizes[4] = {hidden, hidden, hidden, hidden};
    const char *in = cr_onnx_op(g, "Split", NULL, gates, cr_onnx_indices(g, 4, sizes), NULL);
    const char *forget = cr_onnx_more(g, NULL), *out = cr_onnx_more(g, NULL), *value = cr_onnx_more(g, NULL);
    cr_onnx_int(g, "axis", 2);
    in = cr_onnx_op(g, "Sigmoid", NULL, in, NULL);
    value = cr_onnx_op(g, "Tanh", NULL, value, NULL);
    *c = cr_onnx_op(g, "Mul", c_prev ? NULL : c_out, in, value, NULL);
    if (c_prev) {
        forget = cr_onnx_op(g, "Mul", NULL, cr_onnx_op(g, "Sigmoid", NULL, forget, NULL), cont, NULL);
        *c = cr_onnx_op(g, "Add", c_out, cr_onnx_op(g, "Mul", NULL, forget, c_prev, NULL), *c, NULL);
    }
    out = cr_onnx_op(g, "Sigmoid", NULL, out, NULL);
    return cr_onnx_op(g, "Mul", h_out, out, cr_onnx_op(g, "Tanh", NULL, *c, NULL), NULL);
}

// (rows, k) times blob (n, k) transposed, plus a bias ("": none).
static const char *product(cr_onnx_layer *l, const char *x, int blob, const char *bias)
{
    cr_onnx_graph *g = l->g;
    const char *y = cr_onnx_op(g, "Gemm", NULL, x, cr_onnx_blob(l, blob), bias, NULL);
    cr_onnx_int(g, "transB", 1);
    return y;
}

static const char *transposed(cr_onnx_layer *l, int blob)
{
    static const int order[2] = {1, 0};
    return cr_onnx_transpose(l->g, cr_onnx_blob(l, blob), NULL, 2, order);
}

// Bottoms and blobs of Caffe's own LSTM and RNN, in the order of recurrent_base.h. False: refused.
static bool begin(cr_onnx_layer *l, int n_gates, int states, unrolled *u)
{
    const cr_shape *in = &l->in_shape[0];
    cr_onnx_graph *g = l->g;
    *u = (unrolled){.l = l, .steps = in->dim[0], .streams = in->dim[1]};
    u->hidden = l->out_shape[0].dim[2];
    u->n = n_gates * u->hidden;
    bool exposed = l->step->n_out > 1, with_static = l->step->n_in > 2 + (exposed ? states : 0);
    if (u->steps > MOST_STEPS) {
        cr_onnx_refuse(l, "%lld steps; up to %d are written out", (long long)u->steps, MOST_STEPS);
        return false;
    }
    cr_shape flat = {.rank = 2, .dim = {u->steps * u->streams, cr_shape_range(in, 2, in->rank)}};
    const char *x = product(l, cr_onnx_reshape(g, l->in[0], NULL, &flat), 0, cr_onnx_blob(l, 1));
    x = cr_onnx_reshape(g, x, NULL, &(cr_shape){.rank = 3, .dim = {u->steps, u->streams, u->n}});
    if (with_static) {
        flat = (cr_shape){.rank = 2,
                          .dim = {u->streams, cr_shape_range(&l->in_shape[2], 1, l->in_shape[2].rank)}};
        const char *fixed = product(l, cr_onnx_reshape(g, l->in[2], NULL, &flat), 2, "");
        x = cr_onnx_op(g, "Add", NULL, x, fixed, NULL);
    }
    u->gates = x;
    u->cont = cr_onnx_reshape(g, l->in[1], NULL, &(cr_shape){.rank = 3, .dim = {u->steps, u->streams, 1}});
    u->weights = transposed(l, with_static ? 3 : 2);
    if (exposed) {
        u->h = l->in[l->step->n_in - states];
        u->c = states > 1 ? l->in[l->step->n_in - 1] : NULL;
    } else {
        cr_layer_warn(
            l->layer, NULL, NULL, 0,
            "each run of the ONNX model starts with a state of zeros; crema keeps it between forwards");
    }
    return true;
}

void cr_onnx_lstm(cr_onnx_layer *l)
{
    unrolled u;
    if (!begin(l, 4, 2, &u))
        return;
    cr_onnx_graph *g = l->g;
    const char **gates = steps_of(g, u.gates, u.steps), **cont = steps_of(g, u.cont, u.steps);
    const char **h = cr_arena_array(&g->arena, (size_t)u.steps + 1, sizeof *h);
    if (!gates || !cont || !h) {
        g->no_memory = true;
        return;
    }
    bool exposed = l->step->n_out > 1;
    for (int64_t t = 0; t < u.steps; t++) {
        bool last = t + 1 == u.steps && exposed;
        h[t] = u.h = cells(g, u.hidden, gates_at(&u, gates[t], cont[t]), cont[t], u.c,
                           last ? l->out[1] : NULL, last ? l->out[2] : NULL, &u.c);
    }
    cr_onnx_concat(g, l->out[0], 0, (size_t)u.steps, h);
}

void cr_onnx_rnn(cr_onnx_layer *l)
{
    unrolled u;
    if (!begin(l, 1, 1, &u))
        return;
    cr_onnx_graph *g = l->g;
    const char **gates = steps_of(g, u.gates, u.steps), **cont = steps_of(g, u.cont, u.steps);
    const char **h = cr_arena_array(&g->arena, (size_t)u.steps + 1, sizeof *h);
    if (!gates || !cont || !h) {
        g->no_memory = true;
        return;
    }
    for (int64_t t = 0; t < u.steps; t++) {
        const char *out = t + 1 == u.steps && l->step->n_out > 1 ? l->out[1] : NULL;
        h[t] = u.h = cr_onnx_op(g, "Tanh", out, gates_at(&u, gates[t], cont[t]), NULL);
    }
    const char *x = cr_onnx_concat(g, NULL, 0, (size_t)u.steps, h);
    int blob = l->step->n_blobs - 2;
    x = cr_onnx_reshape(g, x, NULL, &(cr_shape){.rank = 2, .dim = {u.steps * u.streams, u.hidden}});
    x = cr_onnx_op(g, "Tanh", NULL, product(l, x, blob, cr_onnx_blob(l, blob + 1)), NULL);
    cr_onnx_reshape(g, x, l->out[0], &l->out_shape[0]);
}

void cr_onnx_lstm_unit(cr_onnx_layer *l)
{
    const char *c;
    cr_shape shape = {.rank = 3, .dim = {1, l->in_shape[0].dim[1], 1}};
    const char *cont = cr_onnx_reshape(l->g, l->in[2], NULL, &shape);
    cells(l->g, l->in_shape[0].dim[2], l->in[1], cont, l->in[0], l->out[1], l->out[0], &c);
}

/* ---- Lstm ---- */

// Rows of a gate matrix in ONNX's order i, o, f, c, from i, f, o, g; each gate is `count` values.
static const char *reordered(cr_onnx_layer *l, int blob, int64_t count, const cr_shape *shape, int64_t zeros)
{
    static const int from[4] = {0, 2, 1, 3};
    float *copy = cr_onnx_room(l->g, 4 * count + zeros);
    for (int i = 0; i < 4 && copy; i++)
        memcpy(copy + i * count, l->step->blob[blob] + from[i] * count, (size_t)count * sizeof *copy);
    return cr_onnx_floats(l->g, NULL, shape, copy);
}

// Without a second bottom: every run begins anew.
void cr_onnx_lstm_junhyuk(cr_onnx_layer *l)
{
    const cr_shape *in = &l->in_shape[0], *out = &l->out_shape[0];
    cr_onnx_graph *g = l->g;
    if (l->step->n_in > 1) {
        cr_onnx_refuse(l, "a bottom that says where sequences begin");
        return;
    }
    bool streams = out->rank == 3;
    int64_t hidden = out->dim[out->rank - 1],
            n = streams ? in->dim[1] : l->layer->param->lstm_param->batch_size;
    int64_t steps = in->dim[0] / (streams ? 1 : n), inputs = cr_shape_count(in) / (steps * n);
    const char *x = cr_onnx_reshape(g, l->in[0], NULL, &(cr_shape){.rank = 3, .dim = {steps, n, inputs}});
    cr_shape wx = {.rank = 3, .dim = {1, 4 * hidden, inputs}},
             wh = {.rank = 3, .dim = {1, 4 * hidden, hidden}};
    cr_shape b = {.rank = 2, .dim = {1, 8 * hidden}};
    const char *y =
        cr_onnx_op(g, "LSTM", NULL, x, reordered(l, 0, hidden * inputs, &wx, 0),
                   reordered(l, 1, hidden * hidden, &wh, 0), reordered(l, 2, hidden, &b, 4 * hidden), NULL);
    cr_onnx_int(g, "hidden_size", hidden);
    cr_onnx_reshape(g, y, l->out[0], out); // from (T, 1, N, H)
}
