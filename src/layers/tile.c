/*
 * tile.c - Tile: `tiles` copies of the bottom one behind the other along an axis, default 1 (Caffe's
 * tile_layer.cpp).
 */
#include "crema.pb-c.h"
#include "kernels/copy.h"
#include "layers/layer.h"

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__TileParameter *p = layer->param->tile_param;
    if (!p || !p->has_tiles)
        return cr_layer_fail(layer, err, p, NULL, 0, "tiles is not given");
    if (p->tiles < 1)
        return cr_layer_fail(layer, err, p, "tiles", 0, "tiles %d is less than 1", p->tiles);
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const Crema__TileParameter *p = layer->param->tile_param;
    int axis;
    cr_status status = cr_layer_axis(layer, p, "axis", p->axis, s->in[0].rank, 0, &axis, err);
    if (status)
        return status;
    s->out[0] = s->in[0];
    if (!cr_i64_mul(s->in[0].dim[axis], p->tiles, &s->out[0].dim[axis]))
        return cr_layer_fail(layer, err, p, "tiles", 0, "tiles %d makes the top too large", p->tiles);
    s->view = p->tiles == 1;
    return CREMA_OK;
}

static void run(const cr_step *step, cr_run *run)
{
    const Crema__TileParameter *p = step->layer->param->tile_param;
    const cr_tensor *in = cr_in(step, run, 0), *out = cr_out(step, run, 0);
    int rank = in->shape.rank, axis = p->axis < 0 ? p->axis + rank : p->axis;
    cr_copy c = {.from = in->data, .to = out->data};
    if (axis == 0) { // copies of whole batches
        c.rank = 3;
        int64_t images = in->shape.dim[0], image = cr_tensor_image_count(in);
        int64_t dim[] = {p->tiles, images, image};
        int64_t from[] = {0, in->image_stride, 1}, to[] = {images * out->image_stride, out->image_stride, 1};
        for (int i = 0; i < 3; i++)
            c.dim[i] = dim[i], c.from_step[i] = from[i], c.to_step[i] = to[i];
    } else {
        c.rank = 4;
        int64_t inner = cr_shape_range(&in->shape, axis, rank);
        int64_t dim[] = {in->shape.dim[0], cr_shape_range(&in->shape, 1, axis), p->tiles, inner};
        int64_t from[] = {in->image_stride, inner, 0, 1};
        int64_t to[] = {out->image_stride, inner * p->tiles, inner, 1};
        for (int i = 0; i < 4; i++)
            c.dim[i] = dim[i], c.from_step[i] = from[i], c.to_step[i] = to[i];
    }
    cr_copy_run(&c, run->pool);
}

const cr_layer_type cr_layer_tile = {
    .name = "Tile",
    .about = "copies along an axis",
    .param = "tile_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_STRIDED,
    .setup = setup,
    .shape = shape,
    .run = run,
};
