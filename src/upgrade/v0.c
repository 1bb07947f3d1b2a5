/*
 * v0.c - a V0 layer, all of whose parameters stand side by side, becomes a V1 layer with blocks.
 *
 * As Caffe's UpgradeV0LayerParameter: which block a field goes to depends on the layer's type; a field that
 * does not belong to the type is dropped with a warning. Of the V1 layer around it only bottoms and tops stay,
 * of the net only its name, input, input_dim and force_backward.
 *
 * More than Caffe: V0 layers without the inner `layer` (their fields stand in `layers` itself), V1 layers
 * between V0 layers (they stay as they are), types spelled as in V1 or V2.
 */
#include "upgrade/move.h"
#include "upgrade/types.h"

#include <string.h>

// type NULL: of any type. block NULL: a field of the layer itself.
static const struct {
    const char *field, *type, *block, *to;
} routes[] = {
    {"name", NULL, NULL, "name"},
    {"blobs", NULL, NULL, "blobs"},
    {"blobs_lr", NULL, NULL, "blobs_lr"},
    {"weight_decay", NULL, NULL, "weight_decay"},
    {"num_output", "conv", "convolution_param", "num_output"},
    {"num_output", "innerproduct", "inner_product_param", "num_output"},
    {"biasterm", "conv", "convolution_param", "bias_term"},
    {"biasterm", "innerproduct", "inner_product_param", "bias_term"},
    {"weight_filler", "conv", "convolution_param", "weight_filler"},
    {"weight_filler", "innerproduct", "inner_product_param", "weight_filler"},
    {"bias_filler", "conv", "convolution_param", "bias_filler"},
    {"bias_filler", "innerproduct", "inner_product_param", "bias_filler"},
    {"pad", "conv", "convolution_param", "pad"},
    {"pad", "pool", "pooling_param", "pad"},
    {"kernelsize", "conv", "convolution_param", "kernel_size"},
    {"kernelsize", "pool", "pooling_param", "kernel_size"},
    {"group", "conv", "convolution_param", "group"},
    {"stride", "conv", "convolution_param", "stride"},
    {"stride", "pool", "pooling_param", "stride"},
    {"pool", "pool", "pooling_param", "pool"},
    {"dropout_ratio", "dropout", "dropout_param", "dropout_ratio"},
    {"local_size", "lrn", "lrn_param", "local_size"},
    {"alpha", "lrn", "lrn_param", "alpha"},
    {"beta", "lrn", "lrn_param", "beta"},
    {"k", "lrn", "lrn_param", "k"},
    {"source", "data", "data_param", "source"},
    {"source", "hdf5_data", "hdf5_data_param", "source"},
    {"source", "images", "image_data_param", "source"},
    {"source", "window_data", "window_data_param", "source"},
    {"source", "infogain_loss", "infogain_loss_param", "source"},
    {"scale", NULL, "transform_param", "scale"},
    {"meanfile", NULL, "transform_param", "mean_file"},
    {"cropsize", NULL, "transform_param", "crop_size"},
    {"mirror", NULL, "transform_param", "mirror"},
    {"batchsize", "data", "data_param", "batch_size"},
    {"batchsize", "hdf5_data", "hdf5_data_param", "batch_size"},
    {"batchsize", "images", "image_data_param", "batch_size"},
    {"batchsize", "window_data", "window_data_param", "batch_size"},
    {"rand_skip", "data", "data_param", "rand_skip"},
    {"rand_skip", "images", "image_data_param", "rand_skip"},
    {"shuffle_images", "images", "image_data_param", "shuffle"},
    {"new_height", "images", "image_data_param", "new_height"},
    {"new_width", "images", "image_data_param", "new_width"},
    {"concat_dim", "concat", "concat_param", "concat_dim"},
    {"det_fg_threshold", "window_data", "window_data_param", "fg_threshold"},
    {"det_bg_threshold", "window_data", "window_data_param", "bg_threshold"},
    {"det_fg_fraction", "window_data", "window_data_param", "fg_fraction"},
    {"det_context_pad", "window_data", "window_data_param", "context_pad"},
    {"det_crop_mode", "window_data", "window_data_param", "crop_mode"},
    {"hdf5_output_param", "hdf5_output", NULL, "hdf5_output_param"},
};

static bool is_one_of(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (strcmp(name, *names) == 0)
            return true;
    return false;
}

// All set fields but those named go, each with a warning.
static void drop_others(const cr_up *up, ProtobufCMessage *message, const char *const *kept,
                        const char *whose)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &message->descriptor->fields[i];
        if (!cr_field_is_set(message, f) || is_one_of(f->name, kept))
            continue;
        cr_up_warn(up, message, f->name, 0, "%s%s is dropped: %s", whose, f->name,
                   "the V0 format does not have it here");
        cr_field_clear(message, f);
    }
}

static cr_status drop_around(const cr_up *up, Crema__V1LayerParameter *layer)
{
    static const char *const kept[] = {"bottom", "top", "layer", NULL};
    const char *name = layer->layer->name ? layer->layer->name : "";
    char *whose = cr_arena_printf(up->arena, "layer \"%.80s\" (%.40s): ", name,
                                  layer->layer->type ? layer->layer->type : "");
    if (!whose)
        return cr_no_memory(up->err);
    drop_others(up, &layer->base, kept, whose);
    return CREMA_OK;
}

// A V0 layer without the inner message: its fields that V1 does not have have the numbers from here on.
enum { FIRST_FLAT = 3101 };

static bool is_flat(const Crema__V1LayerParameter *layer)
{
    const ProtobufCMessageDescriptor *type = layer->base.descriptor;
    if (layer->type_name && strcmp(layer->type_name, "padding") == 0)
        return true;
    for (unsigned i = type->n_fields; i-- > 0 && type->fields[i].id >= FIRST_FLAT;)
        if (cr_field_is_set(&layer->base, &type->fields[i]))
            return true;
    return false;
}

static cr_status nest_flat(const cr_up *up, Crema__V1LayerParameter *layer)
{
    static const char *const shared[] = {"name", "blobs", "blobs_lr", "weight_decay", "hdf5_output_param"};
    const ProtobufCMessageDescriptor *type = layer->base.descriptor;
    ProtobufCMessage *inner;
    cr_status status = cr_up_block(up, &layer->base, "layer", layer, &inner);
    cr_up_warn(up, layer, NULL, 0, "layer \"%s\": has fields of a V0 layer, but no inner `layer` around them",
               layer->name ? layer->name : "");
    for (unsigned i = 0; i < type->n_fields && status == CREMA_OK; i++) {
        const ProtobufCFieldDescriptor *f = &type->fields[i];
        if (f->id >= FIRST_FLAT && cr_field_is_set(&layer->base, f))
            status = cr_up_move(up, &layer->base, f->name, inner, f->name);
    }
    for (size_t i = 0; i < sizeof shared / sizeof *shared && status == CREMA_OK; i++)
        if (cr_field_is_set(&layer->base, cr_field_find(&layer->base, shared[i])))
            status = cr_up_move(up, &layer->base, shared[i], inner, shared[i]);
    if (status == CREMA_OK && layer->type_name)
        return cr_up_move(up, &layer->base, "type_name", inner, "type");
    if (status != CREMA_OK || !layer->has_type)
        return status;
    const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(
        &crema__v1_layer_parameter__layer_type__descriptor, (int)layer->type);
    layer->layer->type = cr_arena_strdup(up->arena, v ? v->name : "");
    layer->has_type = 0;
    bool ok = layer->layer->type && cr_notes_move(up->notes, layer, "type", 0, inner, "type", 0);
    return ok ? CREMA_OK : cr_no_memory(up->err);
}

// The V0 name is what the rest goes by; an unknown type is kept, for the graph to refuse.
static cr_status upgrade_type(const cr_up *up, Crema__V1LayerParameter *layer, const char **v0_type)
{
    Crema__V0LayerParameter *old = layer->layer;
    *v0_type = "";
    if (!old->type)
        return CREMA_OK;
    const cr_type_names *names = cr_type_by_any(old->type);
    const char *name = old->name ? old->name : "";
    if (!names || !names->v0)
        cr_up_warn(up, old, "type", 0, "layer \"%s\": type \"%s\" is none of the V0 format", name, old->type);
    else if (!cr_type_by_v0(old->type))
        cr_up_warn(up, old, "type", 0, "layer \"%s\": type \"%s\" is of a later format; it is read as \"%s\"",
                   name, old->type, names->v0);
    if (!names || !names->v0) {
        *v0_type = old->type;
        return cr_up_move(up, &old->base, "type", &layer->base, "type_name");
    }
    *v0_type = names->v0;
    const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value_by_name(
        &crema__v1_layer_parameter__layer_type__descriptor, names->v1);
    layer->type = (Crema__V1LayerParameter__LayerType)v->value;
    layer->has_type = 1;
    old->type = NULL;
    return cr_notes_move(up->notes, old, "type", 0, layer, "type", 0) ? CREMA_OK : cr_no_memory(up->err);
}

static cr_status upgrade_field(const cr_up *up, Crema__V1LayerParameter *layer,
                               const ProtobufCFieldDescriptor *f, const char *name, const char *type)
{
    ProtobufCMessage *old = &layer->layer->base, *to = &layer->base;
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (strcmp(routes[i].field, f->name) != 0 || (routes[i].type && strcmp(routes[i].type, type) != 0))
            continue;
        cr_status status = CREMA_OK;
        if (routes[i].block)
            status = cr_up_block(up, to, routes[i].block, old, &to);
        return status == CREMA_OK ? cr_up_move(up, old, f->name, to, routes[i].to) : status;
    }
    cr_up_warn(up, old, f->name, 0, "layer \"%s\" (%s): does not have %s, which is dropped", name, type,
               f->name);
    return CREMA_OK;
}

static cr_status upgrade_layer(const cr_up *up, Crema__V1LayerParameter *layer)
{
    Crema__V0LayerParameter *old = layer->layer;
    const char *name = old->name ? old->name : "", *type;
    cr_status status = upgrade_type(up, layer, &type);
    for (unsigned i = 0; i < old->base.descriptor->n_fields && status == CREMA_OK; i++) {
        const ProtobufCFieldDescriptor *f = &old->base.descriptor->fields[i];
        if (cr_field_is_set(&old->base, f))
            status = upgrade_field(up, layer, f, name, type);
    }
    if (status == CREMA_OK)
        status = cr_up_move_comments(up, old, NULL, 0, layer, NULL, 0);
    layer->layer = NULL;
    return status;
}

static cr_status nest_and_drop(const cr_up *up)
{
    static const char *const kept[] = {"name", "input", "input_dim", "force_backward", "layers", NULL};
    Crema__NetParameter *net = up->net;
    cr_status status = CREMA_OK;
    bool nested = false;
    for (size_t i = 0; i < net->n_layers && status == CREMA_OK; i++) {
        Crema__V1LayerParameter *layer = net->layers[i];
        nested |= layer->layer != NULL;
        if (layer->layer)
            status = drop_around(up, layer);
        else if (is_flat(layer))
            status = nest_flat(up, layer);
        up->report->v0 |= layer->layer != NULL;
    }
    if (nested && status == CREMA_OK)
        drop_others(up, &net->base, kept, "");
    return status;
}

cr_status cr_up_v0(const cr_up *up)
{
    Crema__NetParameter *net = up->net;
    cr_status status = nest_and_drop(up);
    if (status != CREMA_OK || !up->report->v0)
        return status;
    status = cr_up_merge_padding(up);
    for (size_t i = 0; i < net->n_layers && status == CREMA_OK; i++) {
        Crema__V1LayerParameter *layer = net->layers[i];
        if (!layer->layer) {
            cr_up_warn(up, layer, NULL, 0, "layer \"%s\": is a V1 layer between V0 layers",
                       layer->name ? layer->name : "");
            continue;
        }
        status = cr_up_move_comments(up, layer, "layer", 0, net, "layers", i);
        if (status == CREMA_OK)
            status = upgrade_layer(up, layer);
    }
    return status;
}
