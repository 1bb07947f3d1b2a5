/*
 * permute.c - Permute: axis i of the top is axis order[i] of the bottom.
 *
 * Semantics of permute_layer.cpp in the SSD fork: axes that `order` leaves out follow in their own order. An
 * order that moves no axis longer than 1 past another one changes nothing in memory and costs nothing.
 */
#include "layers/permute.h"
#include "crema.pb-c.h"
#include "kernels/copy.h"

#include <string.h>

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__PermuteParameter *p = layer->param->permute_param;
    for (size_t i = 0; p && i < p->n_order; i++)
        for (size_t j = 0; j < i; j++)
            if (p->order[i] == p->order[j])
                return cr_layer_fail(layer, err, p, "order", i, "order has axis %u twice", p->order[i]);
    return CREMA_OK;
}

static cr_status find_order(const cr_layer *layer, int rank, int order[CR_MAX_RANK], cr_err *err)
{
    const Crema__PermuteParameter *p = layer->param->permute_param;
    unsigned seen = 0;
    int n = 0;
    for (size_t i = 0; p && i < p->n_order; i++) {
        if (p->order[i] >= (unsigned)rank)
            return cr_layer_fail(layer, err, p, "order", i,
                                 "order %u: the bottom has %d axes, so 0 to %d exist", p->order[i], rank,
                                 rank - 1);
        order[n++] = (int)p->order[i];
        seen |= 1u << p->order[i];
    }
    for (int i = 0; i < rank; i++)
        if (!(seen >> i & 1))
            order[n++] = i;
    return CREMA_OK;
}

void cr_permute_shape(cr_shaping *s, const int *order)
{
    const cr_shape *in = &s->in[0];
    int last = -1;
    s->out[0].rank = in->rank;
    s->view = true;
    for (int i = 0; i < in->rank; i++) {
        s->out[0].dim[i] = in->dim[order[i]];
        if (in->dim[order[i]] == 1)
            continue;
        s->view = s->view && order[i] > last;
        last = order[i];
    }
}

void cr_permute_run(const cr_step *step, cr_run *run, const int *order)
{
    const cr_tensor *in = cr_in(step, run, 0), *out = cr_out(step, run, 0);
    int64_t from_step[CR_MAX_RANK];
    cr_copy_steps(in, from_step);
    cr_copy c = {.rank = out->shape.rank, .from = in->data, .to = out->data};
    cr_copy_steps(out, c.to_step);
    for (int i = 0; i < c.rank; i++) {
        c.dim[i] = out->shape.dim[i];
        c.from_step[i] = from_step[order[i]];
    }
    cr_copy_run(&c, run->pool);
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    int order[CR_MAX_RANK];
    cr_status status = find_order(layer, s->in[0].rank, order, err);
    if (status == CREMA_OK)
        cr_permute_shape(s, order);
    return status;
}

static void run(const cr_step *step, cr_run *run)
{
    int order[CR_MAX_RANK];
    find_order(step->layer, cr_in(step, run, 0)->shape.rank, order, NULL); // was fine in shape()
    cr_permute_run(step, run, order);
}

const cr_layer_type cr_layer_permute = {
    .name = "Permute",
    .about = "axes in another order",
    .param = "permute_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_STRIDED,
    .setup = setup,
    .shape = shape,
    .run = run,
};
