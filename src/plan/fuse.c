/*
 * fuse.c - chains of layers to steps.
 *
 * First the types that take (convolutions and the like), from the last to the first: of two that end in one sum, the
 * later one takes it, whose inputs then live no longer than they have to. Then the layers that give and were not
 * taken: they are heads of the same kind of chain, run by layers/fused.c (BatchNorm, Scale and ReLU before a
 * convolution; a sum and its ReLU behind a Concat).
 *
 * What a chain does is kept as one cr_fusion: what is done by channel is multiplied out in double precision, then comes a
 * sum, then an activation. A layer that would come in another order ends the chain.
 */
#include "plan/fuse.h"

typedef struct gift {
    bool asked, is;
    cr_fusion what;
} gift;

typedef struct chains {
    cr_fuse *f;
    gift *gift;     // by layer
    cr_step **step; // by layer: its own
    cr_err *err;
} chains;

typedef struct chain {
    cr_step *head;
    unsigned takes;
    cr_fusion fusion;
    int out;     // tensor
    int last;    // layer
    int n_taken; // layers
} chain;

static cr_status ask(chains *c, int layer, const gift **answer)
{
    gift *g = &c->gift[layer];
    const cr_step *step = c->step[layer];
    *answer = g;
    if (g->asked || !step->layer->type->gives)
        return CREMA_OK;
    g->asked = true;
    g->what = (cr_fusion){.affine = -1, .add = -1};
    return step->layer->type->gives(step, c->f->prep, &g->what, &g->is, c->err);
}

// The step of the only layer that reads a tensor, which nobody else wants to see; or NULL.
static cr_step *only_reader(const chains *c, int tensor)
{
    const cr_edge *e = &c->f->graph->tensor[tensor];
    cr_step *only = NULL;
    if (c->f->kept[tensor] || c->f->dynamic[tensor])
        return NULL;
    for (int i = 0; i < e->n_readers; i++) {
        cr_step *reader = c->step[e->reader[i]];
        if (!reader)
            continue; // a layer that is not run
        if (only)
            return NULL;
        only = reader;
    }
    return only;
}

static bool can_follow(const chain *c, const cr_fusion *g)
{
    bool activates = c->fusion.epilogue.activation != CR_ACT_NONE, adds = c->fusion.add >= 0;
    if (g->channel && (activates || adds || !(c->takes & CR_TAKES_AFFINE)))
        return false;
    if (g->add >= 0 && (activates || adds || !(c->takes & CR_TAKES_SUM)))
        return false;
    return g->epilogue.activation == CR_ACT_NONE || (!activates && (c->takes & CR_TAKES_ACTIVATION));
}

// ((x - a) b + c - d) e + f. The first center stays: it is near what x is.
static cr_status multiply_out(const chains *c, cr_fusion *to, const cr_fusion *g, int layer, int64_t channels)
{
    to->affine = layer;
    if (!to->channel) {
        to->channel = g->channel;
        return CREMA_OK;
    }
    cr_channel *both = cr_arena_array(c->f->prep->scratch, (size_t)channels, sizeof *both);
    if (!both)
        return cr_no_memory(c->err);
    for (int64_t i = 0; i < channels; i++) {
        const cr_channel *x = &to->channel[i], *y = &g->channel[i];
        both[i] = (cr_channel){x->center, x->scale * y->scale, (x->shift - y->center) * y->scale + y->shift};
    }
    to->channel = both;
    return CREMA_OK;
}

static cr_status append(const chains *c, chain *to, cr_step *step, const cr_fusion *g)
{
    const cr_shape *shape = &c->f->prep->tensor[to->out].shape;
    cr_status status = CREMA_OK;
    if (g->channel)
        status = multiply_out(c, &to->fusion, g, step->layer->index, shape->dim[1]);
    if (g->add >= 0) {
        to->fusion.add = step->in[0] == to->out ? step->in[1] : step->in[0];
        to->fusion.over_add = to->takes & CR_TAKES_OPERAND;
    }
    if (g->epilogue.activation != CR_ACT_NONE)
        to->fusion.epilogue = g->epilogue;
    c->f->gone[to->out] = true;
    c->f->at[step->layer->index] = NULL;
    step->part_of = to->head;
    to->out = step->out[0];
    to->last = step->layer->index;
    to->n_taken++;
    return status;
}

static cr_status grow(chains *c, chain *to)
{
    for (;;) {
        cr_step *next = only_reader(c, to->out);
        const gift *g;
        if (!next || next->part_of || next->fusion || next->n_out != 1 || c->f->dynamic[next->out[0]] ||
            !cr_shape_equal(&c->f->prep->tensor[to->out].shape, &c->f->prep->tensor[next->out[0]].shape))
            return CREMA_OK;
        cr_status status = ask(c, next->layer->index, &g);
        if (status != CREMA_OK || !g->is || !can_follow(to, &g->what))
            return status;
        if ((status = append(c, to, next, &g->what)) != CREMA_OK)
            return status;
    }
}

static cr_status finish(const chains *c, const chain *done)
{
    cr_step *head = done->head;
    cr_fusion *fusion = cr_arena_alloc(c->f->prep->arena, sizeof *fusion);
    if (!fusion)
        return cr_no_memory(c->err);
    *fusion = done->fusion;
    head->fusion = fusion;
    head->out = c->step[done->last]->out;
    c->f->at[head->layer->index] = NULL;
    c->f->at[done->last] = head;
    return CREMA_OK;
}

static chain chain_of(cr_step *head, unsigned takes)
{
    return (chain){.head = head,
                   .takes = takes,
                   .fusion = {.affine = -1, .add = -1},
                   .out = head->out[0],
                   .last = head->layer->index};
}

static bool is_free(const chains *c, const cr_step *step)
{
    return step && !step->part_of && !step->fusion && step->n_out == 1 && !step->dynamic &&
           !c->f->dynamic[step->out[0]];
}

static cr_status take(chains *c, cr_step *step)
{
    chain grown = chain_of(step, step->layer->type->takes(step, c->f->prep));
    cr_status status = grow(c, &grown);
    return status == CREMA_OK && grown.n_taken > 0 ? finish(c, &grown) : status;
}

static cr_status give(chains *c, cr_step *step)
{
    const gift *own;
    cr_status status = ask(c, step->layer->index, &own);
    if (status != CREMA_OK || !own->is)
        return status;
    chain grown = chain_of(step, CR_TAKES_ALL);
    grown.fusion = own->what;
    grown.fusion.over_add = true;
    if (own->what.channel)
        grown.fusion.affine = step->layer->index;
    status = grow(c, &grown);
    // On its own, a sum or an activation has a run of its own that does as well.
    return status == CREMA_OK && (grown.n_taken > 0 || own->what.channel) ? finish(c, &grown) : status;
}

cr_status cr_fuse_steps(cr_fuse *f, cr_arena *scratch, cr_err *err)
{
    int n = f->graph->n_layers;
    chains c = {.f = f, .err = err};
    c.gift = cr_arena_array(scratch, (size_t)n, sizeof *c.gift);
    c.step = cr_arena_array(scratch, (size_t)n, sizeof *c.step);
    if (!c.gift || !c.step)
        return cr_no_memory(err);
    for (int i = 0; i < n; i++)
        c.step[i] = f->at[i];
    cr_status status = CREMA_OK;
    for (int i = n - 1; i >= 0 && status == CREMA_OK; i--)
        if (is_free(&c, c.step[i]) && c.step[i]->layer->type->takes)
            status = take(&c, c.step[i]);
    for (int i = 0; i < n && status == CREMA_OK; i++)
        if (is_free(&c, c.step[i]) && c.step[i]->layer->type->gives)
            status = give(&c, c.step[i]);
    return status;
}
