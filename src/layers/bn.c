/*
 * bn.c - BN: batch normalization with a scale and a bias in one layer. Forks agree on the name only.
 *
 *   four blobs   slope, bias, mean, variance: PSPNet, TSN, HAPPY. (x - mean) / sqrt(variance + eps) * slope +
 *                bias; in phase TRAIN the statistics are those of the batch, unless it is frozen.
 *   two blobs    scale, shift: SegNet and ENet. With bn_mode INFERENCE x * scale + shift. With LEARN, the
 *                default, the statistics are those of the current batch in phase TEST too, and eps is 1e-9;
 *                a second and third top then are its mean and variance, 1xCx1x1.
 *                ParseNet's, which has var_eps, takes those of the batch with that eps.
 *
 * The number of blobs in the file decides; without a file the fields do: what only SegNet or ParseNet have
 * means two blobs. Blobs are 1xCx1x1, but other shapes of C values are taken too.
 */
#include "crema.pb-c.h"
#include "layers/norm_base.h"

static const Crema__BNParameter none = {.eps = 1e-5f}; // and bn_mode LEARN

static const Crema__BNParameter *param(const cr_layer *layer)
{
    return layer->param->bn_param ? layer->param->bn_param : &none;
}

static bool two_blobs(const Crema__BNParameter *p, int n_stored)
{
    if (n_stored == 2 || n_stored == 4)
        return n_stored == 2;
    return p->has_bn_mode || p->scale_filler || p->shift_filler || p->has_var_eps;
}

static bool infers(const Crema__BNParameter *p, bool two)
{
    return two && p->bn_mode == CREMA__BNPARAMETER__BNMODE__INFERENCE;
}

static const char *reading(const Crema__BNParameter *p, bool two)
{
    return !two             ? "PSPNet's and TSN's: slope, bias, mean, variance"
           : infers(p, two) ? "SegNet's, INFERENCE: scale, shift"
           : p->has_var_eps ? "ParseNet's: scale, shift, statistics of the batch"
                            : "SegNet's, LEARN: scale, shift, statistics of the batch";
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const Crema__BNParameter *p = param(layer);
    cr_shape blob = {.rank = 4, .dim = {1, 1, 1, 1}};
    cr_status status = cr_norm_channels(layer, &s->in[0], &blob.dim[1], err);
    if (status != CREMA_OK)
        return status;
    bool two = two_blobs(p, s->n_stored);
    if (layer->n_out > 1 && (!two || infers(p, two)))
        return cr_layer_fail(layer, err, layer->param, "top", 1,
                             "only BN of two blobs with bn_mode LEARN has a mean and a variance of the batch "
                             "to give as tops");
    const Crema__FillerParameter *scale = p->slope_filler ? p->slope_filler : p->scale_filler;
    const Crema__FillerParameter *shift = p->bias_filler ? p->bias_filler : p->shift_filler;
    s->n_blobs = two ? 2 : 4;
    s->reading = reading(p, two);
    s->blob[0] = (cr_blob_spec){.what = "scale", .filler = scale};
    s->blob[1] = (cr_blob_spec){.what = "bias", .filler = shift};
    s->blob[2] = (cr_blob_spec){.what = "mean"};
    s->blob[3] = (cr_blob_spec){.what = "variance"};
    for (int i = 0; i < s->n_blobs; i++) {
        bool fits = i < s->n_stored && cr_shape_count(&s->stored[i]) == blob.dim[1];
        s->blob[i].shape = fits ? s->stored[i] : blob;
    }
    for (int i = 1; i < layer->n_out; i++)
        s->out[i] = blob;
    return cr_shape_like_bottom(layer, s, err);
}

cr_norm cr_bn_of(const cr_step *step)
{
    const Crema__BNParameter *p = param(step->layer);
    bool two = step->n_blobs == 2;
    cr_norm norm = {.factor = 1, .eps = p->eps, .scale = step->blob[0], .bias = step->blob[1]};
    if (two) {
        norm.batch_stats = !infers(p, two);
        norm.eps = p->has_var_eps ? p->var_eps : 1e-9f;
    } else {
        norm.mean = step->blob[2];
        norm.variance = step->blob[3];
        norm.batch_stats = step->layer->train && !p->frozen;
    }
    return norm;
}

static cr_status gives(const cr_step *step, const cr_preparing *p, cr_fusion *what, bool *is, cr_err *err)
{
    cr_norm norm = cr_bn_of(step);
    return cr_norm_give(step, p, &norm, what, is, err);
}

static void run(const cr_step *step, cr_run *run)
{
    cr_norm norm = cr_bn_of(step);
    if (step->n_out > 1)
        norm.batch_mean = cr_out(step, run, 1)->data;
    if (step->n_out > 2)
        norm.batch_variance = cr_out(step, run, 2)->data;
    cr_norm_run(step, run, &norm);
}

const cr_layer_type cr_layer_bn = {
    .name = "BN",
    .about = "the batch normalization of PSPNet and SegNet",
    .param = "bn_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 3,
    .flags = CR_INPLACE | CR_STRIDED,
    .shape = shape,
    .run = run,
    .gives = gives,
};
