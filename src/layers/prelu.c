/*
 * prelu.c - PReLU: max(x, 0) + slope * min(x, 0), with a learned slope per channel (axis 1).
 *
 * With channel_shared there is one slope; its blob has no axes, or one of length 1 in older files. Without a
 * filler the slopes are 0.25, but a filler that is given without a value makes them 0 (prelu_layer.cpp).
 */
#include "crema.pb-c.h"
#include "layers/elementwise.h"

#include <string.h>

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const Crema__PReLUParameter *p = layer->param->prelu_param;
    const cr_shape *in = &s->in[0];
    char text[CR_SHAPE_TEXT];
    if (in->rank < 2)
        return cr_layer_fail(layer, err, NULL, "bottom", 0,
                             "the slopes belong to axis 1, which bottom \"%s\" (%s) does not have",
                             layer->in_name[0], cr_shape_text(in, text, sizeof text));
    s->n_blobs = 1;
    s->blob[0] = (cr_blob_spec){.what = "slopes", .filler = p ? p->filler : NULL, .fill = 0.25f};
    bool old = s->n_stored == 1 && s->stored[0].rank == 1;
    if (!p || !p->channel_shared)
        s->blob[0].shape = (cr_shape){.rank = 1, .dim = {in->dim[1]}};
    else if (old)
        s->blob[0].shape = (cr_shape){.rank = 1, .dim = {1}};
    return cr_shape_like_bottom(layer, s, err);
}

static void piece(const void *arg, const cr_piece *p)
{
    const cr_operand *slopes = arg;
    for (int64_t row = 0; row < p->n; row++) {
        float slope = cr_operand_at(slopes, p->channel + row);
        for (int64_t i = row * p->inner; i < (row + 1) * p->inner; i++) {
            float x = p->in[i];
            p->out[i] = (x < 0 ? 0 : x) + slope * (0 < x ? 0 : x);
        }
    }
}

static void run(const cr_step *step, cr_run *run)
{
    const Crema__PReLUParameter *p = step->layer->param->prelu_param;
    cr_rows rows = cr_rows_of(cr_in(step, run, 0), 1, 1);
    cr_operand slopes = cr_operand_blob(step->blob[0], &rows);
    slopes.scalar |= p && p->channel_shared;
    cr_elementwise(step, run, &rows, piece, &slopes);
}

static cr_status gives(const cr_step *step, const cr_preparing *p, cr_fusion *what, bool *is, cr_err *err)
{
    const Crema__PReLUParameter *param = step->layer->param->prelu_param;
    *is = true;
    if (param && param->channel_shared) {
        what->epilogue = (cr_epilogue){.activation = CR_ACT_RELU, .slope = step->blob[0][0]};
        return CREMA_OK;
    }
    size_t channels = (size_t)p->tensor[step->in[0]].shape.dim[1];
    float *slopes = cr_arena_array(p->arena, channels, sizeof *slopes);
    if (!slopes)
        return cr_no_memory(err);
    memcpy(slopes, step->blob[0], channels * sizeof *slopes);
    what->epilogue = (cr_epilogue){.activation = CR_ACT_PRELU, .slopes = slopes};
    return CREMA_OK;
}

const cr_layer_type cr_layer_prelu = {
    .name = "PReLU",
    .about = "max(x, 0), with a learned slope per channel for negative values",
    .param = "prelu_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_INPLACE | CR_STRIDED,
    .shape = shape,
    .run = run,
    .gives = gives,
};
