/*
 * path.c - joining paths.
 */
#include "base/path.h"

#include <stdio.h>
#include <string.h>

static bool join(const char *folder, size_t n, const char *path, char *buf, size_t size)
{
    if (path[0] == '/')
        n = 0;
    const char *slash = n > 0 && folder[n - 1] != '/' ? "/" : "";
    size_t total = n + strlen(slash) + strlen(path);
    if (total >= size)
        return false;
    snprintf(buf, size, "%.*s%s%s", (int)n, folder ? folder : "", slash, path);
    return true;
}

bool cr_path_in(const char *folder, const char *path, char *buf, size_t size)
{
    return join(folder, folder ? strlen(folder) : 0, path, buf, size);
}

bool cr_path_beside(const char *beside, const char *path, char *buf, size_t size)
{
    const char *slash = beside ? strrchr(beside, '/') : NULL;
    return join(beside, slash ? (size_t)(slash - beside) + 1 : 0, path, buf, size);
}
