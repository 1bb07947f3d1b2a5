/*
 * blocked.c - the tensors that all who touch them can have blocked, less those from which nobody gains.
 *
 * First every tensor that may be is blocked; then each step takes back what it can't do, until all agree. The
 * result is the largest choice that satisfies all, whatever the order.
 */
#include "plan/blocked.h"
#include "kernels/conv.h"

typedef struct choice {
    const cr_blocking *b;
    unsigned *can; // by layer: of cr_blocked
    bool *gains;   // by tensor id
} choice;

static bool is_eligible(const cr_blocking *b, int tensor)
{
    const cr_shape *shape = &b->tensor[tensor].shape;
    return !b->kept[tensor] && !b->dynamic[tensor] && shape->rank > 2 && shape->dim[1] % CR_BLOCK == 0 &&
           cr_shape_range(shape, 2, shape->rank) > 1;
}

static int added(const cr_step *step)
{
    return step->fusion ? step->fusion->add : -1;
}

static bool may_be_blocked(const cr_step *step)
{
    return step && step->layer->type->blocked && !step->dynamic && step->n_in == 1 && step->n_out == 1;
}

static bool some_step_may_gain(const cr_blocking *b)
{
    for (int i = 0; i < b->graph->n_layers; i++) {
        const cr_step *step = b->at[i];
        if (may_be_blocked(step) && step->layer->type->may_gain_blocked &&
            step->layer->type->may_gain_blocked(step, b->prep))
            return true;
    }
    return false;
}

static void start(choice *c)
{
    const cr_blocking *b = c->b;
    for (int i = 0; i < b->graph->n_layers; i++) {
        cr_step *step = b->at[i];
        if (!may_be_blocked(step))
            continue;
        c->can[i] = step->layer->type->blocked(step, b->prep);
        if (c->can[i] & CR_WRITES_BLOCKED)
            b->tensor[step->out[0]].blocked = is_eligible(b, step->out[0]);
    }
}

static bool make_plain(const choice *c, int tensor)
{
    bool was = c->b->tensor[tensor].blocked;
    c->b->tensor[tensor].blocked = false;
    return was;
}

// Two tensors that must lie alike.
static bool make_alike(const choice *c, int x, int y)
{
    if (c->b->tensor[x].blocked == c->b->tensor[y].blocked)
        return false;
    make_plain(c, x);
    make_plain(c, y);
    return true;
}

// Whether something was taken back.
static bool restrict_step(const choice *c, int layer)
{
    const cr_step *step = c->b->at[layer];
    const cr_use *use = &c->b->use[layer];
    unsigned can = c->can[layer];
    bool changed = false;
    for (int i = 0; i < use->n_in; i++) {
        bool reads = i == 0 && (can & CR_READS_BLOCKED), adds = can && use->in[i] == added(step);
        if (!reads && !adds)
            changed |= make_plain(c, use->in[i]);
    }
    if (!can)
        return changed;
    if (!(can & CR_READS_BLOCKED))
        changed |= make_plain(c, step->in[0]);
    if (can & CR_BLOCKED_BOTH)
        changed |= make_alike(c, step->in[0], step->out[0]);
    if (added(step) >= 0)
        changed |= make_alike(c, added(step), step->out[0]);
    return changed;
}

// Spreads from the tensors of steps that gain, over steps that can do with blocked tensors.
static bool spread(const choice *c, int layer)
{
    const cr_step *step = c->b->at[layer];
    if (!c->can[layer])
        return false;
    int at[3] = {step->in[0], step->out[0], added(step)};
    bool any = (c->can[layer] & CR_BLOCKED_BOTH) != 0, changed = false;
    for (int i = 0; i < 3; i++)
        any |= at[i] >= 0 && c->gains[at[i]];
    for (int i = 0; i < 3 && any; i++)
        if (at[i] >= 0 && c->b->tensor[at[i]].blocked && !c->gains[at[i]])
            changed = c->gains[at[i]] = true;
    return changed;
}

// Until nothing changes; to and fro, as changes run along chains in both directions.
static void repeat(const choice *c, bool (*visit)(const choice *c, int layer))
{
    int n = c->b->graph->n_layers;
    for (bool changed = true; changed;) {
        changed = false;
        for (int i = 0; i < n; i++)
            changed |= visit(c, i);
        for (int i = n - 1; i >= 0; i--)
            changed |= visit(c, i);
    }
}

cr_status cr_choose_blocked(const cr_blocking *b, cr_arena *scratch, cr_err *err)
{
    int n_layers = b->graph->n_layers, n_tensors = b->graph->n_tensors;
    choice c = {.b = b};
    if (!some_step_may_gain(b))
        return CREMA_OK;
    c.can = cr_arena_array(scratch, (size_t)n_layers, sizeof *c.can);
    c.gains = cr_arena_array(scratch, (size_t)n_tensors, sizeof *c.gains);
    if (!c.can || !c.gains)
        return cr_no_memory(err);
    start(&c);
    repeat(&c, restrict_step);
    repeat(&c, spread);
    for (int t = 0; t < n_tensors; t++)
        b->tensor[t].blocked = b->tensor[t].blocked && c.gains[t];
    return CREMA_OK;
}
