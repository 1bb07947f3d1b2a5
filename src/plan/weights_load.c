/*
 * weights_load.c - the values and packs of a plan, made side by side.
 *
 *     collect   what is not there yet; memory for it is taken here, by the calling thread
 *     read      values that stay, in slices of some MB: the threads share one large blob
 *     pack      some rows of a pack's values, or all, are one item: they are read into the thread's staging buffer and
 *               packed from there, which finds them in its cache; the largest packs first. What comes whole and does
 *               not fit such a buffer is read in slices into one of its own, by all.
 *
 * So besides what stays there is one staging buffer a thread, mostly small. The first item that fails decides on the
 * error, however many threads there are. Progress and cancel are asked on the calling thread alone, which has slot 0.
 */
#include "base/int.h"
#include "base/parallel.h"
#include "plan/weights_state.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLICE = 1 << 20,          // floats
    STAGING_BYTES = 32 << 20, // of one thread, at most
    FEW_BYTES = 1 << 20,      // are loaded without other threads
    ALIGN = 64
};

typedef struct reading {
    cr_weights_slot *slot;
    int64_t first, count; // of a slot that is filled: all
    float *to;
} reading;

typedef struct staged {
    cr_weights_slot *slot;
    int blob;
    size_t at; // bytes into the staging buffer
} staged;

typedef struct packing {
    cr_pack_wanted *want;
    cr_pack *pack;
    const float **value; // by blob; of staged ones set when the buffer is known
    staged *staged;
    int n_staged, order;
    size_t staging_bytes; // of a part
    bool by_rows;         // else it is one part
} packing;

// Rows of blob 0; all blobs of what is not packed by rows.
typedef struct part {
    packing *of;
    int64_t first, n;
} part;

typedef struct loading {
    cr_weights *w;
    cr_weights_wanted *wanted;
    cr_arena *arena; // the plan's
    cr_arena scratch;
    cr_pool *pool;
    reading *reading;
    packing *packing;
    part *part;
    cr_pack_block *block;
    int64_t n_readings, n_parts;
    int n_packings;
    char *staging; // staging_step for each thread
    size_t staging_step;
    size_t all_bytes;
    _Atomic size_t done_bytes;
    pthread_mutex_t lock;   // over what follows
    _Atomic int64_t failed; // the first item that did
    cr_err err;
    cr_err *out;
} loading;

static size_t padded(size_t bytes)
{
    return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

/* ---- items, on any thread ---- */

static cr_status read_values(const loading *l, const reading *r, cr_err *err)
{
    return cr_weights_read(l->w, r->slot, r->first, r->count, r->to, err);
}

static void fail(loading *l, int64_t item, const cr_err *err)
{
    pthread_mutex_lock(&l->lock);
    if (item < l->failed) {
        l->failed = item;
        l->err = *err;
    }
    pthread_mutex_unlock(&l->lock);
}

static void tell(loading *l, int64_t item, int slot, size_t bytes)
{
    const cr_weights_options *o = &l->w->options;
    size_t done = atomic_fetch_add(&l->done_bytes, bytes) + bytes;
    if (slot != 0)
        return;
    if (o->progress)
        o->progress(o->user, "loading weights", (double)done / (double)l->all_bytes);
    cr_err err = {0};
    if (o->cancel && o->cancel(o->user)) {
        cr_fail(&err, CREMA_ERR_CANCELLED, NULL, "cancelled");
        fail(l, item, &err);
    }
}

static void read_item(void *ctx, int64_t item, int slot)
{
    loading *l = ctx;
    const reading *r = &l->reading[item];
    cr_err err = {0};
    if (item > l->failed)
        return;
    if (read_values(l, r, &err) != CREMA_OK)
        fail(l, item, &err);
    else
        tell(l, item, slot, (size_t)r->count * sizeof(float));
}

static cr_status read_staged(const loading *l, packing *p, char *staging, cr_err *err)
{
    cr_status status = CREMA_OK;
    for (int i = 0; i < p->n_staged && status == CREMA_OK; i++) {
        const staged *from = &p->staged[i];
        float *to = (float *)(void *)(staging + from->at);
        reading r = {from->slot, 0, cr_shape_count(&from->slot->spec.shape), to};
        p->value[from->blob] = to;
        status = read_values(l, &r, err);
    }
    return status;
}

static void fill_pack(const packing *p)
{
    p->want->recipe.fill(p->want->recipe.arg, p->value, p->pack->data);
}

static int64_t row_floats(const packing *p)
{
    const cr_pack_recipe *r = &p->want->recipe;
    return r->rows > 0 ? cr_shape_count(&p->want->step->blob_shape[0]) / r->rows : 0;
}

static cr_status pack_rows(const loading *l, const part *x, char *staging, cr_err *err)
{
    const packing *p = x->of;
    int64_t row = row_floats(p);
    float *to = (float *)(void *)staging;
    const float *from = p->value[0] ? p->value[0] + x->first * row : to;
    reading r = {p->staged->slot, x->first * row, x->n * row, to};
    cr_status status = p->value[0] ? CREMA_OK : read_values(l, &r, err);
    if (status == CREMA_OK)
        p->want->recipe.fill_rows(p->want->recipe.arg, from, x->first, x->n, p->pack->data);
    return status;
}

static void pack_item(void *ctx, int64_t item, int slot)
{
    loading *l = ctx;
    part *x = &l->part[item];
    packing *p = x->of;
    cr_err err = {0};
    if (item > l->failed || p->staging_bytes > l->staging_step)
        return;
    char *staging = l->staging + (size_t)slot * l->staging_step;
    cr_status status = p->by_rows ? pack_rows(l, x, staging, &err) : read_staged(l, p, staging, &err);
    if (status != CREMA_OK) {
        fail(l, item, &err);
        return;
    }
    if (!p->by_rows)
        fill_pack(p);
    tell(l, item, slot, p->by_rows ? (size_t)(x->n * row_floats(p)) * sizeof(float) : p->pack->bytes);
}

/* ---- collecting ---- */

// Cuts what is to be read; `to` NULL: only counts.
static int64_t cut(cr_weights_slot *slot, float *values, reading *to)
{
    int64_t count = cr_shape_count(&slot->spec.shape), slice = slot->stored ? SLICE : count, n = 0;
    for (int64_t at = 0; at < count; at += slice, n++)
        if (to)
            to[n] = (reading){slot, at, count - at < slice ? count - at : slice, values + at};
    return n;
}

static cr_status make_room(loading *l)
{
    size_t blobs = 0, readings = 0, packs = 0;
    for (const cr_value_wanted *v = l->wanted->values; v; v = v->next)
        for (int i = 0; i < v->step->n_blobs; i++, blobs++) {
            cr_weights_slot *slot = cr_weights_slot_of(l->w, v->step->layer->index, i);
            if (cr_weights_stay(v->step, i) && !slot->value)
                readings += (size_t)cut(slot, NULL, NULL);
        }
    for (const cr_pack_wanted *p = l->wanted->packs; p; p = p->next)
        packs++;
    l->wanted->held = cr_arena_array(l->arena, blobs, sizeof *l->wanted->held);
    l->reading = cr_arena_array(&l->scratch, readings, sizeof *l->reading);
    l->packing = cr_arena_array(&l->scratch, packs, sizeof *l->packing);
    return l->wanted->held && l->reading && l->packing ? CREMA_OK : cr_no_memory(l->out);
}

static cr_status hold(loading *l, cr_weights_slot *slot, const cr_step *step, int blob)
{
    if (!slot->value) {
        if (!(slot->value = cr_weights_alloc(cr_weights_slot_bytes(slot))))
            return cr_no_memory(l->out);
        l->w->value_bytes += cr_weights_slot_bytes(slot);
        l->all_bytes += cr_weights_slot_bytes(slot);
        l->n_readings += cut(slot, slot->value, l->reading + l->n_readings);
    }
    slot->readers++;
    l->wanted->held[l->wanted->n_held++] = (cr_weights_held){step->layer->index, blob};
    return CREMA_OK;
}

static cr_status collect_values(loading *l)
{
    cr_status status = CREMA_OK;
    for (cr_value_wanted *v = l->wanted->values; v && status == CREMA_OK; v = v->next)
        for (int i = 0; i < v->step->n_blobs && status == CREMA_OK; i++) {
            cr_weights_slot *slot = cr_weights_slot_of(l->w, v->step->layer->index, i);
            if (!cr_weights_stay(v->step, i))
                continue;
            status = hold(l, slot, v->step, i);
            v->value[i] = slot->value;
        }
    return status;
}

// Values that stand in the file may be read in parts; a filler makes all of them.
static bool is_by_rows(const packing *p, const cr_weights_slot *slot, size_t *part_bytes)
{
    const cr_pack_recipe *r = &p->want->recipe;
    size_t row = (size_t)row_floats(p) * sizeof(float), unit = (size_t)cr_i64_min(r->unit, r->rows);
    return r->fill_rows && unit > 0 && (slot->value || slot->stored) && cr_size_mul(row, unit, part_bytes) &&
           *part_bytes <= STAGING_BYTES;
}

// What a pack's values are: those that stay, or staged ones.
static cr_status collect_blobs(loading *l, packing *p)
{
    const cr_step *step = p->want->step;
    size_t part_bytes;
    p->value = cr_arena_array(&l->scratch, (size_t)step->n_blobs, sizeof *p->value);
    p->staged = cr_arena_array(&l->scratch, (size_t)step->n_blobs, sizeof *p->staged);
    if (!p->value || !p->staged)
        return cr_no_memory(l->out);
    for (int i = 0; i < step->n_blobs; i++) {
        cr_weights_slot *slot = cr_weights_slot_of(l->w, step->layer->index, i);
        p->value[i] = slot->value;
        if (slot->value)
            continue;
        p->staged[p->n_staged++] = (staged){slot, i, p->staging_bytes};
        p->staging_bytes += padded(cr_weights_slot_bytes(slot));
    }
    if (step->n_blobs > 0)
        p->by_rows = is_by_rows(p, cr_weights_slot_of(l->w, step->layer->index, 0), &part_bytes);
    if (p->by_rows)
        p->staging_bytes = p->value[0] ? 0 : padded(part_bytes);
    l->all_bytes +=
        p->by_rows ? (size_t)(row_floats(p) * p->want->recipe.rows) * sizeof(float) : p->pack->bytes;
    if (p->staging_bytes <= STAGING_BYTES && p->staging_bytes > l->staging_step)
        l->staging_step = p->staging_bytes;
    return CREMA_OK;
}

static cr_status make_pack(loading *l, cr_pack_wanted *want)
{
    packing *p = &l->packing[l->n_packings];
    cr_pack *made = cr_arena_alloc(&l->w->arena, sizeof *made);
    char *key = cr_arena_strdup(&l->w->arena, want->recipe.key);
    if (!made || !key)
        return cr_no_memory(l->out);
    *made = (cr_pack){.layer = want->step->layer->index, .key = key, .bytes = want->recipe.bytes};
    *p = (packing){.want = want, .pack = made, .order = l->n_packings++};
    return collect_blobs(l, p);
}

// Side by side, in their final order.
static cr_status place_packs(loading *l)
{
    size_t bytes = 0;
    for (int i = 0; i < l->n_packings; i++)
        bytes += padded(l->packing[i].pack->bytes); // check_size() has added them up
    if (bytes == 0)
        return CREMA_OK;
    l->block = cr_arena_alloc(&l->w->arena, sizeof *l->block);
    if (!l->block || !(l->block->data = cr_alloc_aligned(bytes, ALIGN)))
        return cr_no_memory(l->out);
    char *at = l->block->data;
    for (int i = 0; i < l->n_packings; i++) {
        l->packing[i].pack->data = at;
        at += padded(l->packing[i].pack->bytes);
    }
    return CREMA_OK;
}

static cr_pack *find_pack(const cr_weights *w, const cr_pack_wanted *want)
{
    cr_pack *p = w->packs;
    while (p && (p->layer != want->step->layer->index || p->bytes != want->recipe.bytes ||
                 strcmp(p->key, want->recipe.key) != 0))
        p = p->next;
    return p;
}

static int larger_first(const void *left, const void *right)
{
    const packing *a = left, *b = right;
    if (a->pack->bytes != b->pack->bytes)
        return a->pack->bytes < b->pack->bytes ? 1 : -1;
    return a->order - b->order;
}

static int64_t unit_of(const packing *p)
{
    return p->by_rows ? p->want->recipe.unit : 1;
}

static int64_t rows_of(const packing *p)
{
    return p->by_rows ? p->want->recipe.rows : 1;
}

static cr_status cut_packs(loading *l)
{
    size_t n = 0;
    for (int i = 0; i < l->n_packings; i++)
        n += (size_t)cr_div_up(rows_of(&l->packing[i]), unit_of(&l->packing[i]));
    l->part = cr_arena_array(&l->scratch, n, sizeof *l->part);
    for (int i = 0; i < l->n_packings && l->part; i++) {
        packing *p = &l->packing[i];
        for (int64_t row = 0; row < rows_of(p); row += unit_of(p))
            l->part[l->n_parts++] = (part){p, row, cr_i64_min(unit_of(p), rows_of(p) - row)};
    }
    return l->part ? CREMA_OK : cr_no_memory(l->out);
}

static cr_status collect_packs(loading *l)
{
    cr_status status = CREMA_OK;
    for (cr_pack_wanted *want = l->wanted->packs; want && status == CREMA_OK; want = want->next) {
        const cr_pack *have = find_pack(l->w, want);
        if (have)
            want->step->pack = have->data;
        else
            status = make_pack(l, want);
    }
    if (l->n_packings > 1)
        qsort(l->packing, (size_t)l->n_packings, sizeof *l->packing, larger_first);
    if (status == CREMA_OK)
        status = place_packs(l);
    return status == CREMA_OK ? cut_packs(l) : status;
}

static cr_status check_size(const loading *l)
{
    size_t all = 0;
    bool fits = cr_size_add(l->w->value_bytes, l->w->pack_bytes, &all);
    for (const cr_pack_wanted *p = l->wanted->packs; p; p = p->next)
        fits = fits && (find_pack(l->w, p) || cr_size_add(all, p->recipe.bytes, &all));
    for (const cr_value_wanted *v = l->wanted->values; v; v = v->next)
        for (int i = 0; i < v->step->n_blobs; i++) {
            const cr_weights_slot *slot = cr_weights_slot_of(l->w, v->step->layer->index, i);
            if (cr_weights_stay(v->step, i) && !slot->value)
                fits = fits && cr_size_add(all, cr_weights_slot_bytes(slot), &all);
        }
    if (fits && cr_fits_machine(all))
        return CREMA_OK;
    return cr_fail(l->out, CREMA_ERR_MEMORY, NULL, "out of memory: weights and their packs take %zu GB",
                   all >> 30);
}

/* ---- all of it ---- */

static cr_status outcome(loading *l)
{
    if (l->failed == INT64_MAX)
        return CREMA_OK;
    if (l->out)
        *l->out = l->err;
    return l->err.status;
}

static cr_status read_all(loading *l)
{
    cr_parallel(l->pool, l->n_readings, read_item, l);
    return outcome(l);
}

// A pack whose values fit no thread's buffer.
static cr_status pack_alone(loading *l, packing *p)
{
    char *staging = cr_alloc_aligned(p->staging_bytes, ALIGN);
    int64_t n = 0;
    for (int i = 0; i < p->n_staged; i++)
        n += cut(p->staged[i].slot, NULL, NULL);
    l->reading = cr_arena_array(&l->scratch, (size_t)n, sizeof *l->reading);
    l->n_readings = 0;
    cr_status status = staging && l->reading ? CREMA_OK : cr_no_memory(l->out);
    for (int i = 0; i < p->n_staged && status == CREMA_OK; i++) {
        float *to = (float *)(void *)(staging + p->staged[i].at);
        p->value[p->staged[i].blob] = to;
        l->n_readings += cut(p->staged[i].slot, to, l->reading + l->n_readings);
    }
    if (status == CREMA_OK && (status = read_all(l)) == CREMA_OK)
        fill_pack(p);
    cr_free(staging);
    return status;
}

static cr_status pack_all(loading *l)
{
    size_t bytes;
    if (!cr_size_mul(l->staging_step, (size_t)cr_pool_threads(l->pool), &bytes))
        return cr_no_memory(l->out);
    if (bytes > 0 && !(l->staging = cr_alloc_aligned(bytes, ALIGN)))
        return cr_no_memory(l->out);
    cr_parallel(l->pool, l->n_parts, pack_item, l);
    cr_free(l->staging);
    cr_status status = outcome(l);
    for (int i = 0; i < l->n_packings && status == CREMA_OK; i++)
        if (l->packing[i].staging_bytes > l->staging_step)
            status = pack_alone(l, &l->packing[i]);
    return status;
}

// What was read while the file changed may be of both.
static cr_status check_files(const loading *l)
{
    cr_status status = CREMA_OK;
    for (int f = 0; f < l->w->n_files && status == CREMA_OK && l->all_bytes > 0; f++)
        status = cr_file_unchanged(&l->w->file[f].file, l->out);
    return status;
}

static cr_status load(loading *l, int threads)
{
    cr_status status = check_size(l);
    if (status == CREMA_OK)
        status = make_room(l);
    if (status == CREMA_OK)
        status = collect_values(l);
    if (status == CREMA_OK)
        status = collect_packs(l);
    if (status == CREMA_OK && l->all_bytes >= FEW_BYTES)
        status = cr_pool_create(&l->pool, threads, l->out);
    if (status == CREMA_OK && l->all_bytes > 0) {
        tell(l, 0, 0, 0);
        status = read_all(l);
    }
    if (status == CREMA_OK)
        status = pack_all(l);
    return status == CREMA_OK ? check_files(l) : status;
}

static void undo(loading *l)
{
    cr_weights_drop(l->w, l->wanted->held, l->wanted->n_held);
    l->wanted->n_held = 0;
    if (l->block)
        cr_free(l->block->data);
}

static void keep_packs(loading *l)
{
    for (int i = 0; i < l->n_packings; i++) {
        cr_pack *p = l->packing[i].pack;
        p->next = l->w->packs;
        l->w->packs = p;
        l->w->pack_bytes += p->bytes;
        l->packing[i].want->step->pack = p->data;
    }
    if (l->block) {
        l->block->next = l->w->blocks;
        l->w->blocks = l->block;
    }
}

cr_status cr_weights_load(cr_weights *w, cr_weights_wanted *wanted, int threads, cr_arena *arena, cr_err *err)
{
    loading l = {.w = w, .wanted = wanted, .arena = arena, .failed = INT64_MAX, .out = err};
    wanted->held = NULL;
    wanted->n_held = 0;
    pthread_mutex_init(&l.lock, NULL);
    pthread_mutex_lock(&w->lock);
    cr_status status = load(&l, threads);
    if (status == CREMA_OK)
        keep_packs(&l);
    else
        undo(&l);
    pthread_mutex_unlock(&w->lock);
    cr_pool_free(l.pool);
    pthread_mutex_destroy(&l.lock);
    cr_arena_free(&l.scratch);
    return status;
}
