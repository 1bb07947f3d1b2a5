/*
 * weights.c - matching stored blobs to layers.
 *
 * Each blob of each layer has a slot; a blob that shares its values uses the owner's slot. The first bind decides
 * where a slot's values come from: from the copy that Caffe would have written last, or from the filler.
 */
#include "base/names.h"
#include "layers/filler.h"
#include "plan/weights_state.h"

#include <stdio.h>
#include <string.h>

static cr_status report(cr_weights *w, const char *layer, crema_weights_state state, const char *detail,
                        cr_err *err)
{
    char *copy = cr_arena_strdup(&w->arena, detail);
    if (w->n_rows == w->rows_room) {
        int room = w->rows_room ? 2 * w->rows_room : 16;
        cr_weights_row *more = cr_realloc(w->row, (size_t)room * sizeof *more);
        if (!more)
            return cr_no_memory(err);
        w->row = more;
        w->rows_room = room;
    }
    if (!copy)
        return cr_no_memory(err);
    w->row[w->n_rows++] = (cr_weights_row){.layer = layer, .state = state, .detail = copy};
    return CREMA_OK;
}

/* ---- opening: stored layers to layers of the net ---- */

static cr_status match(cr_weights *w, int f, const cr_names *first, cr_err *err)
{
    const cr_stored *stored = &w->file[f];
    for (int i = 0; i < stored->n_layers; i++) {
        const cr_stored_layer *s = &stored->layer[i];
        if (s->n_blobs == 0)
            continue;
        int64_t layer;
        if (cr_names_get(first, s->name, &layer)) {
            w->source[layer] = (cr_weights_source){f, s};
            continue;
        }
        char *detail =
            cr_arena_printf(&w->arena, "%s has weights for a layer \"%s\", which the net does not have",
                            stored->file.name, s->name);
        if (!detail)
            return cr_no_memory(err);
        cr_status status = report(w, s->name, CREMA_WEIGHTS_UNUSED, detail, err);
        if (status != CREMA_OK)
            return status;
    }
    return CREMA_OK;
}

static cr_status open_all(cr_weights *w, cr_err *err)
{
    const cr_graph *g = w->graph;
    size_t n = (size_t)g->n_layers;
    w->source = cr_arena_array(&w->arena, n, sizeof *w->source);
    w->slots = cr_arena_array(&w->arena, n, sizeof *w->slots);
    w->reported = cr_arena_array(&w->arena, n, sizeof *w->reported);
    w->file = cr_arena_array(&w->arena, (size_t)w->options.n_files, sizeof *w->file);
    if (!w->source || !w->slots || !w->reported || !w->file)
        return cr_no_memory(err);
    cr_names first;
    cr_names_init(&first, &w->arena);
    for (int i = g->n_layers - 1; i >= 0; i--) { // backwards, so that the first of a name wins
        w->source[i].file = -1;
        if (!cr_names_put(&first, g->node[i].layer->name, i))
            return cr_no_memory(err);
    }
    for (int f = 0; f < w->options.n_files; f++) {
        cr_status status = cr_stored_open(&w->file[f], &w->options.files[f], w->options.log, err);
        if (status != CREMA_OK)
            return status;
        w->n_files++;
        if ((status = match(w, f, &first, err)) != CREMA_OK)
            return status;
    }
    return CREMA_OK;
}

cr_status cr_weights_open(cr_weights **weights, const cr_graph *graph, const cr_weights_options *options,
                          cr_err *err)
{
    *weights = NULL;
    cr_weights *w = cr_alloc_zero(sizeof *w);
    if (!w)
        return cr_no_memory(err);
    if (pthread_mutex_init(&w->lock, NULL) != 0) {
        cr_free(w);
        return cr_no_memory(err);
    }
    w->graph = graph;
    w->options = *options;
    cr_status status = open_all(w, err);
    if (status != CREMA_OK)
        cr_weights_free(w);
    else
        *weights = w;
    return status;
}

void cr_weights_free(cr_weights *w)
{
    if (!w)
        return;
    for (int f = 0; f < w->n_files; f++)
        cr_stored_close(&w->file[f]);
    for (int i = 0; w->slots && i < w->graph->n_layers; i++)
        for (int j = 0; j < w->slots[i].n; j++)
            cr_free(w->slots[i].at[j].value);
    for (cr_pack_block *b = w->blocks; b; b = b->next)
        cr_free(b->data);
    cr_free(w->row);
    pthread_mutex_destroy(&w->lock);
    cr_arena_free(&w->arena);
    cr_free(w);
}

int cr_weights_stored(cr_weights *w, int layer, cr_shape shape[CR_MAX_BLOBS])
{
    const cr_weights_source *s = &w->source[layer];
    if (s->file < 0)
        return 0;
    int n = s->layer->n_blobs < CR_MAX_BLOBS ? s->layer->n_blobs : CR_MAX_BLOBS;
    for (int i = 0; i < n; i++)
        shape[i] = s->layer->blob[i].shape;
    return n;
}

/* ---- binding ---- */

typedef struct binding {
    cr_weights *w;
    int layer, n_blobs;
    const cr_blob_spec *spec;
    cr_err *err;
} binding;

// Caffe's Blob::ShapeEquals: a legacy shape has four axes, compared from the right, missing ones being 1.
static bool shapes_match(const cr_stored_blob *stored, const cr_shape *want)
{
    if (!stored->legacy_shape)
        return cr_shape_equal(&stored->shape, want);
    if (want->rank > 4)
        return false;
    for (int i = 0; i < 4; i++) {
        int s = stored->shape.rank - 1 - i, t = want->rank - 1 - i;
        if ((s >= 0 ? stored->shape.dim[s] : 1) != (t >= 0 ? want->dim[t] : 1))
            return false;
    }
    return true;
}

static void owner_of(const cr_graph *g, int layer, int blob, int *owner, int *owner_blob)
{
    const cr_node *n = &g->node[layer];
    bool shared = blob < n->n_share && n->share[blob].layer >= 0;
    *owner = shared ? n->share[blob].layer : layer;
    *owner_blob = shared ? n->share[blob].blob : blob;
}

// The stored copy of an owner's blob that Caffe would have written last: the last file, in it the last layer.
static const cr_stored_blob *stored_copy(const cr_weights *w, int owner, int owner_blob, int *file)
{
    const cr_stored_blob *best = NULL;
    for (int i = 0; i < w->graph->n_layers; i++) {
        const cr_weights_source *s = &w->source[i];
        if (s->file < 0 || (i != owner && w->graph->node[i].n_share == 0))
            continue;
        for (int j = 0; j < s->layer->n_blobs; j++) {
            int o, ob;
            owner_of(w->graph, i, j, &o, &ob);
            if (o != owner || ob != owner_blob)
                continue;
            const cr_stored_blob *b = &s->layer->blob[j];
            if (!best || s->file > *file || (s->file == *file && b->offset > best->offset)) {
                best = b;
                *file = s->file;
            }
        }
    }
    return best;
}

static const char *list_shapes(const binding *b, char *buf, size_t size)
{
    size_t at = 0;
    buf[0] = 0;
    for (int i = 0; i < b->n_blobs && at < size; i++) {
        char text[CR_SHAPE_TEXT];
        at += (size_t)snprintf(buf + at, size - at, "%s%s %s", i ? ", " : "", b->spec[i].what,
                               cr_shape_text(&b->spec[i].shape, text, sizeof text));
    }
    return buf;
}

// Says what is wrong with the layer's weights: an error, or a row and a warning where that is allowed.
static cr_status complain(const binding *b, crema_weights_state state, const char *sentence)
{
    cr_weights *w = b->w;
    const cr_layer *layer = w->graph->node[b->layer].layer;
    if (w->options.measure)
        return CREMA_OK;
    if (!w->options.allow_missing)
        return cr_layer_fail(layer, b->err, NULL, NULL, 0, "%s", sentence);
    if (w->reported[b->layer])
        return CREMA_OK;
    w->reported[b->layer] = true;
    if (w->n_files)
        cr_layer_warn(layer, NULL, NULL, 0, "%s; filled instead", sentence);
    return report(w, layer->name, state, sentence, b->err);
}

static cr_status complain_missing(const binding *b)
{
    char shapes[300], text[480];
    list_shapes(b, shapes, sizeof shapes);
    const cr_weights *w = b->w;
    if (w->n_files == 0)
        snprintf(text, sizeof text, "needs weights (%s), and no weights file was given", shapes);
    else
        snprintf(text, sizeof text, "has no weights in %.120s; it needs %s",
                 w->file[w->n_files - 1].file.name, shapes);
    return complain(b, CREMA_WEIGHTS_MISSING, text);
}

static cr_status complain_shape(const binding *b, int blob, const cr_stored_blob *stored, int file)
{
    char have[CR_SHAPE_TEXT], want[CR_SHAPE_TEXT], text[480];
    snprintf(text, sizeof text, "its %s are %s in %.80s, the net wants %s", b->spec[blob].what,
             cr_shape_text(&stored->shape, have, sizeof have), b->w->file[file].file.name,
             cr_shape_text(&b->spec[blob].shape, want, sizeof want));
    return complain(b, CREMA_WEIGHTS_MISMATCHED, text);
}

static cr_status complain_number(const binding *b, const cr_weights_source *s)
{
    char shapes[300], text[480];
    snprintf(text, sizeof text, "has %d blobs in %.80s, the net wants %d (%s)", s->layer->n_blobs,
             b->w->file[s->file].file.name, b->n_blobs, list_shapes(b, shapes, sizeof shapes));
    return complain(b, CREMA_WEIGHTS_MISMATCHED, text);
}

// A filler does not know its layer, which the message is to name.
static cr_status check_filler(const binding *b, const cr_weights_slot *slot)
{
    const cr_layer *layer = b->w->graph->node[b->layer].layer;
    cr_err own = {0};
    cr_status status = cr_fill_check(slot->spec.filler, &slot->spec.shape, layer->notes, &own);
    if (status == CREMA_OK)
        return status;
    cr_pos pos = {own.file, own.line, own.column};
    return cr_fail(b->err, status, &pos, "layer \"%s\" (%s): %s", layer->name, layer->type->name,
                   own.message);
}

static cr_status take_slot(const binding *b, int i, cr_weights_slot *slot, const cr_stored_blob *stored,
                           int file)
{
    const cr_blob_spec *spec = &b->spec[i];
    if (!cr_shape_valid(&spec->shape))
        return cr_layer_fail(b->w->graph->node[b->layer].layer, b->err, NULL, NULL, 0,
                             "its %s would be too large", spec->what);
    size_t bytes = (size_t)cr_shape_count(&spec->shape) * sizeof(float), total;
    if (!cr_size_add(b->w->bound_bytes, bytes, &total) || !cr_fits_machine(total))
        return cr_fail(b->err, CREMA_ERR_MEMORY, NULL,
                       "out of memory: the weights up to layer \"%s\" take %zu GB",
                       b->w->graph->node[b->layer].layer->name, total >> 30);
    *slot = (cr_weights_slot){.layer = b->layer, .blob = i, .spec = *spec, .stored = stored, .file = file};
    cr_status status = stored ? CREMA_OK : check_filler(b, slot);
    if (status != CREMA_OK)
        return status;
    slot->bound = true;
    b->w->bound_bytes = total;
    return CREMA_OK;
}

// A slot that is bound: it must fit this layer and these input shapes too.
static cr_status check_fit(const binding *b, int i, const cr_weights_slot *have)
{
    const cr_node *n = &b->w->graph->node[b->layer];
    bool shared = i < n->n_share && n->share[i].layer >= 0;
    bool fits = shared && n->share[i].permissive
                    ? cr_shape_count(&have->spec.shape) == cr_shape_count(&b->spec[i].shape)
                    : cr_shape_equal(&have->spec.shape, &b->spec[i].shape);
    if (fits)
        return CREMA_OK;
    char is[CR_SHAPE_TEXT], want[CR_SHAPE_TEXT];
    cr_shape_text(&have->spec.shape, is, sizeof is);
    cr_shape_text(&b->spec[i].shape, want, sizeof want);
    if (shared)
        return cr_layer_fail(n->layer, b->err, n->layer->param, "param", (size_t)i,
                             "shares its %s with layer \"%s\", where they are %s; here they would be %s",
                             b->spec[i].what, b->w->graph->node[n->share[i].layer].layer->name, is, want);
    return cr_layer_fail(n->layer, b->err, NULL, NULL, 0,
                         "its %s are %s; with the new input shape they would have to be %s", b->spec[i].what,
                         is, want);
}

// The slot, made where it is not there yet; NULL: no memory.
static cr_weights_slot *make_slot(cr_weights *w, int layer, int blob)
{
    cr_weights_slots *have = &w->slots[layer];
    if (blob < have->n)
        return &have->at[blob];
    int n = blob < CR_MAX_BLOBS ? CR_MAX_BLOBS : 2 * (blob + 1);
    cr_weights_slot *more = cr_arena_array(&w->arena, (size_t)n, sizeof *more);
    if (!more)
        return NULL;
    for (int i = 0; i < have->n; i++)
        more[i] = have->at[i];
    *have = (cr_weights_slots){more, n};
    return &more[blob];
}

cr_weights_slot *cr_weights_slot_of(const cr_weights *w, int layer, int blob)
{
    int owner, owner_blob;
    owner_of(w->graph, layer, blob, &owner, &owner_blob);
    const cr_weights_slots *have = &w->slots[owner];
    return blob >= 0 && owner_blob < have->n && have->at[owner_blob].bound ? &have->at[owner_blob] : NULL;
}

static cr_status bind_blob(const binding *b, int i, const float **value, bool use_stored)
{
    cr_weights *w = b->w;
    int owner, owner_blob, file = -1;
    owner_of(w->graph, b->layer, i, &owner, &owner_blob);
    cr_weights_slot *s = make_slot(w, owner, owner_blob);
    if (!s)
        return cr_no_memory(b->err);
    cr_status status = CREMA_OK;
    if (!s->bound) {
        const cr_stored_blob *stored = use_stored ? stored_copy(w, owner, owner_blob, &file) : NULL;
        if (stored && !shapes_match(stored, &b->spec[i].shape)) {
            status = complain_shape(b, i, stored, file);
            stored = NULL;
        } else if (!stored && use_stored) {
            status = complain_missing(b);
        }
        if (status == CREMA_OK)
            status = take_slot(b, i, s, stored, file);
    }
    if (status == CREMA_OK)
        status = check_fit(b, i, s);
    if (status == CREMA_OK && !b->spec[i].late) {
        s->pinned = true;
        status = cr_weights_make(w, s, b->err);
        *value = s->value;
    }
    return status;
}

static cr_status bind_all(const binding *b, const float **value)
{
    cr_weights *w = b->w;
    const cr_weights_source *s = &w->source[b->layer];
    if (w->options.cancel && w->options.cancel(w->options.user))
        return cr_fail(b->err, CREMA_ERR_CANCELLED, NULL, "cancelled");
    bool number_fits = s->file < 0 || s->layer->n_blobs == b->n_blobs;
    cr_status status = number_fits ? CREMA_OK : complain_number(b, s);
    for (int i = 0; i < b->n_blobs && status == CREMA_OK; i++)
        status = bind_blob(b, i, &value[i], number_fits);
    if (status == CREMA_OK && !w->reported[b->layer]) {
        w->reported[b->layer] = true;
        status = report(w, w->graph->node[b->layer].layer->name, CREMA_WEIGHTS_LOADED, "", b->err);
    }
    return status;
}

cr_status cr_weights_bind(cr_weights *w, int layer, int n_blobs, const cr_blob_spec *spec,
                          const float **value, cr_err *err)
{
    if (n_blobs == 0)
        return CREMA_OK;
    binding b = {w, layer, n_blobs, spec, err};
    pthread_mutex_lock(&w->lock);
    cr_status status = bind_all(&b, value);
    pthread_mutex_unlock(&w->lock);
    return status;
}

uint64_t cr_weights_seed(const cr_weights *w)
{
    return w->options.seed;
}

bool cr_weights_report(cr_weights *w, int index, crema_weights_info *info)
{
    pthread_mutex_lock(&w->lock);
    bool found = index >= 0 && index < w->n_rows;
    if (found)
        *info = (crema_weights_info){w->row[index].layer, w->row[index].state, w->row[index].detail};
    pthread_mutex_unlock(&w->lock);
    return found;
}

int cr_weights_n_rows(cr_weights *w)
{
    pthread_mutex_lock(&w->lock);
    int n = w->n_rows;
    pthread_mutex_unlock(&w->lock);
    return n;
}
