/*
 * runner.c - buffers for a plan, and the loop over its steps.
 */
#include "run/runner.h"
#include "kernels/blas.h"

#include <string.h>
#include <time.h>

enum { ALIGN = 64 };

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void free_buffers(cr_runner *r)
{
    if (r->input)
        for (int i = 0; i < r->plan->graph->n_inputs; i++)
            cr_free(r->input[i]);
    cr_free(r->input);
    cr_free(r->arena);
    cr_free(r->run.tensor);
    cr_free(r->run.scratch);
    cr_free(r->run.slot_scratch);
    cr_free(r->run.state);
    cr_free(r->time_ns);
    cr_free(r->shape);
}

// Input buffers are apart from the arena, so that what is written there stays from run to run.
static bool alloc_inputs(cr_runner *r)
{
    const cr_graph *g = r->plan->graph;
    r->input = cr_alloc_zero((size_t)(g->n_inputs + 1) * sizeof *r->input);
    for (int i = 0; r->input && i < g->n_inputs; i++) {
        size_t bytes = (size_t)cr_shape_count(&r->plan->tensor[g->input[i]].shape) * sizeof(float);
        r->input[i] = cr_alloc_aligned(bytes + ALIGN, ALIGN);
        if (!r->input[i])
            return false;
        memset(r->input[i], 0, bytes + ALIGN);
    }
    return r->input != NULL;
}

static void set_tensors(cr_runner *r)
{
    const cr_plan *p = r->plan;
    for (int t = 0; t < p->graph->n_tensors; t++) {
        const cr_place *at = &p->place[t];
        float *base = at->input >= 0 ? r->input[at->input] : (float *)(void *)r->arena;
        r->run.tensor[t] = p->tensor[t];
        r->run.tensor[t].data = base + at->offset;
    }
}

// Bottoms and tops of the dynamic step that has most of them.
static size_t most_shapes(const cr_plan *p)
{
    size_t most = 0;
    for (int i = 0; i < p->n_steps; i++) {
        size_t n = (size_t)p->step[i].n_in + (size_t)p->step[i].n_out;
        most = p->step[i].dynamic && n > most ? n : most;
    }
    return most;
}

static cr_status no_memory(const cr_plan *p, cr_err *err)
{
    size_t bytes = p->arena_bytes + p->scratch_bytes + p->state_bytes;
    for (int i = 0; i < p->graph->n_inputs; i++)
        bytes += (size_t)cr_shape_count(&p->tensor[p->graph->input[i]].shape) * sizeof(float);
    return cr_fail(err, CREMA_ERR_MEMORY, NULL,
                   "out of memory: activations, inputs and scratch of this net take %zu MB", bytes >> 20);
}

static cr_status alloc_buffers(cr_runner *r, cr_err *err)
{
    const cr_plan *p = r->plan;
    size_t n_tensors = (size_t)p->graph->n_tensors;
    r->arena = cr_alloc_aligned(p->arena_bytes, ALIGN);
    r->run.tensor = cr_alloc_zero(n_tensors * sizeof *r->run.tensor);
    r->run.scratch = cr_alloc_aligned(p->scratch_bytes + ALIGN, ALIGN);
    r->run.slot_bytes = p->slot_bytes;
    size_t slots_bytes = (size_t)cr_pool_threads(r->run.pool) * p->slot_bytes;
    r->run.slot_scratch = cr_alloc_aligned(slots_bytes + ALIGN, ALIGN);
    r->run.state = cr_alloc_aligned(p->state_bytes + ALIGN, ALIGN);
    r->time_ns = cr_alloc_zero((size_t)(p->n_steps + 1) * sizeof *r->time_ns);
    r->shape = cr_alloc_zero((most_shapes(p) + 1) * sizeof *r->shape);
    if (!r->arena || !r->run.tensor || !r->run.scratch || !r->run.slot_scratch || !r->run.state ||
        !r->time_ns || !r->shape || !alloc_inputs(r))
        return no_memory(p, err);
    memset(r->arena + p->arena_bytes - ALIGN, 0, ALIGN);
    memset(r->run.state, 0, p->state_bytes);
    set_tensors(r);
    return CREMA_OK;
}

cr_status cr_runner_create(cr_runner **runner, cr_plan *plan, int threads, cr_err *err)
{
    *runner = NULL;
    cr_runner *r = cr_alloc_zero(sizeof *r);
    if (!r)
        return cr_no_memory(err);
    r->plan = cr_plan_ref(plan);
    cr_status status = cr_pool_create(&r->run.pool, threads, err);
    if (status == CREMA_OK)
        status = cr_blas_warm_up(r->run.pool, err);
    if (status == CREMA_OK)
        status = alloc_buffers(r, err);
    if (status != CREMA_OK)
        cr_runner_free(r);
    else
        *runner = r;
    return status;
}

void cr_runner_free(cr_runner *r)
{
    if (!r)
        return;
    free_buffers(r);
    cr_pool_free(r->run.pool);
    cr_plan_unref(r->plan);
    cr_free(r);
}

cr_status cr_runner_replan(cr_runner *r, cr_plan *plan, cr_err *err)
{
    cr_runner fresh = {.plan = plan, .run.pool = r->run.pool, .cancel = r->cancel, .user = r->user};
    cr_status status = alloc_buffers(&fresh, err);
    if (status != CREMA_OK) {
        free_buffers(&fresh);
        return status;
    }
    const cr_graph *g = plan->graph;
    for (int i = 0; i < g->n_inputs; i++) {
        const cr_shape *was = &r->plan->tensor[g->input[i]].shape, *is = &plan->tensor[g->input[i]].shape;
        if (cr_shape_equal(was, is))
            memcpy(fresh.input[i], r->input[i], (size_t)cr_shape_count(is) * sizeof(float));
    }
    free_buffers(r);
    cr_plan_unref(r->plan);
    *r = fresh;
    cr_plan_ref(plan);
    return CREMA_OK;
}

// Some bottom has another shape than planned: the tops follow. Tensors that run with gaps between their images
// are never dynamic, so strides are those of the shapes.
static cr_status reshape_tops(cr_runner *r, const cr_step *step, cr_err *err)
{
    cr_shape *in = r->shape, *out = r->shape + step->n_in;
    for (int i = 0; i < step->n_in; i++)
        in[i] = r->run.tensor[step->in[i]].shape;
    cr_status status = cr_shapes_again(step, in, out, err);
    for (int i = 0; i < step->n_out && status == CREMA_OK; i++) {
        cr_tensor *t = &r->run.tensor[step->out[i]];
        t->shape = out[i];
        t->image_stride = cr_tensor_image_count(t);
    }
    return status;
}

cr_status cr_runner_forward(cr_runner *r, cr_err *err)
{
    const cr_plan *p = r->plan;
    cr_err own = {0};
    r->run.err = &own;
    int64_t before = now_ns();
    for (int i = 0; i < p->n_order; i++) {
        const cr_step *step = p->order[i];
        if (r->cancel && step->run && r->cancel(r->user))
            return cr_fail(err, CREMA_ERR_CANCELLED, NULL, "cancelled");
        if (step->dynamic)
            reshape_tops(r, step, &own);
        if (step->run && own.status == CREMA_OK)
            step->run(step, &r->run);
        if (own.status != CREMA_OK) {
            if (err)
                *err = own;
            return own.status;
        }
        int64_t after = now_ns();
        r->time_ns[step - p->step] = after - before;
        before = after;
    }
    return CREMA_OK;
}

void cr_runner_reset(cr_runner *r)
{
    memset(r->run.state, 0, r->plan->state_bytes);
}
