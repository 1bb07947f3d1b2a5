/*
 * filter.c - include and exclude rules, as Caffe's Net::StateMeetsRule has them.
 *
 * A rule is met when all its parts hold: the phase, min_level and max_level, all of `stage`, none of
 * `not_stage`; an empty rule is always met. `include`: kept if any rule is met. `exclude`: dropped if any is.
 */
#include "graph/filter.h"
#include "crema.pb-c.h"

#include <string.h>

static bool has_stage(const cr_state *state, const char *stage)
{
    const Crema__NetState *own = state->net->state;
    for (size_t i = 0; own && i < own->n_stage; i++)
        if (strcmp(own->stage[i], stage) == 0)
            return true;
    for (int i = 0; i < state->options->n_stages; i++)
        if (strcmp(state->options->stages[i], stage) == 0)
            return true;
    return false;
}

static bool meets(const cr_state *state, const Crema__NetStateRule *rule)
{
    const cr_graph_options *o = state->options;
    if (rule->has_phase && (rule->phase == CREMA__PHASE__TRAIN) != o->train)
        return false;
    if (rule->has_min_level && o->level < rule->min_level)
        return false;
    if (rule->has_max_level && o->level > rule->max_level)
        return false;
    for (size_t i = 0; i < rule->n_stage; i++)
        if (!has_stage(state, rule->stage[i]))
            return false;
    for (size_t i = 0; i < rule->n_not_stage; i++)
        if (has_stage(state, rule->not_stage[i]))
            return false;
    return true;
}

cr_status cr_filter_keeps(const cr_state *state, const Crema__LayerParameter *layer, const cr_notes *notes,
                          bool *keeps, cr_err *err)
{
    if (layer->n_include && layer->n_exclude) {
        cr_pos pos = cr_notes_pos(notes, layer, "exclude", 0);
        return cr_fail(err, CREMA_ERR_INPUT, &pos,
                       "layer \"%s\" has both include and exclude rules; only one kind is allowed",
                       layer->name ? layer->name : "");
    }
    *keeps = layer->n_include == 0;
    for (size_t i = 0; i < layer->n_include && !*keeps; i++)
        *keeps = meets(state, layer->include[i]);
    for (size_t i = 0; i < layer->n_exclude && *keeps; i++)
        *keeps = !meets(state, layer->exclude[i]);
    return CREMA_OK;
}
