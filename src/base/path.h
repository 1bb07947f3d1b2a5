/*
 * path.h - paths that a file names, relative to the folder it lies in or to another folder.
 */
#ifndef CR_BASE_PATH_H
#define CR_BASE_PATH_H

#include "base/mem.h"

// `path` as seen from `folder` (NULL or "": here); an absolute path stays as it is. False: does not fit in buf.
bool cr_path_in(const char *folder, const char *path, char *buf, size_t size);
// `path` as seen from the folder of the file `beside`.
bool cr_path_beside(const char *beside, const char *path, char *buf, size_t size);

// Any text as the name of a file: what is not a letter, a digit, "_", "-", or a "." that does not stand first, becomes
// %XX. NULL: out of memory.
char *cr_path_escape(cr_arena *arena, const char *text);
// Back again; a % that begins no %XX stays one.
char *cr_path_unescape(cr_arena *arena, const char *name);

#endif
