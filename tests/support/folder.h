/*
 * folder.h - a folder under TMPDIR for the files of one test; removed with all that is in it.
 */
#ifndef TESTS_SUPPORT_FOLDER_H
#define TESTS_SUPPORT_FOLDER_H

#include "base/mem.h"

typedef struct folder {
    char path[300];
    cr_arena arena; // of the paths that folder_path gave
} folder;

void folder_make(folder *f);
void folder_remove(folder *f);
// The path of a file in it; valid until folder_remove.
const char *folder_path(folder *f, const char *name);
const char *folder_write(folder *f, const char *name, const void *data, size_t n);
const char *folder_text(folder *f, const char *name, const char *text);
int folder_n_files(folder *f);

#endif
