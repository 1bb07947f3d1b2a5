/*
 * types.h - a layer type's names in the three formats.
 */
#ifndef CR_UPGRADE_TYPES_H
#define CR_UPGRADE_TYPES_H

typedef struct cr_type_names {
    const char *v0, *v1; // NULL: the format does not have it
    const char *v2;
} cr_type_names;

// The row with that name in one of the formats, or NULL.
const cr_type_names *cr_type_by_v0(const char *name);
const cr_type_names *cr_type_by_v1(const char *name);
const cr_type_names *cr_type_by_any(const char *name);

#endif
