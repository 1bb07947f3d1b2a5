/*
 * options.h - the option structs of the public headers. Each starts with its struct_size as the caller was
 * compiled, so that fields can be added at its end.
 */
#ifndef CR_BASE_OPTIONS_H
#define CR_BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

// Copies an option struct of the caller's size into one of ours; missing fields are zero. from NULL: all are.
// False: struct_size is not set.
bool cr_copy_options(void *to, size_t to_size, const void *from);

#endif
