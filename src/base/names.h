/*
 * names.h - a map from names to numbers, and the nearest of several names (for hints).
 */
#ifndef CR_BASE_NAMES_H
#define CR_BASE_NAMES_H

#include "base/mem.h"

typedef struct cr_names_slot cr_names_slot;
// All zero is an empty map. Memory comes from the arena; keys are not copied.
typedef struct cr_names {
    cr_arena *arena;
    cr_names_slot *slot;
    size_t n, size;
} cr_names;

void cr_names_init(cr_names *names, cr_arena *arena);
bool cr_names_put(cr_names *names, const char *key, int64_t value); // replaces; false: out of memory
bool cr_names_get(const cr_names *names, const char *key, int64_t *value);

// The candidate with the smallest edit distance to name, ignoring case, if it is near enough to be a
// likely misspelling; else NULL. candidates is NULL-ended.
const char *cr_nearest(const char *name, const char *const *candidates);

#endif
