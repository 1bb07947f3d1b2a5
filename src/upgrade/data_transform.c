/*
 * data_transform.c - scale, mean_file, crop_size and mirror move from a V1 data layer's block to transform_param.
 *
 * As Caffe's UpgradeNetDataTransformation: in V1 nets only, where one of the fields is set in one of the layers;
 * then all three kinds of data layers get both blocks, empty if need be. V2 nets are left alone.
 */
#include "upgrade/move.h"

static const char *const moved[] = {"scale", "mean_file", "crop_size", "mirror"};
enum { N_MOVED = sizeof moved / sizeof *moved };

static const char *block_of(const Crema__V1LayerParameter *layer)
{
    if (!layer->has_type)
        return NULL;
    return layer->type == CREMA__V1_LAYER_PARAMETER__LAYER_TYPE__DATA          ? "data_param"
           : layer->type == CREMA__V1_LAYER_PARAMETER__LAYER_TYPE__IMAGE_DATA  ? "image_data_param"
           : layer->type == CREMA__V1_LAYER_PARAMETER__LAYER_TYPE__WINDOW_DATA ? "window_data_param"
                                                                               : NULL;
}

static bool needs_it(const Crema__V1LayerParameter *layer)
{
    const char *name = block_of(layer);
    if (!name)
        return false;
    const ProtobufCMessage *block =
        *(ProtobufCMessage **)cr_field_value(&layer->base, cr_field_find(&layer->base, name), 0);
    for (size_t i = 0; block && i < N_MOVED; i++)
        if (cr_field_is_set(block, cr_field_find(block, moved[i])))
            return true;
    return false;
}

static cr_status upgrade_layer(const cr_up *up, Crema__V1LayerParameter *layer)
{
    ProtobufCMessage *from, *to;
    const char *name = block_of(layer);
    if (!name)
        return CREMA_OK;
    cr_status status = cr_up_block(up, &layer->base, name, layer, &from);
    if (status == CREMA_OK)
        status = cr_up_block(up, &layer->base, "transform_param", layer, &to);
    for (size_t i = 0; i < N_MOVED && status == CREMA_OK; i++) {
        if (!cr_field_is_set(from, cr_field_find(from, moved[i])))
            continue;
        if (cr_field_is_set(to, cr_field_find(to, moved[i])))
            cr_up_warn(up, to, moved[i], 0, "layer \"%s\": %s of transform_param is replaced by that of %s",
                       layer->name ? layer->name : "", moved[i], name);
        status = cr_up_move(up, from, moved[i], to, moved[i]);
    }
    return status;
}

cr_status cr_up_data_transform(const cr_up *up)
{
    const Crema__NetParameter *net = up->net;
    cr_status status = CREMA_OK;
    for (size_t i = 0; i < net->n_layers; i++)
        up->report->data_transform |= needs_it(net->layers[i]);
    for (size_t i = 0; up->report->data_transform && i < net->n_layers && status == CREMA_OK; i++)
        status = upgrade_layer(up, net->layers[i]);
    return status;
}
