/*
 * clip.c - Clip: max(min, min(x, max)).
 *
 * Both limits must be given: Caffe's schema requires them. Where min is above max everything becomes min, and
 * so does a NaN, from the order of the comparisons in clip_layer.cpp.
 */
#include "crema.pb-c.h"
#include "layers/elementwise.h"

typedef struct context {
    float min, max;
} context;

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__ClipParameter *p = layer->param->clip_param;
    context *ctx = layer->ctx;
    if (!p || !p->has_min || !p->has_max)
        return cr_layer_fail(layer, err, p, NULL, 0, "clip_param needs min and max; %s missing",
                             !p || (!p->has_min && !p->has_max) ? "both are"
                             : p->has_min                       ? "max is"
                                                                : "min is");
    if (p->min > p->max)
        cr_layer_warn(layer, p, "min", 0, "min %g is above max %g, so every value becomes min", p->min,
                      p->max);
    ctx->min = p->min;
    ctx->max = p->max;
    return CREMA_OK;
}

static void piece(const void *arg, const cr_piece *p)
{
    const context *ctx = arg;
    for (int64_t i = 0; i < p->n * p->inner; i++) {
        float x = p->in[i];
        float low = ctx->max < x ? ctx->max : x;
        p->out[i] = ctx->min < low ? low : ctx->min;
    }
}

static void run(const cr_step *step, cr_run *run)
{
    cr_elementwise_plain(step, run, piece);
}

static cr_status gives(const cr_step *step, const cr_preparing *p, cr_fusion *what, bool *is, cr_err *err)
{
    const context *ctx = step->layer->ctx;
    (void)p, (void)err;
    what->epilogue = (cr_epilogue){.activation = CR_ACT_CLIP, .min = ctx->min, .max = ctx->max};
    *is = ctx->min <= ctx->max;
    return CREMA_OK;
}

const cr_layer_type cr_layer_clip = {
    .name = "Clip",
    .about = "values limited to a range",
    .param = "clip_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_INPLACE | CR_STRIDED,
    .ctx_bytes = sizeof(context),
    .setup = setup,
    .shape = cr_shape_like_bottom,
    .run = run,
    .gives = gives,
};
