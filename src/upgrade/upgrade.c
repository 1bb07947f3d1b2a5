/*
 * upgrade.c - the order of the upgrade, and its small steps.
 *
 *   V0 -> V1   data transforms   V1 -> V2   `input` -> Input layer   BatchNorm's learning rates
 *
 * The order and the rules are those of Caffe's util/upgrade_proto.cpp, so that one net means the same here and
 * there. What Caffe drops or only logs is a warning with its position.
 */
#include "upgrade/upgrade.h"

#include "upgrade/move.h"
#include "upgrade/types.h"

#include <string.h>

// V1's names as strings in `layer`: no V2 type is spelled like one, unless both are the same.
static cr_status fix_types(const cr_up *up)
{
    for (size_t i = 0; i < up->net->n_layer; i++) {
        Crema__LayerParameter *layer = up->net->layer[i];
        const cr_type_names *names = layer->type ? cr_type_by_v1(layer->type) : NULL;
        if (!names || !names->v2[0] || strcmp(names->v2, layer->type) == 0)
            continue;
        up->report->type_names = true;
        cr_up_warn(up, layer, "type", 0,
                   "layer \"%s\": type \"%s\" is of the V1 format; it is read as \"%s\"",
                   layer->name ? layer->name : "", layer->type, names->v2);
        if (!(layer->type = cr_arena_strdup(up->arena, names->v2)))
            return cr_no_memory(up->err);
    }
    return CREMA_OK;
}

// Older nets gave BatchNorm's three statistics a rate of 0 themselves, since Caffe would have trained them.
static void fix_batch_norm(const cr_up *up)
{
    for (size_t i = 0; i < up->net->n_layer; i++) {
        Crema__LayerParameter *layer = up->net->layer[i];
        if (!layer->type || strcmp(layer->type, "BatchNorm") != 0 || layer->n_param != 3)
            continue;
        up->report->batch_norm = true;
        for (size_t j = 0; j < 3; j++) {
            Crema__ParamSpec *spec = layer->param[j];
            spec->has_lr_mult = spec->has_decay_mult = 1;
            spec->lr_mult = spec->decay_mult = 0;
        }
    }
}

cr_status cr_upgrade_net(cr_arena *arena, Crema__NetParameter *net, cr_notes *notes, const cr_log *log,
                         cr_upgrade_report *report, cr_err *err)
{
    cr_upgrade_report own;
    report = report ? report : &own;
    *report = (cr_upgrade_report){0};
    const cr_up up = {arena, net, notes, log, report, err};
    if (net->n_layers && net->n_layer) {
        cr_pos pos = cr_notes_pos(notes, net, "layers", 0);
        return cr_fail(err, CREMA_ERR_INPUT, &pos,
                       "a net has either `layers` (V0 and V1) or `layer` (V2), not both");
    }
    cr_status status = fix_types(&up);
    if (status == CREMA_OK)
        status = cr_up_v0(&up);
    if (status == CREMA_OK)
        status = cr_up_data_transform(&up);
    if (status == CREMA_OK)
        status = cr_up_v1(&up);
    if (status == CREMA_OK)
        status = cr_up_inputs(&up);
    if (status == CREMA_OK)
        fix_batch_norm(&up);
    return status;
}
