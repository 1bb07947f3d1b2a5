/*
 * options.c - copying option structs between versions of the interface.
 */
#include "base/options.h"

#include <string.h>

#define LARGEST 4096 // no option struct comes near; garbage in struct_size does

bool cr_copy_options(void *to, size_t to_size, const void *from)
{
    memset(to, 0, to_size);
    memcpy(to, &to_size, sizeof to_size);
    if (!from)
        return true;
    size_t size;
    memcpy(&size, from, sizeof size);
    if (size < sizeof size || size > LARGEST)
        return false;
    memcpy(to, from, size < to_size ? size : to_size);
    return true;
}
