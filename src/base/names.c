/*
 * names.c - an open-addressing map and the edit distance.
 */
#include "base/names.h"

#include <ctype.h>
#include <string.h>

struct cr_names_slot {
    const char *key;
    int64_t value;
};

void cr_names_init(cr_names *names, cr_arena *arena)
{
    memset(names, 0, sizeof *names);
    names->arena = arena;
}

static uint64_t hash(const char *s)
{
    uint64_t h = 1469598103934665603u; // FNV-1a
    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * 1099511628211u;
    return h ^ (h >> 32);
}

static cr_names_slot *find(cr_names_slot *slot, size_t size, const char *key)
{
    size_t i = (size_t)hash(key) & (size - 1);
    while (slot[i].key && strcmp(slot[i].key, key) != 0)
        i = (i + 1) & (size - 1);
    return &slot[i];
}

bool cr_names_put(cr_names *names, const char *key, int64_t value)
{
    if (names->n * 2 >= names->size) {
        size_t size = names->size ? names->size * 2 : 16;
        cr_names_slot *slot = cr_arena_array(names->arena, size, sizeof *slot);
        if (!slot)
            return false;
        for (size_t i = 0; i < names->size; i++)
            if (names->slot[i].key)
                *find(slot, size, names->slot[i].key) = names->slot[i];
        names->slot = slot;
        names->size = size;
    }
    cr_names_slot *s = find(names->slot, names->size, key);
    if (!s->key)
        names->n++;
    s->key = key;
    s->value = value;
    return true;
}

bool cr_names_get(const cr_names *names, const char *key, int64_t *value)
{
    if (names->size == 0)
        return false;
    const cr_names_slot *s = find(names->slot, names->size, key);
    if (!s->key)
        return false;
    *value = s->value;
    return true;
}

enum { LONGEST = 63 };

// Levenshtein distance, one row at a time; letters of different case are equal.
static size_t distance(const char *a, const char *b)
{
    size_t na = strlen(a), nb = strlen(b), row[LONGEST + 2];
    if (na > LONGEST || nb > LONGEST)
        return SIZE_MAX;
    for (size_t j = 0; j <= nb; j++)
        row[j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            size_t above = row[j];
            bool same = tolower((unsigned char)a[i - 1]) == tolower((unsigned char)b[j - 1]);
            size_t best = diagonal + (same ? 0 : 1);
            if (above + 1 < best)
                best = above + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
            diagonal = above;
        }
    }
    return row[nb];
}

const char *cr_nearest(const char *name, const char *const *candidates)
{
    const char *best = NULL;
    size_t best_distance = strlen(name) / 3 + 1; // a third of the letters may differ
    for (; *candidates; candidates++) {
        size_t d = distance(name, *candidates);
        if (d < best_distance || (d == best_distance && !best)) {
            best = *candidates;
            best_distance = d;
        }
    }
    return best;
}
