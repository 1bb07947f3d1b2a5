/*
 * caffemodel.c - the index of a .caffemodel: layers, their types, and where their blobs stand.
 *
 * A NetParameter holds V2 layers (field 100: name 1, type 2, blobs 7) or V1 layers (field 2: name 4, type 5 as
 * a number, blobs 6); a V1 layer may hold a V0 layer (field 1: name 1, type 2, blobs 50). Everything else is
 * skipped by its length, so the time goes by the number of fields and not by their size.
 *
 * A layer's name may stand behind its blobs, or be missing. It is read first, in a pass of its own over the
 * layer's fields, so that errors about blobs can name the layer.
 */
#include "read/caffemodel.h"
#include "read/blob.h"
#include "read/sniff.h"

#include <string.h>

enum { LONGEST_NAME = 4096 };

// Field numbers of one generation of layers.
typedef struct layout {
    uint32_t name, type, blobs, inner; // inner: the V0 layer in a V1 layer; 0: none
    bool type_is_number;
} layout;

static const layout v2 = {1, 2, 7, 0, false}, v1 = {4, 5, 6, 1, true}, v0 = {1, 2, 50, 0, false};

typedef struct indexer {
    cr_stored *stored;
    cr_cursor cursor;
    cr_blob_scratch scratch;
    cr_stored_layer *layer; // grows
    size_t n_layers, layer_room;
    cr_stored_blob *blob; // of the layer that is being read; grows
    size_t n_blobs, blob_room;
} indexer;

// Room for one more in a list that grows; false: out of memory.
static bool more(void **list, size_t n, size_t *room, size_t item_bytes)
{
    if (n < *room)
        return true;
    size_t wanted = *room ? *room * 2 : 16, bytes;
    void *grown = cr_size_mul(wanted, item_bytes, &bytes) ? cr_realloc(*list, bytes) : NULL;
    if (!grown)
        return false;
    *list = grown;
    *room = wanted;
    return true;
}

static cr_status read_string(indexer *x, const cr_wire_field *field, const char *what, const char **out,
                             cr_err *err)
{
    if (field->bits > LONGEST_NAME)
        return cr_cursor_fail(&x->cursor, field->tag_at, err, "%s of %llu bytes", what,
                              (unsigned long long)field->bits);
    char *text = cr_arena_alloc(&x->stored->arena, (size_t)field->bits + 1);
    if (!text)
        return cr_no_memory(err);
    *out = text;
    return cr_file_read(&x->stored->file, field->at, text, (size_t)field->bits, err);
}

// Name and type of the layer in [at, end), the V0 layer inside included.
static cr_status read_name(indexer *x, const layout *l, uint64_t at, uint64_t end, cr_stored_layer *layer,
                           cr_err *err)
{
    cr_status status = CREMA_OK;
    cr_wire_field f;
    x->cursor.at = at;
    while (status == CREMA_OK && x->cursor.at < end) {
        status = cr_cursor_next(&x->cursor, end, &f, err);
        if (status != CREMA_OK)
            return status;
        uint64_t behind = x->cursor.at;
        if (f.type == CR_WIRE_BYTES && f.number == l->name && f.number != 0) {
            status = read_string(x, &f, "a layer's name", &layer->name, err);
            x->cursor.layer = layer->name;
        } else if (f.type == CR_WIRE_BYTES && f.number == l->type && !l->type_is_number) {
            status = read_string(x, &f, "a layer's type", &layer->type, err);
        } else if (f.type == CR_WIRE_VARINT && f.number == l->type && l->type_is_number) {
            layer->type = cr_arena_printf(&x->stored->arena, "V1:%lld", (long long)f.bits);
            if (!layer->type)
                return cr_no_memory(err);
        } else if (f.type == CR_WIRE_BYTES && f.number == l->inner && f.number != 0) {
            status = read_name(x, &v0, f.at, behind, layer, err);
        }
        x->cursor.at = behind;
    }
    return status;
}

static cr_status read_blobs(indexer *x, const layout *l, uint64_t at, uint64_t end, cr_err *err)
{
    cr_status status = CREMA_OK;
    cr_wire_field f;
    x->cursor.at = at;
    while (status == CREMA_OK && x->cursor.at < end) {
        status = cr_cursor_next(&x->cursor, end, &f, err);
        if (status != CREMA_OK)
            return status;
        uint64_t behind = x->cursor.at;
        if (f.type == CR_WIRE_BYTES && f.number == l->blobs) {
            if (!more((void **)&x->blob, x->n_blobs, &x->blob_room, sizeof *x->blob))
                return cr_no_memory(err);
            status = cr_blob_index(&x->cursor, f.at, behind, &x->scratch, &x->stored->arena,
                                   &x->blob[x->n_blobs++], err);
        } else if (f.type == CR_WIRE_BYTES && f.number == l->inner && f.number != 0) {
            status = read_blobs(x, &v0, f.at, behind, err);
        }
        x->cursor.at = behind;
    }
    return status;
}

static cr_status read_layer(indexer *x, const layout *l, uint64_t at, uint64_t end, cr_err *err)
{
    if (!more((void **)&x->layer, x->n_layers, &x->layer_room, sizeof *x->layer))
        return cr_no_memory(err);
    if (x->n_layers == INT32_MAX)
        return cr_cursor_fail(&x->cursor, at, err, "too many layers");
    cr_stored_layer *layer = &x->layer[x->n_layers];
    *layer = (cr_stored_layer){.name = "", .type = ""};
    x->cursor.layer = "";
    x->cursor.layer_index = x->n_layers;
    x->n_blobs = 0;
    cr_status status = read_name(x, l, at, end, layer, err);
    if (status == CREMA_OK)
        status = read_blobs(x, l, at, end, err);
    if (status != CREMA_OK)
        return status;
    cr_stored_blob *blobs = cr_arena_array(&x->stored->arena, x->n_blobs, sizeof *blobs);
    if (!blobs)
        return cr_no_memory(err);
    if (x->n_blobs > INT32_MAX)
        return cr_cursor_fail(&x->cursor, at, err, "too many blobs");
    if (x->n_blobs > 0)
        memcpy(blobs, x->blob, x->n_blobs * sizeof *blobs);
    layer->blob = blobs;
    layer->n_blobs = (int)x->n_blobs;
    x->n_layers++;
    x->cursor.layer = NULL;
    x->cursor.at = end;
    return CREMA_OK;
}

// Before the first layer, what can't be framed is no such file at all; one that ends too soon may be, and says so.
static cr_status next_of_net(indexer *x, uint64_t end, cr_wire_field *f, cr_err *err)
{
    cr_err own = {0};
    *f = (cr_wire_field){0};
    cr_status status = cr_cursor_next(&x->cursor, end, f, &own);
    if (status == CREMA_OK)
        return status;
    bool cut = f->type == CR_WIRE_BYTES && f->at > 0 && f->bits > end - f->at;
    cr_pos pos = {x->stored->file.name, 0, 0};
    if (status == CREMA_ERR_INPUT && x->n_layers == 0 && !cut)
        return cr_fail(err, status, &pos, "is no .caffemodel, or it is damaged: %.400s", own.message);
    if (err)
        *err = own;
    return status;
}

static cr_status read_net(indexer *x, cr_err *err)
{
    uint64_t end = x->stored->file.size;
    while (x->cursor.at < end) {
        cr_wire_field f;
        cr_status status = next_of_net(x, end, &f, err);
        if (status == CREMA_OK && f.number == 0)
            status = cr_cursor_fail(&x->cursor, f.tag_at, err, "field number 0 where a field should begin");
        if (status == CREMA_OK && f.type == CR_WIRE_BYTES) {
            uint64_t behind = x->cursor.at;
            if (f.number == 1)
                status = read_string(x, &f, "the net's name", &x->stored->net_name, err);
            else if (f.number == 2 || f.number == 100)
                status = read_layer(x, f.number == 2 ? &v1 : &v2, f.at, behind, err);
        }
        if (status != CREMA_OK)
            return status;
    }
    return CREMA_OK;
}

static cr_status finish(indexer *x, cr_err *err)
{
    cr_stored *s = x->stored;
    cr_pos pos = {s->file.name, 0, 0};
    if (x->n_layers == 0)
        return cr_fail(err, CREMA_ERR_INPUT, &pos, "has no layers: it is no .caffemodel, or it was cut");
    cr_stored_layer *layers = cr_arena_array(&s->arena, x->n_layers, sizeof *layers);
    if (!layers)
        return cr_no_memory(err);
    memcpy(layers, x->layer, x->n_layers * sizeof *layers);
    s->layer = layers;
    s->n_layers = (int)x->n_layers;
    cr_names_init(&s->by_name, &s->arena);
    for (int i = 0; i < s->n_layers; i++) {
        int64_t first;
        if (!cr_names_get(&s->by_name, layers[i].name, &first) &&
            !cr_names_put(&s->by_name, layers[i].name, i))
            return cr_no_memory(err);
    }
    return CREMA_OK;
}

cr_status cr_stored_open(cr_stored *stored, const crema_file *what, const cr_log *log, cr_err *err)
{
    memset(stored, 0, sizeof *stored);
    stored->net_name = "";
    cr_status status = cr_file_open(&stored->file, what, err);
    if (status != CREMA_OK)
        return status;
    indexer x = {.stored = stored};
    cr_cursor_init(&x.cursor, &stored->file);
    status = cr_sniff_want(&stored->file, CR_SNIFF_NET, err);
    if (status == CREMA_OK)
        status = read_net(&x, err);
    if (status == CREMA_OK)
        status = finish(&x, err);
    cr_free(x.layer);
    cr_free(x.blob);
    cr_blob_scratch_free(&x.scratch);
    if (status != CREMA_OK) {
        cr_stored_close(stored);
        return status;
    }
    cr_pos pos = {stored->file.name, 0, 0};
    cr_info(log, &pos, "%d layers, %llu bytes", stored->n_layers, (unsigned long long)stored->file.size);
    return CREMA_OK;
}

void cr_stored_close(cr_stored *stored)
{
    cr_file_close(&stored->file);
    cr_arena_free(&stored->arena);
    memset(stored, 0, sizeof *stored);
    stored->file.fd = -1;
}

const cr_stored_layer *cr_stored_find(const cr_stored *stored, const char *name)
{
    int64_t i;
    return cr_names_get(&stored->by_name, name, &i) ? &stored->layer[i] : NULL;
}

cr_status cr_stored_read_part(const cr_stored *stored, const cr_stored_blob *blob, int64_t first,
                              int64_t count, float *out, cr_err *err)
{
    cr_status status = cr_file_unchanged(&stored->file, err);
    return status == CREMA_OK ? cr_blob_values(&stored->file, blob, first, count, out, err) : status;
}

cr_status cr_stored_read(const cr_stored *stored, const cr_stored_blob *blob, float *out, cr_err *err)
{
    return cr_stored_read_part(stored, blob, 0, blob->count, out, err);
}
