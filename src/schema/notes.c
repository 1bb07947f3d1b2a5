/*
 * notes.c - the side table beside a message tree.
 *
 * Entries lie in one growing array and are found through an open-addressing table of 32-bit indices, so that a
 * file with a hundred thousand fields costs a few megabytes. What few entries have (comments, unknown fields)
 * hangs on a pointer. Growing leaves the old array behind in the arena: together that is at most as much again.
 * Field names are compared by content, since callers write them as literals.
 */
#include "schema/notes.h"

#include <string.h>

typedef struct extra {
    const char *before, *behind;
    cr_unknown *first, *last;
} extra;

typedef struct entry {
    const void *message;
    const char *field;
    extra *extra;
    uint32_t index;
    int line, column;
} entry;

struct cr_notes {
    cr_arena *arena;
    const char *file;
    bool rewritten;
    entry *entry;
    uint32_t n, room;
    uint32_t *slot; // entry number + 1; 0: free
    uint32_t n_slots;
};

cr_notes *cr_notes_create(cr_arena *arena, const char *file)
{
    cr_notes *notes = cr_arena_alloc(arena, sizeof *notes);
    if (!notes)
        return NULL;
    notes->arena = arena;
    if (file && !(notes->file = cr_arena_strdup(arena, file)))
        return NULL;
    return notes;
}

// Four letters of the name are enough: a message has few fields that begin alike.
static uint32_t hash(const void *message, const char *field, uint32_t index)
{
    uint64_t h = ((uint64_t)(uintptr_t)message >> 4) + ((uint64_t)index << 32);
    for (int i = 0; field && i < 4 && field[i]; i++)
        h = (h << 7) + (h >> 57) + (unsigned char)field[i];
    h *= 0x9E3779B97F4A7C15u;
    h ^= h >> 29;
    return (uint32_t)((h * 0xBF58476D1CE4E5B9u) >> 32);
}

static bool same_field(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

// The slot that holds the key, or the free one where it belongs.
static uint32_t *find_slot(const cr_notes *notes, const void *message, const char *field, uint32_t index)
{
    uint32_t mask = notes->n_slots - 1, i = hash(message, field, index) & mask;
    for (;; i = (i + 1) & mask) {
        uint32_t number = notes->slot[i];
        if (number == 0)
            return &notes->slot[i];
        const entry *e = &notes->entry[number - 1];
        if (e->message == message && e->index == index && same_field(e->field, field))
            return &notes->slot[i];
    }
}

static bool grow(cr_notes *notes)
{
    if (notes->room > UINT32_MAX / 4)
        return false;
    uint32_t room = notes->room ? notes->room * 2 : 64;
    entry *fresh = cr_arena_array(notes->arena, room, sizeof *fresh);
    uint32_t *slot = cr_arena_array(notes->arena, (size_t)room * 2, sizeof *slot);
    if (!fresh || !slot)
        return false;
    if (notes->n > 0)
        memcpy(fresh, notes->entry, notes->n * sizeof *fresh);
    notes->entry = fresh;
    notes->room = room;
    notes->slot = slot;
    notes->n_slots = room * 2;
    for (uint32_t i = 0; i < notes->n; i++)
        *find_slot(notes, fresh[i].message, fresh[i].field, fresh[i].index) = i + 1;
    return true;
}

static const entry *lookup(const cr_notes *notes, const void *message, const char *field, size_t index)
{
    if (!notes || notes->n == 0 || index > UINT32_MAX)
        return NULL;
    uint32_t number = *find_slot(notes, message, field, (uint32_t)index);
    return number ? &notes->entry[number - 1] : NULL;
}

// The entry of the key, made if it is not there; NULL: out of memory.
static entry *demand(cr_notes *notes, const void *message, const char *field, size_t index)
{
    if (index > UINT32_MAX || (notes->n == notes->room && !grow(notes)))
        return NULL;
    uint32_t *slot = find_slot(notes, message, field, (uint32_t)index);
    if (*slot == 0) {
        notes->entry[notes->n] = (entry){.message = message, .field = field, .index = (uint32_t)index};
        *slot = ++notes->n;
    }
    return &notes->entry[*slot - 1];
}

static extra *demand_extra(cr_notes *notes, const void *message, const char *field, size_t index)
{
    entry *e = demand(notes, message, field, index);
    if (e && !e->extra)
        e->extra = cr_arena_alloc(notes->arena, sizeof *e->extra);
    return e ? e->extra : NULL;
}

bool cr_notes_set_pos(cr_notes *notes, const void *message, const char *field, size_t index, int line,
                      int column)
{
    entry *e = demand(notes, message, field, index);
    if (!e)
        return false;
    e->line = line;
    e->column = column;
    return true;
}

bool cr_notes_set_comments(cr_notes *notes, const void *message, const char *field, size_t index,
                           const char *before, const char *behind)
{
    extra *x = demand_extra(notes, message, field, index);
    if (!x)
        return false;
    char *before_copy = before ? cr_arena_strdup(notes->arena, before) : NULL;
    char *behind_copy = behind ? cr_arena_strdup(notes->arena, behind) : NULL;
    if ((before && !before_copy) || (behind && !behind_copy))
        return false;
    if (before)
        x->before = before_copy;
    if (behind)
        x->behind = behind_copy;
    return true;
}

bool cr_notes_add_unknown(cr_notes *notes, const void *message, const char *name, const char *text, int line,
                          int column)
{
    extra *x = demand_extra(notes, message, NULL, 0);
    cr_unknown *u = x ? cr_arena_alloc(notes->arena, sizeof *u) : NULL;
    if (!u)
        return false;
    u->name = cr_arena_strdup(notes->arena, name);
    u->text = text ? cr_arena_strdup(notes->arena, text) : NULL;
    if (!u->name || (text && !u->text))
        return false;
    u->line = line;
    u->column = column;
    if (x->last)
        x->last->next = u;
    else
        x->first = u;
    x->last = u;
    return true;
}

static bool join(cr_arena *arena, const char *first, const char *between, const char **second)
{
    if (first)
        *second = *second ? cr_arena_printf(arena, "%s%s%s", first, between, *second) : first;
    return *second || !first;
}

static bool add_extra(cr_notes *notes, const extra *from, extra *to)
{
    if (!join(notes->arena, from->before, "\n", &to->before) ||
        !join(notes->arena, from->behind, " ", &to->behind))
        return false;
    if (!from->first)
        return true;
    if (to->last)
        to->last->next = from->first;
    else
        to->first = from->first;
    to->last = from->last;
    return true;
}

bool cr_notes_move(cr_notes *notes, const void *from, const char *from_field, size_t from_index,
                   const void *to, const char *to_field, size_t to_index)
{
    if (!lookup(notes, from, from_field, from_index))
        return true;
    entry *b = demand(notes, to, to_field, to_index); // may move all entries
    entry *a = &notes->entry[lookup(notes, from, from_field, from_index) - notes->entry];
    if (!b || a == b)
        return b != NULL;
    extra *x = a->extra;
    if (a->line > 0) {
        b->line = a->line;
        b->column = a->column;
    }
    a->line = a->column = 0;
    a->extra = NULL;
    if (x && b->extra)
        return add_extra(notes, x, b->extra);
    b->extra = x ? x : b->extra;
    return true;
}

cr_pos cr_notes_pos(const cr_notes *notes, const void *message, const char *field, size_t index)
{
    cr_pos pos = {notes ? notes->file : NULL, 0, 0};
    const entry *e = lookup(notes, message, field, index);
    if (!e || e->line == 0)
        e = lookup(notes, message, NULL, 0);
    if (e) {
        pos.line = e->line;
        pos.column = e->column;
    }
    return pos;
}

bool cr_notes_own_pos(const cr_notes *notes, const void *message, const char *field, size_t index, int *line,
                      int *column)
{
    const entry *e = lookup(notes, message, field, index);
    *line = e ? e->line : 0;
    *column = e ? e->column : 0;
    return *line > 0;
}

const char *cr_notes_before(const cr_notes *notes, const void *message, const char *field, size_t index)
{
    const entry *e = lookup(notes, message, field, index);
    return e && e->extra ? e->extra->before : NULL;
}

const char *cr_notes_behind(const cr_notes *notes, const void *message, const char *field, size_t index)
{
    const entry *e = lookup(notes, message, field, index);
    return e && e->extra ? e->extra->behind : NULL;
}

const cr_unknown *cr_notes_unknown(const cr_notes *notes, const void *message)
{
    const entry *e = lookup(notes, message, NULL, 0);
    return e && e->extra ? e->extra->first : NULL;
}

void cr_notes_drop_unknown(cr_notes *notes, const void *message)
{
    const entry *e = lookup(notes, message, NULL, 0);
    if (e && e->extra)
        e->extra->first = e->extra->last = NULL;
}

void cr_notes_set_rewritten(cr_notes *notes)
{
    notes->rewritten = true;
}

bool cr_notes_rewritten(const cr_notes *notes)
{
    return notes->rewritten;
}

const char *cr_notes_file(const cr_notes *notes)
{
    return notes ? notes->file : NULL;
}
