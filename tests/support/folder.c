#include "tests/support/folder.h"
#include "tests/test.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void folder_make(folder *f)
{
    const char *tmp = getenv("TMPDIR");
    memset(f, 0, sizeof *f);
    snprintf(f->path, sizeof f->path, "%s/crema.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(f->path));
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

void folder_remove(folder *f)
{
    ck_assert_int_eq(nftw(f->path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    cr_arena_free(&f->arena);
}

int folder_n_files(folder *f)
{
    DIR *dir = opendir(f->path);
    ck_assert_ptr_nonnull(dir);
    int n = 0;
    for (struct dirent *e; (e = readdir(dir));)
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(dir);
    return n;
}

const char *folder_path(folder *f, const char *name)
{
    return cr_arena_printf(&f->arena, "%s/%s", f->path, name);
}

const char *folder_write(folder *f, const char *name, const void *data, size_t n)
{
    const char *path = folder_path(f, name);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(data, 1, n, file), n);
    ck_assert_int_eq(fclose(file), 0);
    return path;
}

const char *folder_text(folder *f, const char *name, const char *text)
{
    return folder_write(f, name, text, strlen(text));
}
