/*
 * onnx_shape.c - layers that move values and change none: axes cut, joined, exchanged, repeated, picked.
 */
#include "convert/onnx_rows.h"
#include "crema.pb-c.h"
#include "layers/pad.h"

#include <string.h>

void cr_onnx_concat_layer(cr_onnx_layer *l)
{
    if (l->step->n_in == 1)
        cr_onnx_emit_identity(l);
    else
        cr_onnx_concat(l->g, l->out[0], l->step->shaping->view_axis, (size_t)l->step->n_in, l->in);
}

void cr_onnx_slice_layer(cr_onnx_layer *l)
{
    int axis = l->step->shaping->view_axis, n = l->step->n_out;
    if (n == 1) {
        cr_onnx_emit_identity(l);
        return;
    }
    int64_t *size = cr_onnx_index_room(l->g, n);
    for (int i = 0; i < n && size; i++)
        size[i] = l->out_shape[i].dim[axis];
    const char *sizes = size ? cr_onnx_indices_kept(l->g, (size_t)n, size) : "";
    cr_onnx_op(l->g, "Split", l->out[0], l->in[0], sizes, NULL);
    for (int i = 1; i < n; i++)
        cr_onnx_more(l->g, l->out[i]);
    cr_onnx_int(l->g, "axis", axis);
}

void cr_onnx_crop(cr_onnx_layer *l)
{
    const Crema__CropParameter *p = l->layer->param->crop_param;
    int rank = l->in_shape[0].rank, axis = cr_onnx_axis(p ? p->axis : 2, rank);
    int64_t from[CR_MAX_RANK], to[CR_MAX_RANK], axes[CR_MAX_RANK];
    size_t n = (size_t)(rank - axis);
    for (size_t i = 0; i < n; i++) {
        axes[i] = axis + (int64_t)i;
        from[i] = !p || p->n_offset == 0 ? 0 : p->offset[p->n_offset == 1 ? 0 : i];
        to[i] = from[i] + l->out_shape[0].dim[axes[i]];
    }
    cr_onnx_graph *g = l->g;
    cr_onnx_op(g, "Slice", l->out[0], l->in[0], cr_onnx_indices(g, n, from), cr_onnx_indices(g, n, to),
               cr_onnx_indices(g, n, axes), NULL);
}

void cr_onnx_permute(cr_onnx_layer *l)
{
    const Crema__PermuteParameter *p = l->layer->param->permute_param;
    int order[CR_MAX_RANK], n = 0;
    unsigned seen = 0;
    for (size_t i = 0; p && i < p->n_order; i++) {
        order[n++] = (int)p->order[i];
        seen |= 1u << p->order[i];
    }
    for (int i = 0; i < l->in_shape[0].rank; i++)
        if (!(seen >> i & 1))
            order[n++] = i;
    cr_onnx_transpose(l->g, l->in[0], l->out[0], n, order);
}

void cr_onnx_transpose_layer(cr_onnx_layer *l)
{
    const Crema__TransposeParameter *p = l->layer->param->transpose_param;
    cr_onnx_transpose(l->g, l->in[0], l->out[0], (int)p->n_dim, p->dim);
}

void cr_onnx_tile(cr_onnx_layer *l)
{
    const Crema__TileParameter *p = l->layer->param->tile_param;
    int rank = l->in_shape[0].rank;
    int64_t repeats[CR_MAX_RANK];
    for (int i = 0; i < rank; i++)
        repeats[i] = 1;
    repeats[cr_onnx_axis(p->axis, rank)] = p->tiles;
    cr_onnx_op(l->g, "Tile", l->out[0], l->in[0], cr_onnx_indices(l->g, (size_t)rank, repeats), NULL);
}

void cr_onnx_reverse(cr_onnx_layer *l)
{
    const Crema__ReverseParameter *p = l->layer->param->reverse_param;
    size_t n = p && p->n_axis ? p->n_axis : 1;
    int64_t from[CR_MAX_RANK], to[CR_MAX_RANK], axes[CR_MAX_RANK];
    for (size_t i = 0; i < n; i++) {
        axes[i] = cr_onnx_axis(p && p->n_axis ? p->axis[i] : 0, l->in_shape[0].rank);
        from[i] = -1;
        to[i] = INT64_MIN;
    }
    cr_onnx_graph *g = l->g;
    cr_onnx_op(g, "Slice", l->out[0], l->in[0], cr_onnx_indices(g, n, from), cr_onnx_indices(g, n, to),
               cr_onnx_indices(g, n, axes), cr_onnx_indices(g, n, from), NULL); // the steps are -1, too
}

// What lies behind a stream's length is copied by ONNX, and 0 here unless copy_remaining says otherwise.
void cr_onnx_reverse_time(cr_onnx_layer *l)
{
    const Crema__ReverseTimeParameter *p = l->layer->param->reverse_time_param;
    cr_onnx_graph *g = l->g;
    bool copy = p && p->copy_remaining;
    const cr_shape *in = &l->in_shape[0];
    const char *length = cr_onnx_cast(g, l->in[1], NULL, CR_ONNX_INT64);
    const char *x = cr_onnx_op(g, "ReverseSequence", copy ? l->out[0] : NULL, l->in[0], length, NULL);
    cr_onnx_int(g, "time_axis", 0);
    cr_onnx_int(g, "batch_axis", 1);
    if (copy)
        return;
    int64_t *time = cr_onnx_index_room(g, in->dim[0]);
    for (int64_t t = 0; t < in->dim[0] && time; t++)
        time[t] = t;
    const char *times = cr_onnx_index_table(g, &(cr_shape){.rank = 2, .dim = {in->dim[0], 1}}, time);
    const char *inside = cr_onnx_op(g, "Less", NULL, times, length, NULL); // (T, N)
    cr_shape shape = {.rank = in->rank, .dim = {in->dim[0], in->dim[1]}};
    for (int i = 2; i < in->rank; i++)
        shape.dim[i] = 1;
    inside = cr_onnx_reshape(g, inside, NULL, &shape);
    cr_onnx_op(g, "Where", l->out[0], inside, x, cr_onnx_scalar(g, 0), NULL);
}

void cr_onnx_shuffle_channel(cr_onnx_layer *l)
{
    static const int order[4] = {0, 2, 1, 3};
    const Crema__ShuffleChannelParameter *p = l->layer->param->shuffle_channel_param;
    const cr_shape *in = &l->in_shape[0];
    int64_t group = p ? p->group : 1;
    cr_shape split = {.rank = 4,
                      .dim = {in->dim[0], group, in->dim[1] / group, cr_shape_range(in, 2, in->rank)}};
    const char *x = cr_onnx_reshape(l->g, l->in[0], NULL, &split);
    x = cr_onnx_transpose(l->g, x, NULL, 4, order);
    cr_onnx_reshape(l->g, x, l->out[0], in);
}

static void depth_to_space(cr_onnx_layer *l, int64_t block)
{
    cr_onnx_op(l->g, "DepthToSpace", l->out[0], l->in[0], NULL);
    cr_onnx_int(l->g, "blocksize", block);
    cr_onnx_text(l->g, "mode", "DCR");
}

void cr_onnx_depth_to_space(cr_onnx_layer *l)
{
    depth_to_space(l, l->layer->param->depth_to_space_param->block_size);
}

// Darknet's way takes the bottom's values for (C / s^2, H s, W s), which they are not.
void cr_onnx_reorg(cr_onnx_layer *l)
{
    const Crema__ReorgParameter *p = l->layer->param->reorg_param;
    int64_t s = p->stride;
    const int64_t *in = l->in_shape[0].dim;
    if (p->reverse) {
        depth_to_space(l, s);
        return;
    }
    cr_shape wide = {.rank = 4, .dim = {in[0], in[1] / (s * s), in[2] * s, in[3] * s}};
    const char *x = cr_onnx_reshape(l->g, l->in[0], NULL, &wide);
    x = cr_onnx_op(l->g, "SpaceToDepth", NULL, x, NULL);
    cr_onnx_int(l->g, "blocksize", s);
    cr_onnx_reshape(l->g, x, l->out[0], &l->out_shape[0]);
}

void cr_onnx_pad_layer(cr_onnx_layer *l)
{
    const cr_pad_data *d = l->step->data;
    if (l->step->shaping->view) {
        cr_onnx_emit_identity(l);
        return;
    }
    const char *x = d->mean
                        ? cr_onnx_pad_mean(l->g, l->in[0], d->mean, &l->in_shape[0].dim[2])
                        : cr_onnx_pad(l, l->in[0], &l->in_shape[0], &d->window, d->mode, d->window.outside);
    if (!l->refused)
        cr_onnx_op(l->g, "Identity", l->out[0], x, NULL);
}

void cr_onnx_silence(cr_onnx_layer *l)
{
    (void)l;
}

void cr_onnx_embed(cr_onnx_layer *l)
{
    const Crema__EmbedParameter *p = l->layer->param->embed_param;
    const char *index = cr_onnx_cast(l->g, l->in[0], NULL, CR_ONNX_INT64);
    const char *x = cr_onnx_gather(l->g, cr_onnx_blob(l, 0), p->bias_term ? NULL : l->out[0], 0, index);
    if (p->bias_term)
        cr_onnx_op(l->g, "Add", l->out[0], x, cr_onnx_blob(l, 1), NULL);
}

void cr_onnx_batch_reindex(cr_onnx_layer *l)
{
    cr_onnx_gather(l->g, l->in[0], l->out[0], 0, cr_onnx_cast(l->g, l->in[1], NULL, CR_ONNX_INT64));
}

void cr_onnx_filter(cr_onnx_layer *l)
{
    int n = l->step->n_out;
    cr_shape flat = {.rank = 1, .dim = {-1}};
    const char *selected = cr_onnx_reshape(l->g, l->in[n], NULL, &flat);
    selected = cr_onnx_cast(l->g, selected, NULL, CR_ONNX_BOOL);
    for (int i = 0; i < n; i++) {
        cr_onnx_op(l->g, "Compress", l->out[i], l->in[i], selected, NULL);
        cr_onnx_int(l->g, "axis", 0);
    }
    l->dynamic_axis = 0;
}
