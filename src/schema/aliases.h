/*
 * aliases.h - names of fields in forks of Caffe that mean a field of ours.
 */
#ifndef CR_SCHEMA_ALIASES_H
#define CR_SCHEMA_ALIASES_H

#include <stddef.h>

// Our name for a field of the message type (its short name), or NULL. The name is not terminated.
const char *cr_alias(const char *message, const char *name, size_t size);

#endif
