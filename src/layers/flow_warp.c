/*
 * flow_warp.c - FlowWarp: bottom 0, read along the displacements of bottom 1.
 *
 * The top at (x, y) is bottom 0 at (x + flow[0], y + flow[1]), bilinearly; channel 0 of the flow goes along
 * the width. A place outside of [0, width) x [0, height) gives fill_value, 0 or NaN; between the last
 * position and the border the last one counts alone. Semantics of flow_warp_layer.cpp of FlowNet 2. A
 * displacement that is NaN gives the fill value.
 */
#include "crema.pb-c.h"
#include "layers/resize.h"
#include "layers/sample.h"

#include <math.h>

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    char image[CR_SHAPE_TEXT], flow[CR_SHAPE_TEXT];
    cr_status status = cr_need_planes(layer, s, 0, err);
    if (status)
        return status;
    cr_shape want = s->in[0];
    want.dim[1] = 2;
    if (!cr_shape_equal(&want, &s->in[1]))
        return cr_layer_fail(layer, err, NULL, "bottom", 1,
                             "the flow \"%s\" (%s) must have 2 channels, and else the shape of bottom \"%s\" "
                             "(%s)",
                             layer->in_name[1], cr_shape_text(&s->in[1], flow, sizeof flow),
                             layer->in_name[0], cr_shape_text(&s->in[0], image, sizeof image));
    int64_t positions;
    if (!cr_i64_mul(want.dim[2], want.dim[3], &positions) || positions > CR_SAMPLE_MAX)
        return cr_layer_fail(layer, err, NULL, "bottom", 0, "the planes of bottom \"%s\" are too large",
                             layer->in_name[0]);
    s->out[0] = s->in[0];
    return CREMA_OK;
}

static cr_status prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    return cr_sample_scratch(step, p, err);
}

static void sample_row(const void *arg, int64_t n, int64_t y, cr_sample *s)
{
    const cr_tensor *flow = arg;
    int64_t height = flow->shape.dim[2], width = flow->shape.dim[3];
    const float *dx = flow->data + n * flow->image_stride + y * width, *dy = dx + height * width;
    for (int64_t x = 0; x < width; x++, s++) {
        float at_x = (float)x + dx[x], at_y = (float)y + dy[x];
        s->at[0] = -1;
        if (!(at_x >= 0 && at_y >= 0 && at_x < (float)width && at_y < (float)height))
            continue;
        int64_t left = (int64_t)at_x, top = (int64_t)at_y;
        int64_t right = left + 1 < width ? left + 1 : width - 1;
        int64_t bottom = top + 1 < height ? top + 1 : height - 1;
        float a = at_x - (float)left, b = at_y - (float)top;
        s->at[0] = (int32_t)(top * width + left);
        s->at[1] = (int32_t)(top * width + right);
        s->at[2] = (int32_t)(bottom * width + left);
        s->at[3] = (int32_t)(bottom * width + right);
        s->weight[0] = (1 - a) * (1 - b);
        s->weight[1] = a * (1 - b);
        s->weight[2] = (1 - a) * b;
        s->weight[3] = a * b;
    }
}

static void run(const cr_step *step, cr_run *run)
{
    const Crema__FlowWarpParameter *p = step->layer->param->flow_warp_param;
    bool nan = p && p->fill_value == CREMA__FLOW_WARP_PARAMETER__FILL_PARAMETER__NaN;
    cr_sample_run(step, run, sample_row, cr_in(step, run, 1), nan ? NAN : 0);
}

const cr_layer_type cr_layer_flow_warp = {
    .name = "FlowWarp",
    .about = "an image moved by a flow",
    .param = "flow_warp_param",
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_STRIDED,
    .shape = shape,
    .prepare = prepare,
    .run = run,
};
