/*
 * v1.c - a V1 layer becomes a V2 layer.
 *
 * As Caffe's UpgradeV1Net: the enum type becomes a string; param (names), blob_share_mode, blobs_lr and
 * weight_decay become fields of as many `param` messages as the longest of them; what both formats have under one
 * name (blocks, rules, blobs, bottoms, tops) is taken over as it is.
 *
 * More than Caffe: types that V1 does not have (of forks; strings; names of the other formats) are read by the
 * table of names, and kept where even that does not know them, so that the graph can say what is unknown.
 */
#include "upgrade/move.h"
#include "upgrade/types.h"

#include <string.h>

static const char *name_of(const Crema__V1LayerParameter *layer)
{
    return layer->name ? layer->name : "";
}

static cr_status upgrade_spelled_type(const cr_up *up, Crema__V1LayerParameter *old,
                                      Crema__LayerParameter *layer)
{
    const cr_type_names *names = cr_type_by_any(old->type_name);
    up->report->type_names = true;
    if (names && names->v1 && strcmp(names->v1, old->type_name) == 0)
        ; // an enum name of a fork
    else if (names)
        cr_up_warn(up, old, "type_name", 0,
                   "layer \"%s\": type \"%s\" is of another format; it is read as \"%s\"", name_of(old),
                   old->type_name, names->v2);
    else
        cr_up_warn(up, old, "type_name", 0, "layer \"%s\": type \"%s\" is none of the V1 format",
                   name_of(old), old->type_name);
    cr_status status = cr_up_move(up, &old->base, "type_name", &layer->base, "type");
    if (status == CREMA_OK && names && !(layer->type = cr_arena_strdup(up->arena, names->v2)))
        return cr_no_memory(up->err);
    return status;
}

static cr_status upgrade_type(const cr_up *up, Crema__V1LayerParameter *old, Crema__LayerParameter *layer)
{
    if (old->type_name)
        return upgrade_spelled_type(up, old, layer);
    if (!old->has_type)
        return CREMA_OK;
    const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(
        &crema__v1_layer_parameter__layer_type__descriptor, (int)old->type);
    const cr_type_names *names = v ? cr_type_by_v1(v->name) : NULL;
    layer->type = cr_arena_strdup(up->arena, names ? names->v2 : v ? v->name : "");
    bool ok = layer->type && cr_notes_move(up->notes, old, "type", 0, layer, "type", 0);
    return ok ? CREMA_OK : cr_no_memory(up->err);
}

// One field of the specs: value i of the old list is that of spec i.
static cr_status spread(const cr_up *up, Crema__V1LayerParameter *old, const char *list,
                        Crema__LayerParameter *layer, const char *field)
{
    size_t n = cr_field_count(&old->base, cr_field_find(&old->base, list));
    for (size_t i = 0; i < n; i++) {
        Crema__ParamSpec *spec = layer->param[i];
        cr_pos pos = cr_notes_pos(up->notes, old, list, i);
        if (cr_notes_pos(up->notes, spec, NULL, 0).line == 0 &&
            (!cr_notes_set_pos(up->notes, spec, NULL, 0, pos.line, pos.column) ||
             !cr_notes_set_pos(up->notes, layer, "param", i, pos.line, pos.column)))
            return cr_no_memory(up->err);
        cr_status status = cr_up_move_value(up, &old->base, list, i, &spec->base, field);
        if (status != CREMA_OK)
            return status;
    }
    return CREMA_OK;
}

static size_t longest(size_t a, size_t b)
{
    return a > b ? a : b;
}

static cr_status make_specs(const cr_up *up, Crema__V1LayerParameter *old, Crema__LayerParameter *layer)
{
    size_t n =
        longest(longest(old->n_param, old->n_blob_share_mode), longest(old->n_blobs_lr, old->n_weight_decay));
    layer->param = n ? cr_arena_array(up->arena, n, sizeof *layer->param) : NULL;
    if (n && !layer->param)
        return cr_no_memory(up->err);
    for (; layer->n_param < n; layer->n_param++) {
        ProtobufCMessage *spec = cr_message_new(up->arena, &crema__param_spec__descriptor);
        if (!spec)
            return cr_no_memory(up->err);
        layer->param[layer->n_param] = (Crema__ParamSpec *)spec;
    }
    cr_status status = spread(up, old, "param", layer, "name");
    if (status == CREMA_OK)
        status = spread(up, old, "blob_share_mode", layer, "share_mode");
    if (status == CREMA_OK)
        status = spread(up, old, "blobs_lr", layer, "lr_mult");
    if (status == CREMA_OK)
        status = spread(up, old, "weight_decay", layer, "decay_mult");
    return status;
}

// What the formats have in common, by name and kind of value. The rest is done above, or dropped.
static cr_status take_over(const cr_up *up, Crema__V1LayerParameter *old, Crema__LayerParameter *layer)
{
    static const char *const done[] = {"type", "param", "blob_share_mode", "blobs_lr", "weight_decay"};
    const ProtobufCMessageDescriptor *type = old->base.descriptor;
    cr_status status = CREMA_OK;
    for (unsigned i = 0; i < type->n_fields && status == CREMA_OK; i++) {
        const ProtobufCFieldDescriptor *f = &type->fields[i], *t = cr_field_find(&layer->base, f->name);
        bool is_done = false;
        for (size_t j = 0; j < sizeof done / sizeof *done; j++)
            is_done |= strcmp(f->name, done[j]) == 0;
        if (is_done || !cr_field_is_set(&old->base, f))
            continue;
        if (t && t->type == f->type && t->label == f->label && t->descriptor == f->descriptor)
            status = cr_up_move(up, &old->base, f->name, &layer->base, t->name);
        else
            cr_up_warn(up, old, f->name, 0, "layer \"%s\" (%s): %s is dropped: `layer` does not have it",
                       layer->name ? layer->name : name_of(old), layer->type ? layer->type : "", f->name);
    }
    return status;
}

static cr_status upgrade_layer(const cr_up *up, Crema__V1LayerParameter *old, Crema__LayerParameter **made)
{
    ProtobufCMessage *message = cr_message_new(up->arena, &crema__layer_parameter__descriptor);
    Crema__LayerParameter *layer = *made = (Crema__LayerParameter *)message;
    if (!layer || !cr_notes_move(up->notes, old, NULL, 0, layer, NULL, 0))
        return cr_no_memory(up->err);
    cr_status status = upgrade_type(up, old, layer);
    if (status == CREMA_OK)
        status = make_specs(up, old, layer);
    return status == CREMA_OK ? take_over(up, old, layer) : status;
}

cr_status cr_up_v1(const cr_up *up)
{
    Crema__NetParameter *net = up->net;
    if (net->n_layers == 0)
        return CREMA_OK;
    up->report->v1 = !up->report->v0;
    net->layer = cr_arena_array(up->arena, net->n_layers, sizeof *net->layer);
    if (!net->layer)
        return cr_no_memory(up->err);
    for (size_t i = 0; i < net->n_layers; i++) {
        cr_status status = upgrade_layer(up, net->layers[i], &net->layer[i]);
        if (status != CREMA_OK)
            return status;
        net->n_layer = i + 1;
        if (!cr_notes_move(up->notes, net, "layers", i, net, "layer", i))
            return cr_no_memory(up->err);
    }
    net->n_layers = 0;
    net->layers = NULL;
    return CREMA_OK;
}
