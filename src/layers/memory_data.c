/*
 * memory_data.c - MemoryData: pictures (batch_size, channels, height, width) and a label for each, which the caller
 * feeds (Caffe's memory_data_layer.cpp).
 */
#include "crema.pb-c.h"
#include "layers/layer.h"

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__MemoryDataParameter *p = layer->param->memory_data_param;
    if (!p)
        return cr_layer_fail(layer, err, NULL, NULL, 0, "memory_data_param is missing");
    const char *const name[] = {"batch_size", "channels", "height", "width"};
    const uint32_t value[] = {p->batch_size, p->channels, p->height, p->width};
    const protobuf_c_boolean given[] = {p->has_batch_size, p->has_channels, p->has_height, p->has_width};
    for (int i = 0; i < 4; i++) {
        if (!given[i])
            return cr_layer_fail(layer, err, p, NULL, 0, "%s is not given", name[i]);
        if (value[i] < 1)
            return cr_layer_fail(layer, err, p, name[i], 0, "%s 0 is less than 1", name[i]);
    }
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    (void)err;
    const Crema__MemoryDataParameter *p = layer->param->memory_data_param;
    s->out[0] = (cr_shape){.rank = 4, .dim = {p->batch_size, p->channels, p->height, p->width}};
    s->out[1] = (cr_shape){.rank = 1, .dim = {p->batch_size}};
    return CREMA_OK;
}

const cr_layer_type cr_layer_memory_data = {
    .name = "MemoryData",
    .about = "arrays of a program; its tops are inputs",
    .param = "memory_data_param",
    .in_max = 0,
    .out_min = 2,
    .out_max = 2,
    .flags = CR_SOURCE,
    .setup = setup,
    .shape = shape,
};
