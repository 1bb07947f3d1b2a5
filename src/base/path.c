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

static bool is_plain(char c, bool first)
{
    bool word =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    return word || (c == '.' && !first);
}

char *cr_path_escape(cr_arena *arena, const char *text)
{
    static const char digit[] = "0123456789ABCDEF";
    char *name = cr_arena_array(arena, strlen(text) + 1, 3), *to = name;
    for (const char *from = text; name && *from; from++) {
        unsigned char c = (unsigned char)*from;
        if (is_plain(*from, from == text)) {
            *to++ = *from;
        } else {
            *to++ = '%';
            *to++ = digit[c >> 4];
            *to++ = digit[c & 15];
        }
    }
    return name; // zeroed by the arena
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *cr_path_unescape(cr_arena *arena, const char *name)
{
    char *text = cr_arena_strdup(arena, name), *to = text;
    for (const char *from = text; text && *from; to++) {
        int high = from[0] == '%' ? hex(from[1]) : -1, low = high >= 0 ? hex(from[2]) : -1;
        bool pair = low >= 0 && high + low > 0;
        *to = pair ? (char)(high * 16 + low) : *from;
        from += pair ? 3 : 1;
    }
    if (text)
        *to = 0;
    return text;
}
