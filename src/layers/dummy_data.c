/*
 * dummy_data.c - DummyData: tops with made values: constant ones, or others from fillers for each forward.
 *
 * Semantics of Caffe's dummy_data_layer.cpp: `shape` counts once for all tops or once per top; the old num,
 * channels, height and width, each once or per top, do the same for 4 axes; data_filler is missing (0), one for
 * all, or one per top. The random numbers are our own: they follow from the net's seed, the layer's name and
 * the number of forwards since the last reset.
 */
#include "crema.pb-c.h"
#include "layers/blob_shape.h"
#include "layers/filler.h"

#include <string.h>

static const Crema__DummyDataParameter none = CREMA__DUMMY_DATA_PARAMETER__INIT;

static const Crema__DummyDataParameter *param(const cr_layer *layer)
{
    return layer->param->dummy_data_param ? layer->param->dummy_data_param : &none;
}

// A field stands once or once per top.
static cr_status check_count(const cr_layer *layer, const char *field, size_t n, cr_err *err)
{
    if (n == 1 || n == (size_t)layer->n_out)
        return CREMA_OK;
    return cr_layer_fail(layer, err, layer->param->dummy_data_param, n ? field : NULL, n > 1 ? 1 : 0,
                         "has %zu %s for %d tops; give one for all, or one for each", n, field, layer->n_out);
}

static cr_status check_old(const cr_layer *layer, const Crema__DummyDataParameter *p, cr_err *err)
{
    const char *const name[] = {"num", "channels", "height", "width"};
    const size_t n[] = {p->n_num, p->n_channels, p->n_height, p->n_width};
    for (int i = 0; i < 4; i++) {
        if (n[i] && p->n_shape)
            return cr_layer_fail(layer, err, p, name[i], 0,
                                 "shape and %s both say how large the tops are; give one of them", name[i]);
        cr_status status = check_count(layer, name[i], n[i], err);
        if (status)
            return status;
    }
    return CREMA_OK;
}

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__DummyDataParameter *p = param(layer);
    cr_status status = CREMA_OK;
    if (p->n_data_filler > 1)
        status = check_count(layer, "data_filler", p->n_data_filler, err);
    if (status)
        return status;
    if (p->n_num || p->n_channels || p->n_height || p->n_width)
        return check_old(layer, p, err);
    status = check_count(layer, "shape", p->n_shape, err);
    for (size_t i = 0; i < p->n_shape && !status; i++)
        status = cr_blob_shape_check(layer, p->shape[i], err);
    return status;
}

static cr_shape shape_of(const Crema__DummyDataParameter *p, int top)
{
    if (p->n_shape)
        return cr_blob_shape(p->shape[p->n_shape == 1 ? 0 : top]);
    return (cr_shape){.rank = 4,
                      .dim = {p->num[p->n_num == 1 ? 0 : top], p->channels[p->n_channels == 1 ? 0 : top],
                              p->height[p->n_height == 1 ? 0 : top], p->width[p->n_width == 1 ? 0 : top]}};
}

static const Crema__FillerParameter *filler_of(const Crema__DummyDataParameter *p, int top)
{
    return p->n_data_filler ? p->data_filler[p->n_data_filler == 1 ? 0 : top] : NULL;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const Crema__DummyDataParameter *p = param(layer);
    cr_status status = CREMA_OK;
    for (int i = 0; i < layer->n_out && !status; i++) {
        s->out[i] = shape_of(p, i);
        status = cr_fill_check(filler_of(p, i), &s->out[i], layer->notes, err);
    }
    s->state_bytes = sizeof(uint64_t);
    return status;
}

static cr_status prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    uint64_t *seed = cr_arena_alloc(p->arena, sizeof *seed);
    if (!seed)
        return cr_no_memory(err);
    *seed = p->seed;
    step->data = seed;
    return CREMA_OK;
}

static void run(const cr_step *step, cr_run *run)
{
    const cr_layer *layer = step->layer;
    uint64_t forwards;
    memcpy(&forwards, run->state + step->state_offset, sizeof forwards);
    uint64_t seed = cr_fill_seed(*(const uint64_t *)step->data + forwards++, layer->name, 0);
    memcpy(run->state + step->state_offset, &forwards, sizeof forwards);
    for (int i = 0; i < step->n_out; i++) {
        const cr_tensor *out = cr_out(step, run, i);
        cr_fill(filler_of(param(layer), i), 0, &out->shape, cr_fill_seed(seed, layer->name, i), out->data,
                layer->notes, run->err);
    }
}

const cr_layer_type cr_layer_dummy_data = {
    .name = "DummyData",
    .about = "values made by fillers",
    .param = "dummy_data_param",
    .in_max = 0,
    .out_min = 1,
    .out_max = CR_ANY,
    .setup = setup,
    .shape = shape,
    .prepare = prepare,
    .run = run,
};
