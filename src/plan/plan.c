/*
 * plan.c - shapes, weights, fusion, blocked tensors, layout, steps.
 *
 * Walks the layers in file order and asks each for its shapes, binds its weights, lets steps take the layers behind
 * them, chooses how tensors lie, then lays them out and lets each layer prepare its step. Knows no layer type by name.
 */
#include "plan/plan.h"
#include "kernels/kernels.h"
#include "layers/fused.h"
#include "plan/blocked.h"
#include "plan/fuse.h"

#include <string.h>

typedef struct planning {
    cr_plan *p;
    const cr_plan_options *options;
    const cr_kernels *kernels;
    cr_arena scratch; // freed with the planning
    cr_step **at;     // by layer: the step that stands there, or NULL
    cr_use *use;      // by layer: the same for the layout
    bool *no_run;     // by layer
    bool *gone;       // by tensor id: between two layers of one step
    cr_shapes shapes;
    cr_preparing prep;
    cr_weights_wanted wanted;
    cr_err *err;
} planning;

/* ---- shapes and weights ---- */

static cr_status set_blobs(planning *pl, cr_step *step, const cr_shaping *s)
{
    const float **value = cr_arena_array(&pl->p->arena, (size_t)s->n_blobs, sizeof *value);
    cr_shape *shape = cr_arena_array(&pl->p->arena, (size_t)s->n_blobs, sizeof *shape);
    cr_blob_spec *spec = cr_arena_array(&pl->scratch, (size_t)s->n_blobs, sizeof *spec);
    cr_value_wanted *wanted = cr_arena_alloc(&pl->scratch, sizeof *wanted);
    step->packed = cr_arena_array(&pl->p->arena, (size_t)s->n_blobs, sizeof *step->packed);
    if (!value || !shape || !spec || !wanted || !step->packed)
        return cr_no_memory(pl->err);
    for (int i = 0; i < s->n_blobs; i++) {
        spec[i] = cr_shaping_blob(step->layer, s, i);
        shape[i] = spec[i].shape;
    }
    step->n_blobs = s->n_blobs;
    step->blob = value;
    step->blob_shape = shape;
    *wanted = (cr_value_wanted){step, value, pl->wanted.values};
    pl->wanted.values = wanted;
    return cr_weights_bind(pl->p->weights, step->layer->index, s->n_blobs, spec, value, pl->err);
}

static cr_status add_step(planning *pl, int i)
{
    cr_plan *p = pl->p;
    const cr_node *n = &p->graph->node[i];
    const cr_layer *layer = n->layer;
    const cr_shaping *s = pl->shapes.shaping[i];
    if (!s)
        return CREMA_OK;
    cr_step *step = &p->step[p->n_steps++];
    *step = (cr_step){.layer = layer,
                      .n_in = layer->n_in,
                      .in = n->in,
                      .n_out = layer->n_out,
                      .out = n->out,
                      .macs = s->macs,
                      .state_bytes = s->state_bytes,
                      .state_offset = p->state_bytes,
                      .shaping = s};
    for (int j = 0; j < layer->n_in; j++)
        step->dynamic = step->dynamic || pl->shapes.dynamic[n->in[j]];
    p->state_bytes += (s->state_bytes + 63) / 64 * 64;
    pl->at[i] = step;
    return set_blobs(pl, step, s);
}

static cr_status infer_shapes(planning *pl)
{
    cr_plan *p = pl->p;
    const cr_shapes *known = pl->options->measure;
    pl->shapes = (cr_shapes){.graph = p->graph, .weights = p->weights, .input = pl->options->input};
    if (known)
        pl->shapes = *known;
    cr_status status = known ? CREMA_OK : cr_shapes_infer(&pl->shapes, &p->arena, pl->err);
    for (int t = 0; t < p->graph->n_tensors && status == CREMA_OK; t++)
        p->tensor[t].shape = pl->shapes.tensor[t];
    return status;
}

/* ---- what is kept ---- */

static cr_status choose_kept(planning *pl)
{
    cr_plan *p = pl->p;
    const cr_graph *g = p->graph;
    for (int t = 0; t < g->n_tensors; t++)
        p->kept[t] = g->tensor[t].output || pl->options->keep_all;
    for (int i = 0; i < pl->options->n_keep; i++) {
        int t = cr_graph_find(g, pl->options->keep[i]);
        if (t < 0)
            return cr_fail(pl->err, CREMA_ERR_USAGE, NULL, "the net has no blob \"%s\"",
                           pl->options->keep[i]);
        p->kept[t] = true;
    }
    if (!pl->options->keep_all)
        return CREMA_OK;
    // A name means its newest tensor; the older ones can't be asked for.
    for (int t = 0; t < g->n_tensors; t++)
        p->kept[t] = cr_graph_find(g, g->tensor[t].name) == t;
    return CREMA_OK;
}

/* ---- steps ---- */

static cr_status get_pack(const cr_preparing *prep, cr_step *step, const cr_pack_recipe *recipe, cr_err *err)
{
    planning *pl = prep->owner;
    cr_pack_wanted *wanted = cr_arena_alloc(&pl->scratch, sizeof *wanted);
    char *key = cr_arena_strdup(&pl->scratch, recipe->key);
    if (!wanted || !key)
        return cr_no_memory(err);
    *wanted = (cr_pack_wanted){step, *recipe, pl->wanted.packs};
    wanted->recipe.key = key;
    pl->wanted.packs = wanted;
    return CREMA_OK;
}

static void set_preparing(planning *pl)
{
    cr_plan *p = pl->p;
    pl->prep = (cr_preparing){.arena = &p->arena,
                              .scratch = pl->options->keep_folds ? &p->arena : &pl->scratch,
                              .tensor = p->tensor,
                              .conv_algorithm = pl->options->conv_algorithm,
                              .exact = pl->options->exact,
                              .winograd_tolerance = pl->options->winograd_tolerance,
                              .small_memory = pl->options->small_memory,
                              .kernels = pl->kernels,
                              .seed = cr_weights_seed(p->weights),
                              .factor_0_is_1 = pl->options->factor_0_is_1,
                              .pack = get_pack,
                              .owner = pl};
}

static cr_status prepare_step(planning *pl, cr_step *step)
{
    const cr_layer_type *type = step->layer->type;
    step->run = type->run;
    step->implementation = "plain";
    step->kernels = pl->kernels;
    if (step->fusion && !type->takes)
        return cr_fused_prepare(step, &pl->prep, pl->err);
    return type->prepare ? type->prepare(step, &pl->prep, pl->err) : CREMA_OK;
}

static cr_status prepare_steps(planning *pl)
{
    cr_plan *p = pl->p;
    for (int i = 0; i < p->graph->n_layers; i++) {
        cr_step *step = pl->at[i];
        if (!step)
            continue;
        p->order[p->n_order++] = step;
        if (pl->no_run[i]) {
            step->implementation = "view";
            continue;
        }
        cr_status status = prepare_step(pl, step);
        if (status != CREMA_OK)
            return status;
        for (int j = 0; j < step->n_blobs && pl->options->keep_blobs; j++)
            step->packed[j] = false;
        if (step->scratch_bytes > p->scratch_bytes)
            p->scratch_bytes = step->scratch_bytes;
        if (step->slot_bytes > p->slot_bytes)
            p->slot_bytes = (step->slot_bytes + 63) / 64 * 64;
    }
    return CREMA_OK;
}

/* ---- fusion and layout ---- */

static cr_status fuse(planning *pl)
{
    cr_plan *p = pl->p;
    if (pl->options->exact)
        return CREMA_OK;
    cr_fuse f = {.graph = p->graph,
                 .prep = &pl->prep,
                 .dynamic = pl->shapes.dynamic,
                 .kept = p->kept,
                 .at = pl->at,
                 .gone = pl->gone};
    cr_status status = cr_fuse_steps(&f, &pl->scratch, pl->err);
    for (int i = 0; i < p->n_steps && status == CREMA_OK; i++) {
        cr_step *step = &p->step[i];
        if (!step->part_of)
            continue;
        step->implementation = cr_arena_printf(&p->arena, "in %s", step->part_of->layer->name);
        if (!step->implementation)
            status = cr_no_memory(pl->err);
    }
    return status;
}

static cr_status set_use(planning *pl, const cr_step *step, cr_use *use)
{
    use->view = step->shaping->view;
    use->view_axis = step->shaping->view_axis;
    use->n_in = step->n_in;
    use->in = step->in;
    use->n_out = step->n_out;
    use->out = step->out;
    int add = step->fusion ? step->fusion->add : -1, place = step->n_in;
    for (int i = 0; i < step->n_in; i++)
        if (step->in[i] == add)
            place = i; // it is a bottom of the layer itself, which may read it in any order
    bool own = place < step->n_in;
    if (add >= 0 && step->fusion->over_add && !(own && step->layer->type->takes))
        use->over = place;
    if (add < 0 || own)
        return CREMA_OK;
    int *in = cr_arena_array(&pl->scratch, (size_t)step->n_in + 1, sizeof *in);
    if (!in)
        return cr_no_memory(pl->err);
    memcpy(in, step->in, (size_t)step->n_in * sizeof *in);
    in[use->n_in++] = add;
    use->in = in;
    return CREMA_OK;
}

static cr_status set_uses(planning *pl)
{
    const cr_graph *g = pl->p->graph;
    cr_status status = CREMA_OK;
    for (int i = 0; i < g->n_layers && status == CREMA_OK; i++) {
        const cr_step *step = pl->at[i];
        pl->use[i].over = -1;
        pl->use[i].flags = (step ? step->layer : g->node[i].layer)->type->flags;
        if (step)
            status = set_use(pl, step, &pl->use[i]);
    }
    return status;
}

static cr_status choose_blocked(planning *pl)
{
    cr_blocking b = {.graph = pl->p->graph,
                     .prep = &pl->prep,
                     .at = pl->at,
                     .use = pl->use,
                     .dynamic = pl->shapes.dynamic,
                     .kept = pl->p->kept,
                     .tensor = pl->p->tensor};
    return pl->options->exact ? CREMA_OK : cr_choose_blocked(&b, &pl->scratch, pl->err);
}

static cr_status lay_out(planning *pl)
{
    cr_plan *p = pl->p;
    cr_layout layout = {.graph = p->graph,
                        .tensor = p->tensor,
                        .use = pl->use,
                        .gone = pl->gone,
                        .kept = p->kept,
                        .dynamic = pl->shapes.dynamic,
                        .place = p->place,
                        .no_run = pl->no_run};
    cr_status status = cr_layout_make(&layout, &pl->scratch, pl->err);
    p->arena_bytes = layout.arena_bytes;
    p->live_bytes = layout.live_bytes;
    return status;
}

static cr_status allocate(planning *pl)
{
    cr_plan *p = pl->p;
    const cr_graph *g = p->graph;
    size_t n_tensors = (size_t)g->n_tensors, n_layers = (size_t)g->n_layers;
    p->tensor = cr_arena_array(&p->arena, n_tensors, sizeof *p->tensor);
    p->place = cr_arena_array(&p->arena, n_tensors, sizeof *p->place);
    p->kept = cr_arena_array(&p->arena, n_tensors, sizeof *p->kept);
    p->step = cr_arena_array(&p->arena, n_layers, sizeof *p->step);
    p->order = cr_arena_array(&p->arena, n_layers, sizeof *p->order);
    pl->at = cr_arena_array(&pl->scratch, n_layers, sizeof *pl->at);
    pl->gone = cr_arena_array(&pl->scratch, n_tensors, sizeof *pl->gone);
    pl->use = cr_arena_array(&pl->scratch, n_layers, sizeof *pl->use);
    pl->no_run = cr_arena_array(&pl->scratch, n_layers, sizeof *pl->no_run);
    if (!p->tensor || !p->place || !p->kept || !p->step || !p->order || !pl->at || !pl->gone || !pl->use ||
        !pl->no_run)
        return cr_no_memory(pl->err);
    for (size_t t = 0; t < n_tensors; t++)
        p->tensor[t].name = g->tensor[t].name;
    return CREMA_OK;
}

static cr_status load_weights(planning *pl)
{
    cr_plan *p = pl->p;
    cr_weights_measure(p->weights, &pl->wanted, &p->value_bytes, &p->pack_bytes);
    if (pl->options->measure)
        return CREMA_OK;
    cr_status status = cr_weights_load(p->weights, &pl->wanted, pl->options->threads, &p->arena, pl->err);
    p->held = pl->wanted.held;
    p->n_held = pl->wanted.n_held;
    return status;
}

static cr_status choose_kernels(planning *pl)
{
    const char *why;
    pl->kernels = pl->options->kernels ? pl->options->kernels : cr_kernels_choose(NULL, &why);
    return pl->kernels ? CREMA_OK : cr_fail(pl->err, CREMA_ERR_UNSUPPORTED, NULL, "%s", why);
}

static cr_status make(planning *pl)
{
    cr_status status = choose_kernels(pl);
    if (status == CREMA_OK)
        status = allocate(pl);
    if (status == CREMA_OK)
        status = infer_shapes(pl);
    for (int i = 0; i < pl->p->graph->n_layers && status == CREMA_OK; i++)
        status = add_step(pl, i);
    if (status == CREMA_OK)
        status = choose_kept(pl);
    set_preparing(pl);
    if (status == CREMA_OK)
        status = fuse(pl);
    if (status == CREMA_OK)
        status = set_uses(pl);
    if (status == CREMA_OK)
        status = choose_blocked(pl);
    if (status == CREMA_OK)
        status = lay_out(pl);
    if (status == CREMA_OK)
        status = prepare_steps(pl);
    if (status == CREMA_OK)
        status = load_weights(pl);
    return status;
}

cr_status cr_plan_create(cr_plan **plan, const cr_graph *graph, cr_weights *weights,
                         const cr_plan_options *options, cr_err *err)
{
    *plan = NULL;
    cr_plan *p = cr_alloc_zero(sizeof *p);
    if (!p)
        return cr_no_memory(err);
    p->refs = 1;
    p->graph = graph;
    p->weights = weights;
    planning pl = {.p = p, .options = options, .err = err};
    cr_status status = make(&pl);
    cr_arena_free(&pl.scratch);
    if (status != CREMA_OK)
        cr_plan_unref(p);
    else
        *plan = p;
    return status;
}

cr_plan *cr_plan_ref(cr_plan *plan)
{
    __atomic_add_fetch(&plan->refs, 1, __ATOMIC_RELAXED);
    return plan;
}

void cr_plan_unref(cr_plan *plan)
{
    if (!plan || __atomic_sub_fetch(&plan->refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    cr_weights_release(plan->weights, plan->held, plan->n_held);
    cr_arena_free(&plan->arena);
    cr_free(plan);
}
