/*
 * padding.c - V0's padding layers go into the pad of the convolutions and poolings that read them.
 *
 *     layers { layer { name: "pad1" type: "padding" pad: 2 } bottom: "data" top: "pad1" }
 *     layers { layer { name: "conv1" type: "conv" ... }      bottom: "pad1" top: "conv1" }
 *
 * As Caffe's UpgradeV0PaddingLayers: the reader must be a conv or pool with one bottom and the padding layer have
 * one bottom and one top (anything else is an error); the reader's own pad is replaced. A name means the newest
 * top of that name. Bottoms that nobody makes are left to the graph.
 */
#include "upgrade/move.h"

#include "base/names.h"

#include <string.h>

static const char *type_of(const Crema__V1LayerParameter *layer)
{
    return layer->layer && layer->layer->type ? layer->layer->type : "";
}

static bool is_padding(const Crema__V1LayerParameter *layer)
{
    return strcmp(type_of(layer), "padding") == 0;
}

static const char *name_of(const Crema__V1LayerParameter *layer)
{
    return layer->layer && layer->layer->name ? layer->layer->name : "";
}

static cr_status can_merge(const cr_up *up, const Crema__V1LayerParameter *padding,
                           const Crema__V1LayerParameter *reader)
{
    const char *type = type_of(reader);
    cr_pos pos = cr_notes_pos(up->notes, reader, "bottom", 0);
    if ((strcmp(type, "conv") != 0 && strcmp(type, "pool") != 0) || reader->n_bottom != 1)
        return cr_fail(
            up->err, CREMA_ERR_INPUT, &pos,
            "layer \"%s\" (%s): reads the padding layer \"%s\", which only a conv or pool with one "
            "bottom can do; this one has %zu",
            name_of(reader), type, name_of(padding), reader->n_bottom);
    pos = cr_notes_pos(up->notes, padding, NULL, 0);
    if (padding->n_bottom != 1 || padding->n_top != 1)
        return cr_fail(up->err, CREMA_ERR_INPUT, &pos,
                       "layer \"%s\" (padding): has %zu bottoms and %zu tops; it takes one of each",
                       name_of(padding), padding->n_bottom, padding->n_top);
    return CREMA_OK;
}

static cr_status merge(const cr_up *up, Crema__V1LayerParameter *padding, Crema__V1LayerParameter *reader)
{
    Crema__V0LayerParameter *from = padding->layer, *to = reader->layer;
    cr_status status = can_merge(up, padding, reader);
    if (status != CREMA_OK)
        return status;
    if (to->has_pad && to->pad != from->pad)
        cr_up_warn(up, to, "pad", 0,
                   "layer \"%s\" (%s): pad %u is replaced by the %u of padding layer \"%s\"", name_of(reader),
                   type_of(reader), to->pad, from->pad, name_of(padding));
    to->has_pad = 1;
    to->pad = from->pad;
    cr_pos pos = cr_notes_pos(up->notes, from, "pad", 0);
    char **bottom = cr_arena_array(up->arena, 1, sizeof *bottom);
    if (!bottom || !cr_notes_set_pos(up->notes, to, "pad", 0, pos.line, pos.column))
        return cr_no_memory(up->err);
    bottom[0] = padding->bottom[0];
    reader->bottom = bottom;
    return CREMA_OK;
}

static cr_status remove_padding(const cr_up *up, const bool *merged)
{
    Crema__NetParameter *net = up->net;
    size_t n = 0;
    for (size_t i = 0; i < net->n_layers; i++) {
        Crema__V1LayerParameter *layer = net->layers[i];
        if (!is_padding(layer)) {
            if (n < i && !cr_notes_move(up->notes, net, "layers", i, net, "layers", n))
                return cr_no_memory(up->err);
            net->layers[n++] = layer;
            continue;
        }
        if (!merged[i])
            cr_up_warn(up, layer, NULL, 0, "layer \"%s\" (padding): no layer reads it, so it is dropped",
                       name_of(layer));
    }
    net->n_layers = n;
    return CREMA_OK;
}

cr_status cr_up_merge_padding(const cr_up *up)
{
    Crema__NetParameter *net = up->net;
    cr_names maker; // blob -> layer index
    cr_names_init(&maker, up->arena);
    bool *merged = cr_arena_array(up->arena, net->n_layers, sizeof *merged);
    if (!merged)
        return cr_no_memory(up->err);
    for (size_t i = 0; i < net->n_layers; i++) {
        Crema__V1LayerParameter *layer = net->layers[i];
        for (size_t j = 0; j < layer->n_bottom; j++) {
            int64_t from;
            if (!cr_names_get(&maker, layer->bottom[j], &from) || !is_padding(net->layers[from]))
                continue;
            cr_status status = merge(up, net->layers[from], layer);
            if (status == CREMA_OK && !merged[from])
                status = cr_up_move_comments(up, net, "layers", (size_t)from, net, "layers", i);
            if (status != CREMA_OK)
                return status;
            merged[from] = true;
        }
        for (size_t j = 0; j < layer->n_top; j++)
            if (!cr_names_put(&maker, layer->top[j], (int64_t)i))
                return cr_no_memory(up->err);
    }
    return remove_padding(up, merged);
}
