/*
 * mvn.c - MVN: subtracts the mean of each channel of each image and divides by its standard deviation.
 *
 * With across_channels the mean and deviation are those of the whole image; without normalize_variance
 * nothing is divided. eps (1e-9 by default) is added to the standard deviation, not to the variance (mvn_layer.cpp).
 * A bottom of one axis has images of one value, and one of two axes channels of one value.
 */
#include "crema.pb-c.h"
#include "layers/elementwise.h"

#include <math.h>

static const Crema__MVNParameter none = {.normalize_variance = true, .eps = 1e-9f};

static const Crema__MVNParameter *param(const cr_layer *layer)
{
    return layer->param->mvn_param ? layer->param->mvn_param : &none;
}

typedef struct mvn {
    const cr_tensor *in, *out;
    int64_t groups, count; // groups of an image, floats in each
    bool variance;
    float eps;
} mvn;

static void item(void *ctx, int64_t index, int slot)
{
    (void)slot;
    const mvn *s = ctx;
    int64_t image = index / s->groups, at = index % s->groups * s->count;
    const float *in = s->in->data + image * s->in->image_stride + at;
    float *out = s->out->data + image * s->out->image_stride + at;
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < s->count; i++)
        sum += in[i];
    float mean = (float)(sum / (double)s->count);
    for (int64_t i = 0; i < s->count; i++)
        out[i] = in[i] - mean;
    if (!s->variance)
        return;
    for (int64_t i = 0; i < s->count; i++)
        squares += (double)out[i] * out[i];
    float deviation = (float)sqrt(squares / (double)s->count) + s->eps;
    for (int64_t i = 0; i < s->count; i++)
        out[i] /= deviation;
}

static void run(const cr_step *step, cr_run *run)
{
    const Crema__MVNParameter *p = param(step->layer);
    mvn s = {.in = cr_in(step, run, 0), .out = cr_out(step, run, 0)};
    s.variance = p->normalize_variance;
    s.eps = p->eps;
    int64_t count = cr_tensor_image_count(s.in);
    if (cr_shape_count(&s.in->shape) == 0)
        return;
    s.groups = p->across_channels || s.in->shape.rank < 2 ? 1 : s.in->shape.dim[1];
    s.count = count / s.groups;
    cr_parallel(run->pool, cr_tensor_images(s.in) * s.groups, item, &s);
}

const cr_layer_type cr_layer_mvn = {
    .name = "MVN",
    .about = "mean 0 and variance 1 for each image or channel",
    .param = "mvn_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_INPLACE | CR_STRIDED,
    .shape = cr_shape_like_bottom,
    .run = run,
};
