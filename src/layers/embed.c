/*
 * embed.c - Embed: a row of the weights for each index in the bottom, plus a bias.
 *
 * Semantics of Caffe's embed_layer.cpp: weights (input_dim, num_output), the top is the bottom's shape with
 * num_output as a new last axis, and indices are cut to integers. An index that is no row is an error when
 * running.
 */
#include "crema.pb-c.h"
#include "layers/layer.h"

#include <math.h>

enum { ITEM = 16384 }; // floats

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__EmbedParameter *p = layer->param->embed_param;
    if (!p || !p->has_num_output)
        return cr_layer_fail(layer, err, p, NULL, 0, "num_output is not given");
    if (!p->has_input_dim)
        return cr_layer_fail(layer, err, p, NULL, 0, "input_dim is not given");
    if (p->num_output < 1 || p->num_output > INT32_MAX)
        return cr_layer_fail(layer, err, p, "num_output", 0, "num_output %u is out of range", p->num_output);
    if (p->input_dim < 1 || p->input_dim > INT32_MAX)
        return cr_layer_fail(layer, err, p, "input_dim", 0, "input_dim %u is out of range", p->input_dim);
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const Crema__EmbedParameter *p = layer->param->embed_param;
    s->out[0] = s->in[0];
    if (s->in[0].rank == CR_MAX_RANK)
        return cr_layer_fail(layer, err, layer->param, "bottom", 0,
                             "bottom \"%s\" has %d axes, so the top would have more than the %d that work",
                             layer->in_name[0], s->in[0].rank, CR_MAX_RANK);
    s->out[0].dim[s->out[0].rank++] = p->num_output;
    s->blob[0] = (cr_blob_spec){.what = "weights", .filler = p->weight_filler};
    s->blob[0].shape = (cr_shape){.rank = 2, .dim = {p->input_dim, p->num_output}};
    s->blob[1] = (cr_blob_spec){.what = "bias", .filler = p->bias_filler};
    s->blob[1].shape = (cr_shape){.rank = 1, .dim = {p->num_output}};
    s->n_blobs = p->bias_term ? 2 : 1;
    return CREMA_OK;
}

typedef struct lookup {
    const float *index, *weights, *bias;
    float *out;
    int64_t count, n, item_rows;
} lookup;

static void rows(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const lookup *l = ctx;
    for (int64_t i = item * l->item_rows; i < (item + 1) * l->item_rows && i < l->count; i++) {
        const float *row = l->weights + (int64_t)l->index[i] * l->n;
        float *out = l->out + i * l->n;
        for (int64_t k = 0; k < l->n; k++)
            out[k] = l->bias ? row[k] + l->bias[k] : row[k];
    }
}

static void run(const cr_step *step, cr_run *run)
{
    const cr_layer *layer = step->layer;
    const Crema__EmbedParameter *p = layer->param->embed_param;
    const cr_tensor *in = cr_in(step, run, 0);
    lookup l = {.index = in->data, .weights = step->blob[0], .out = cr_out(step, run, 0)->data};
    l.bias = p->bias_term ? step->blob[1] : NULL;
    l.count = cr_shape_count(&in->shape);
    l.n = p->num_output;
    l.item_rows = l.n < ITEM ? ITEM / l.n : 1;
    for (int64_t i = 0; i < l.count; i++)
        if (!(truncf(l.index[i]) >= 0 && l.index[i] < (float)p->input_dim)) {
            cr_layer_fail(layer, run->err, layer->param, "bottom", 0,
                          "index %g (value %lld of bottom \"%s\") is none of the %u rows of the weights",
                          (double)l.index[i], (long long)i, layer->in_name[0], p->input_dim);
            return;
        }
    cr_parallel(run->pool, (l.count + l.item_rows - 1) / l.item_rows, rows, &l);
}

const cr_layer_type cr_layer_embed = {
    .name = "Embed",
    .about = "a learned row for each index",
    .param = "embed_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .setup = setup,
    .shape = shape,
    .run = run,
};
