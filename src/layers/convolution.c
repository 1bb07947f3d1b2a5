/*
 * convolution.c - Convolution, over any number of spatial axes.
 *
 * Fields, shapes and batch axes are conv_base.c's, padding is window.c's, the work is that of the algorithm in
 * kernels/conv.h that accepts first, or of the one that the context forces.
 */
#include "layers/conv_base.h"

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    return cr_conv_base_shape(layer, s, false, err);
}

static cr_status prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    cr_conv_data *d;
    const char *why;
    cr_status status = cr_conv_base_prepare(step, p, false, &d, err);
    if (status)
        return status;
    d->algorithm = cr_conv_choose(&d->conv, p->conv_algorithm, &why);
    if (!d->algorithm)
        return cr_fail(err, CREMA_ERR_USAGE, NULL, "layer \"%s\" (%s): convolution algorithm \"%s\": %s",
                       step->layer->name, step->layer->type->name, p->conv_algorithm ? p->conv_algorithm : "",
                       why);
    step->implementation = d->algorithm->name;
    return cr_conv_base_scratch(step, p, d, d->algorithm->scratch_bytes(&d->conv), err);
}

static void run(const cr_step *step, cr_run *r)
{
    const cr_conv_data *d = step->data;
    cr_conv_base_run(step, r, false, d->algorithm->run);
}

const cr_layer_type cr_layer_convolution = {
    .name = "Convolution",
    .param = "convolution_param",
    .in_min = 1,
    .in_max = CR_ANY,
    .out_min = 1,
    .out_max = CR_ANY,
    .out_equals_in = true,
    .flags = CR_STRIDED,
    .setup = cr_conv_base_setup,
    .shape = shape,
    .prepare = prepare,
    .run = run,
};
