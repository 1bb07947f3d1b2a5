/*
 * layer.c - the list of layer types, and what every layer needs to report errors.
 */
#include "layers/layer.h"
#include "base/names.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CR_LAYER(name) extern const cr_layer_type cr_layer_##name;
#include "layers/list.h"
#undef CR_LAYER

#define CR_LAYER(name) &cr_layer_##name,
const cr_layer_type *const cr_layer_types[] = {
#include "layers/list.h"
    NULL};
#undef CR_LAYER

enum { MAX_ALIASES = sizeof((cr_layer_type *)0)->aliases / sizeof(char *), MAX_NAMES = 512 };

const cr_layer_type *cr_layer_type_find(const char *name)
{
    for (const cr_layer_type *const *t = cr_layer_types; *t; t++) {
        if (strcmp((*t)->name, name) == 0)
            return *t;
        for (int i = 0; i < MAX_ALIASES && (*t)->aliases[i]; i++)
            if (strcmp((*t)->aliases[i], name) == 0)
                return *t;
    }
    return NULL;
}

const char *cr_layer_type_nearest(const char *name)
{
    const char *names[MAX_NAMES];
    size_t n = 0;
    for (const cr_layer_type *const *t = cr_layer_types; *t && n < MAX_NAMES - 1; t++) {
        names[n++] = (*t)->name;
        for (int i = 0; i < MAX_ALIASES && (*t)->aliases[i] && n < MAX_NAMES - 1; i++)
            names[n++] = (*t)->aliases[i];
    }
    names[n] = NULL;
    return cr_nearest(name, names);
}

const cr_tensor *cr_in(const cr_step *step, const cr_run *run, int i)
{
    return &run->tensor[step->in[i]];
}

cr_tensor *cr_out(const cr_step *step, const cr_run *run, int i)
{
    return &run->tensor[step->out[i]];
}

const cr_epilogue *cr_step_epilogue(const cr_step *step, const cr_run *run, cr_epilogue *room)
{
    const cr_fusion *f = step->fusion;
    if (!f || (f->add < 0 && f->epilogue.activation == CR_ACT_NONE))
        return NULL;
    *room = f->epilogue;
    if (f->add >= 0) {
        room->add = run->tensor[f->add].data;
        room->add_image_stride = run->tensor[f->add].image_stride;
    }
    return room;
}

cr_blob_spec cr_shaping_blob(const cr_layer *layer, const cr_shaping *s, int i)
{
    return s->blob_at ? s->blob_at(layer, s, i) : s->blob[i];
}

cr_status cr_layer_fail(const cr_layer *layer, cr_err *err, const void *message, const char *field,
                        size_t index, const char *fmt, ...)
{
    char sentence[sizeof err->message];
    va_list args;
    va_start(args, fmt);
    vsnprintf(sentence, sizeof sentence, fmt, args);
    va_end(args);
    cr_pos pos = cr_notes_pos(layer->notes, message ? message : layer->param, field, index);
    return cr_fail(err, CREMA_ERR_INPUT, &pos, "layer \"%s\" (%s): %s", layer->name, layer->type->name,
                   sentence);
}

void cr_layer_warn(const cr_layer *layer, const void *message, const char *field, size_t index,
                   const char *fmt, ...)
{
    char sentence[sizeof((cr_err *)0)->message];
    va_list args;
    va_start(args, fmt);
    vsnprintf(sentence, sizeof sentence, fmt, args);
    va_end(args);
    cr_pos pos = cr_notes_pos(layer->notes, message ? message : layer->param, field, index);
    cr_warn(layer->log, &pos, "layer \"%s\" (%s): %s", layer->name, layer->type->name, sentence);
}

cr_status cr_layer_axis(const cr_layer *layer, const void *message, const char *field, int64_t axis, int rank,
                        int extra, int *out, cr_err *err)
{
    int64_t limit = rank + extra;
    if (axis < -limit || axis >= limit)
        return cr_layer_fail(layer, err, message, field, 0,
                             "%s %lld is out of range: the bottom has %d axes, so %lld to %lld are possible",
                             field, (long long)axis, rank, (long long)-limit, (long long)limit - 1);
    *out = (int)(axis < 0 ? axis + limit : axis);
    return CREMA_OK;
}
