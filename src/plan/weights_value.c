/*
 * weights_value.c - the values of single blobs: made when somebody asks, freed when nobody reads them any more.
 *
 * weights_load.c makes those of a whole plan, with the same pieces.
 */
#include "layers/filler.h"
#include "plan/weights_state.h"

#include <string.h>

enum { ALIGN = 64 };

size_t cr_weights_slot_bytes(const cr_weights_slot *slot)
{
    return (size_t)cr_shape_count(&slot->spec.shape) * sizeof(float);
}

float *cr_weights_alloc(size_t bytes)
{
    size_t all;
    char *p = cr_size_add(bytes, 2 * ALIGN, &all) ? cr_alloc_aligned(all, ALIGN) : NULL;
    if (p)
        memset(p + bytes, 0, ALIGN);
    return (float *)(void *)p;
}

static cr_status fill_values(const cr_weights *w, const cr_weights_slot *slot, float *to, cr_err *err)
{
    const cr_layer *layer = w->graph->node[slot->layer].layer;
    return cr_fill(slot->spec.filler, slot->spec.fill, &slot->spec.shape,
                   cr_fill_seed(w->options.seed, layer->name, slot->blob), to, layer->notes, err);
}

cr_status cr_weights_read(const cr_weights *w, const cr_weights_slot *slot, int64_t first, int64_t count,
                          float *to, cr_err *err)
{
    return slot->stored ? cr_stored_read_part(&w->file[slot->file], slot->stored, first, count, to, err)
                        : fill_values(w, slot, to, err);
}

cr_status cr_weights_make(cr_weights *w, cr_weights_slot *slot, cr_err *err)
{
    if (slot->value)
        return CREMA_OK;
    float *values = cr_weights_alloc(cr_weights_slot_bytes(slot));
    if (!values)
        return cr_no_memory(err);
    cr_status status = CREMA_OK;
    if (w->options.measure)
        memset(values, 0, cr_weights_slot_bytes(slot));
    else
        status = cr_weights_read(w, slot, 0, cr_shape_count(&slot->spec.shape), values, err);
    if (status != CREMA_OK) {
        cr_free(values);
        return status;
    }
    slot->value = values;
    w->value_bytes += cr_weights_slot_bytes(slot);
    return CREMA_OK;
}

static void drop(cr_weights *w, cr_weights_slot *slot)
{
    if (!slot->value || slot->readers > 0 || slot->pinned)
        return;
    cr_free(slot->value);
    slot->value = NULL;
    w->value_bytes -= cr_weights_slot_bytes(slot);
}

cr_status cr_weights_value(cr_weights *w, int layer, int blob, cr_shape *shape, const float **value,
                           cr_err *err)
{
    pthread_mutex_lock(&w->lock);
    cr_weights_slot *slot = cr_weights_slot_of(w, layer, blob);
    cr_status status = slot ? cr_weights_make(w, slot, err) : CREMA_ERR_USAGE;
    if (status == CREMA_OK) {
        slot->pinned = true;
        *shape = slot->spec.shape;
        *value = slot->value;
    }
    pthread_mutex_unlock(&w->lock);
    return status;
}

void cr_weights_drop(cr_weights *w, const cr_weights_held *held, int n)
{
    for (int i = 0; i < n; i++) {
        cr_weights_slot *slot = cr_weights_slot_of(w, held[i].layer, held[i].blob);
        slot->readers--;
        drop(w, slot);
    }
}

void cr_weights_release(cr_weights *w, const cr_weights_held *held, int n)
{
    pthread_mutex_lock(&w->lock);
    cr_weights_drop(w, held, n);
    pthread_mutex_unlock(&w->lock);
}

bool cr_weights_stay(const cr_step *step, int blob)
{
    return !step->packed[blob];
}

// Marks slots, so that shared ones count once.
static size_t count_values(cr_weights *w, const cr_weights_wanted *wanted, bool counted)
{
    size_t bytes = 0;
    for (const cr_value_wanted *v = wanted->values; v; v = v->next)
        for (int i = 0; i < v->step->n_blobs; i++) {
            cr_weights_slot *slot = cr_weights_slot_of(w, v->step->layer->index, i);
            if (cr_weights_stay(v->step, i) && slot->counted != counted)
                bytes += cr_weights_slot_bytes(slot);
            slot->counted = cr_weights_stay(v->step, i) ? counted : slot->counted;
        }
    return bytes;
}

void cr_weights_measure(cr_weights *w, const cr_weights_wanted *wanted, size_t *values, size_t *packs)
{
    pthread_mutex_lock(&w->lock);
    *values = count_values(w, wanted, true);
    count_values(w, wanted, false);
    pthread_mutex_unlock(&w->lock);
    *packs = 0;
    for (const cr_pack_wanted *p = wanted->packs; p; p = p->next)
        *packs += p->recipe.bytes;
}

void cr_weights_bytes(cr_weights *w, size_t *values, size_t *packs)
{
    pthread_mutex_lock(&w->lock);
    *values = w->value_bytes;
    *packs = w->pack_bytes;
    pthread_mutex_unlock(&w->lock);
}
