/*
 * onnx_emit.c - the helpers of the table's rows, and the rows that many types share.
 */
#include "convert/onnx_emit.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void cr_onnx_refuse(cr_onnx_layer *l, const char *fmt, ...)
{
    char text[300];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    l->refused = cr_arena_strdup(&l->g->arena, text);
    l->g->no_memory |= !l->refused;
}

int cr_onnx_axis(int64_t axis, int rank)
{
    return (int)(axis < 0 ? axis + rank : axis);
}

const char *cr_onnx_blob(cr_onnx_layer *l, int i)
{
    return cr_onnx_blob_as(l, i, &l->step->blob_shape[i]);
}

const char *cr_onnx_blob_as(cr_onnx_layer *l, int i, const cr_shape *shape)
{
    return cr_onnx_floats(l->g, cr_shaping_blob(l->layer, l->step->shaping, i).what, shape, l->step->blob[i]);
}

const char *cr_onnx_filled(cr_onnx_graph *g, int64_t n, float value)
{
    float *values = cr_onnx_room(g, n);
    for (int64_t i = 0; i < n && values; i++)
        values[i] = value;
    return cr_onnx_floats(g, NULL, &(cr_shape){.rank = 1, .dim = {n}}, values);
}

void cr_onnx_emit_identity(cr_onnx_layer *l)
{
    for (int i = 0; i < l->step->n_out; i++)
        cr_onnx_op(l->g, "Identity", l->out[i], l->in[0], NULL);
}

void cr_onnx_emit_reshape(cr_onnx_layer *l)
{
    cr_onnx_reshape(l->g, l->in[0], l->out[0], &l->out_shape[0]);
}

// Buffers for one run of one step, whose bottoms have shapes only.
static bool make_run(cr_onnx_layer *l, cr_run *run)
{
    size_t n = (size_t)l->plan->graph->n_tensors;
    cr_arena *arena = &l->g->arena;
    run->tensor = cr_arena_array(arena, n, sizeof *run->tensor);
    run->scratch = cr_arena_alloc(arena, l->plan->scratch_bytes + 64);
    run->slot_bytes = l->plan->slot_bytes;
    run->slot_scratch = cr_arena_alloc(arena, run->slot_bytes + 64);
    run->state = cr_arena_alloc(arena, l->plan->state_bytes + 64);
    if (!run->tensor || !run->scratch || !run->slot_scratch || !run->state)
        return false;
    memcpy(run->tensor, l->plan->tensor, n * sizeof *run->tensor);
    for (int i = 0; i < l->step->n_out; i++) {
        cr_tensor *t = &run->tensor[l->step->out[i]];
        t->image_stride = cr_tensor_image_count(t);
        t->data = cr_onnx_room(l->g, cr_shape_count(&t->shape) + 16);
        if (!t->data)
            return false;
    }
    return true;
}

void cr_onnx_emit_computed(cr_onnx_layer *l)
{
    cr_err err = {0};
    cr_run run = {.err = &err};
    if (!make_run(l, &run)) {
        l->g->no_memory = true;
        return;
    }
    l->step->run(l->step, &run);
    if (err.status) {
        cr_onnx_refuse(l, "%s", err.message);
        return;
    }
    for (int i = 0; i < l->step->n_out; i++) {
        const cr_tensor *t = &run.tensor[l->step->out[i]];
        const char *values = cr_onnx_floats(l->g, "values", &t->shape, t->data);
        cr_onnx_op(l->g, "Identity", l->out[i], values, NULL);
    }
}
