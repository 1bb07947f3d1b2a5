/*
 * runner.c - crema_runner: planning for shapes, inputs, forward, blobs, steps.
 */
#include "api/load.h"

#include <stdio.h>
#include <string.h>

static cr_status bad_name(const crema_runner *r, const char *name, cr_err *err)
{
    const cr_graph *g = &r->net->graph;
    if (name && cr_graph_find(g, name) >= 0)
        return cr_fail(err, CREMA_ERR_USAGE, NULL,
                       "blob \"%s\" was not asked to be kept, so its values are gone", name);
    return cr_fail(err, CREMA_ERR_USAGE, NULL, "the net has no blob \"%s\"", name ? name : "(null)");
}

static int find_input(const cr_graph *g, const char *name)
{
    for (int i = 0; name && i < g->n_inputs; i++)
        if (strcmp(g->tensor[g->input[i]].name, name) == 0)
            return i;
    return -1;
}

/* ---- planning ---- */

// The net was planned for the shapes that it declares, so what fails now is due to those that it does not.
static void blame_shapes(const cr_graph *g, const cr_shape *shapes, cr_err *err)
{
    for (int i = 0; i < g->n_inputs; i++) {
        const cr_shape *declared = &g->input_shape[i];
        char is[CR_SHAPE_TEXT], was[CR_SHAPE_TEXT];
        size_t n = strlen(err->message);
        if (declared->rank >= 0 && !cr_shape_equal(declared, &shapes[i]))
            snprintf(err->message + n, sizeof err->message - n, "; input \"%s\" is %s, the net declares %s",
                     g->tensor[g->input[i]].name, cr_shape_text(&shapes[i], is, sizeof is),
                     cr_shape_text(declared, was, sizeof was));
    }
}

static cr_status make_plan(const crema_runner *r, const cr_shape *shapes, cr_plan **plan, cr_err *err)
{
    cr_plan_options options = cr_load_plan_options(r->net->context, shapes);
    options.keep = r->keep;
    options.n_keep = r->n_keep;
    options.keep_all = r->keep_all;
    cr_status status = cr_plan_create(plan, &r->net->graph, r->net->weights, &options, err);
    if (status == CREMA_ERR_INPUT && err)
        blame_shapes(&r->net->graph, shapes, err);
    return status;
}

static cr_status first_plan(const crema_runner *r, const crema_runner_options *o, cr_plan **plan, cr_err *err)
{
    const crema_net *net = r->net;
    if (net->plan && o->n_shapes == 0 && r->n_keep == 0 && !r->keep_all) {
        *plan = cr_plan_ref(net->plan);
        return CREMA_OK;
    }
    const cr_graph *g = &net->graph;
    cr_shape *shapes = cr_alloc_zero((size_t)(g->n_inputs + 1) * sizeof *shapes);
    if (!shapes)
        return cr_no_memory(err);
    cr_status status = cr_load_input_shapes(g, shapes, o->shapes, o->n_shapes, err);
    if (status == CREMA_OK)
        status = make_plan(r, shapes, plan, err);
    cr_free(shapes);
    return status;
}

/* ---- making a runner ---- */

static cr_status copy_keep(crema_runner *r, const char *const *keep, int n, cr_err *err)
{
    r->keep = cr_arena_array(&r->arena, (size_t)n + 1, sizeof *r->keep);
    if (!r->keep)
        return cr_no_memory(err);
    for (int i = 0; i < n; i++)
        if (!(r->keep[i] = cr_arena_strdup(&r->arena, keep[i])))
            return cr_no_memory(err);
    r->n_keep = n;
    return CREMA_OK;
}

static cr_status list_blobs(crema_runner *r, cr_err *err)
{
    const cr_plan *p = r->r->plan;
    r->blob = cr_arena_array(&r->arena, (size_t)p->graph->n_tensors, sizeof *r->blob);
    if (!r->blob)
        return cr_no_memory(err);
    for (int t = 0; t < p->graph->n_tensors; t++) {
        bool readable =
            p->kept[t] || (p->graph->node[p->graph->tensor[t].producer].layer->type->flags & CR_SOURCE);
        if (readable && cr_graph_find(p->graph, p->tensor[t].name) == t)
            r->blob[r->n_blobs++] = t;
    }
    return CREMA_OK;
}

static cr_status start(crema_runner *r, cr_plan *plan, int threads, cr_err *err)
{
    cr_status status = cr_runner_create(&r->r, plan, threads, err);
    if (status != CREMA_OK)
        return status;
    r->r->cancel = r->net->context->options.cancel;
    r->r->user = r->net->context->options.user;
    return list_blobs(r, err);
}

crema_runner *crema_runner_create(const crema_net *net, const crema_runner_options *options, crema_error *err)
{
    cr_clear(err);
    crema_runner_options o;
    if (!cr_copy_options(&o, sizeof o, options)) {
        cr_fail(err, CREMA_ERR_USAGE, NULL, "crema_runner_options.struct_size is not set");
        return NULL;
    }
    if (!net || o.n_keep < 0 || (o.n_keep && !o.keep) || o.n_shapes < 0 || (o.n_shapes && !o.shapes)) {
        cr_fail(err, CREMA_ERR_USAGE, NULL, "crema_runner_options: no net, or a count does not fit its list");
        return NULL;
    }
    crema_runner *r = cr_alloc_zero(sizeof *r);
    if (!r) {
        cr_no_memory(err);
        return NULL;
    }
    r->net = net;
    r->keep_all = o.keep_all;
    cr_plan *plan = NULL;
    cr_status status = copy_keep(r, o.keep, o.n_keep, err);
    if (status == CREMA_OK)
        status = first_plan(r, &o, &plan, err);
    if (status == CREMA_OK)
        status = start(r, plan, o.threads, err);
    cr_plan_unref(plan);
    if (status != CREMA_OK) {
        crema_runner_free(r);
        return NULL;
    }
    return r;
}

crema_runner *crema_runner_share(const crema_runner *other, int threads, crema_error *err)
{
    cr_clear(err);
    crema_runner *r = cr_alloc_zero(sizeof *r);
    if (!r) {
        cr_no_memory(err);
        return NULL;
    }
    r->net = other->net;
    r->keep_all = other->keep_all;
    cr_status status = copy_keep(r, other->keep, other->n_keep, err);
    if (status == CREMA_OK)
        status = start(r, other->r->plan, threads, err);
    if (status != CREMA_OK) {
        crema_runner_free(r);
        return NULL;
    }
    return r;
}

void crema_runner_free(crema_runner *runner)
{
    if (!runner)
        return;
    cr_runner_free(runner->r);
    cr_arena_free(&runner->arena);
    cr_free(runner);
}

crema_status crema_runner_reshape(crema_runner *runner, const crema_input_shape *shapes, int n,
                                  crema_error *err)
{
    cr_clear(err);
    const cr_graph *g = &runner->net->graph;
    cr_shape *all = cr_alloc_zero((size_t)(g->n_inputs + 1) * sizeof *all);
    if (!all)
        return cr_no_memory(err);
    for (int i = 0; i < g->n_inputs; i++)
        all[i] = runner->r->plan->tensor[g->input[i]].shape;
    cr_plan *plan = NULL;
    cr_status status = cr_load_override_shapes(g, all, shapes, n, err);
    if (status == CREMA_OK)
        status = make_plan(runner, all, &plan, err);
    if (status == CREMA_OK)
        status = cr_runner_replan(runner->r, plan, err);
    cr_plan_unref(plan);
    cr_free(all);
    return status;
}

/* ---- running ---- */

static void give(const crema_runner *r, int tensor, crema_blob *blob)
{
    const cr_tensor *t = &r->r->run.tensor[tensor];
    *blob = (crema_blob){t->name, t->shape, t->data};
}

crema_status crema_runner_input(crema_runner *runner, const char *name, crema_blob *blob, crema_error *err)
{
    cr_clear(err);
    const cr_graph *g = &runner->net->graph;
    int i = find_input(g, name);
    if (i < 0)
        return cr_fail(err, CREMA_ERR_USAGE, NULL, "the net has no input \"%s\"", name ? name : "(null)");
    give(runner, g->input[i], blob);
    return CREMA_OK;
}

crema_status crema_runner_forward(crema_runner *runner, crema_error *err)
{
    cr_clear(err);
    return cr_runner_forward(runner->r, err);
}

crema_status crema_runner_blob(crema_runner *runner, const char *name, crema_blob *blob, crema_error *err)
{
    cr_clear(err);
    for (int i = 0; name && i < runner->n_blobs; i++) {
        if (strcmp(runner->r->run.tensor[runner->blob[i]].name, name) != 0)
            continue;
        give(runner, runner->blob[i], blob);
        return CREMA_OK;
    }
    return bad_name(runner, name, err);
}

int crema_runner_n_blobs(const crema_runner *runner)
{
    return runner->n_blobs;
}

const char *crema_runner_blob_name(const crema_runner *runner, int index)
{
    return index < 0 || index >= runner->n_blobs ? NULL : runner->r->run.tensor[runner->blob[index]].name;
}

void crema_runner_reset(crema_runner *runner)
{
    cr_runner_reset(runner->r);
}

int crema_runner_n_steps(const crema_runner *runner)
{
    return runner->r->plan->n_steps;
}

static int64_t bytes_moved(const cr_runner *r, const cr_step *s)
{
    int64_t n = 0;
    for (int i = 0; i < s->n_in; i++)
        n += cr_shape_count(&r->run.tensor[s->in[i]].shape);
    for (int i = 0; i < s->n_out; i++)
        n += cr_shape_count(&r->run.tensor[s->out[i]].shape);
    for (int i = 0; i < s->n_blobs; i++)
        n += cr_shape_count(&s->blob_shape[i]);
    if (s->fusion && s->fusion->add >= 0)
        n += cr_shape_count(&r->run.tensor[s->fusion->add].shape);
    return s->run ? n * (int64_t)sizeof(float) : 0;
}

crema_status crema_runner_step(const crema_runner *runner, int index, crema_step_info *info)
{
    const cr_plan *p = runner->r->plan;
    if (index < 0 || index >= p->n_steps)
        return CREMA_ERR_USAGE;
    const cr_step *s = &p->step[index];
    *info = (crema_step_info){.layer = s->layer->name,
                              .type = s->layer->type->name,
                              .implementation = s->implementation,
                              .time_ns = runner->r->time_ns[index],
                              .macs = s->macs,
                              .bytes = bytes_moved(runner->r, s),
                              .part_of = s->part_of ? s->part_of->layer->name : NULL};
    info->shape.rank = -1;
    if (s->n_out)
        info->shape = runner->r->run.tensor[s->out[0]].shape;
    return CREMA_OK;
}

crema_status crema_runner_refusal(const crema_runner *runner, int step, int index, crema_refusal *out)
{
    const cr_plan *p = runner->r->plan;
    if (step < 0 || step >= p->n_steps || index < 0 || index >= p->step[step].n_refusals)
        return CREMA_ERR_USAGE;
    *out = p->step[step].refusal[index];
    return CREMA_OK;
}

void crema_runner_memory(const crema_runner *runner, crema_memory_info *info)
{
    const cr_plan *p = runner->r->plan;
    *info = (crema_memory_info){.activation_bytes = p->arena_bytes, .scratch_bytes = p->scratch_bytes};
    info->scratch_bytes += (size_t)cr_pool_threads(runner->r->run.pool) * p->slot_bytes;
    for (int i = 0; i < p->graph->n_inputs; i++)
        info->input_bytes += (size_t)cr_shape_count(&p->tensor[p->graph->input[i]].shape) * sizeof(float);
    size_t values;
    cr_weights_bytes(runner->net->weights, &values, &info->pack_bytes);
    info->weight_bytes = values + info->pack_bytes;
}
