/*
 * spatial_dropout.c - the Python module spatial_dropout of ENet (TimoSaemann/ENet): x / (1 - p).
 *
 * In its phase TEST, which param_str names, the module multiplies all values by 1 / (1 - p) and drops nothing; in
 * TRAIN it drops whole channels at random and multiplies the others by as much, so that the mean stays: there,
 * as in Dropout, we warn and pass the values on.
 */
#include "crema.pb-c.h"
#include "layers/elementwise.h"
#include "layers/python.h"
#include "schema/value.h"

#include <string.h>

typedef struct context {
    float factor;
} context;

static cr_status setup(cr_layer *layer, cr_err *err)
{
    context *ctx = layer->ctx;
    const Crema__PythonParameter *param = layer->param->python_param;
    const char *field = param->param_str ? "param_str" : NULL;
    char phase[32], text[32], why[CR_VALUE_WHY];
    double p = 0;
    layer->reading = "spatial_dropout of ENet";
    if (cr_python_field(layer, "p", text, sizeof text))
        cr_value_real(&(cr_value){.kind = CR_VALUE_NUMBER, .text = text, .size = strlen(text)}, layer->arena,
                      &p, why);
    if (!(p > 0 && p < 1))
        return cr_layer_fail(layer, err, param, field, 0, "param_str must give 'p' between 0 and 1");
    if (!cr_python_field(layer, "phase", phase, sizeof phase))
        return cr_layer_fail(layer, err, param, field, 0, "param_str must give 'phase'");
    ctx->factor = (float)(1 / (1 - p));
    if (strcmp(phase, "TRAIN") == 0) {
        cr_layer_warn(layer, param, field, 0, "drops nothing in phase TRAIN: all values pass");
        ctx->factor = 1;
    }
    return CREMA_OK;
}

float cr_spatial_dropout_factor(const cr_layer *layer)
{
    return ((const context *)layer->ctx)->factor;
}

static void piece(const void *arg, const cr_piece *p)
{
    float factor = ((const context *)arg)->factor;
    for (int64_t i = 0; i < p->n * p->inner; i++)
        p->out[i] = p->in[i] * factor;
}

static void run(const cr_step *step, cr_run *run)
{
    cr_elementwise_plain(step, run, piece);
}

const cr_layer_type cr_layer_spatial_dropout = {
    .name = "Python",
    .param = "python_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_INPLACE | CR_STRIDED,
    .ctx_bytes = sizeof(context),
    .setup = setup,
    .shape = cr_shape_like_bottom,
    .run = run,
};
