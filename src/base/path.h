/*
 * path.h - paths that a file names, relative to the folder it lies in or to another folder.
 */
#ifndef CR_BASE_PATH_H
#define CR_BASE_PATH_H

#include <stdbool.h>
#include <stddef.h>

// `path` as seen from `folder` (NULL or "": here); an absolute path stays as it is. False: does not fit in buf.
bool cr_path_in(const char *folder, const char *path, char *buf, size_t size);
// `path` as seen from the folder of the file `beside`.
bool cr_path_beside(const char *beside, const char *path, char *buf, size_t size);

#endif
