#include "tests/support/folder.h"
#include "tests/test.h"

#include <dirent.h>
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

// Visits the files; removes them or not. Returns how many there are.
static int visit(folder *f, int remove_them)
{
    DIR *dir = opendir(f->path);
    ck_assert_ptr_nonnull(dir);
    int n = 0;
    for (struct dirent *e; (e = readdir(dir));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        n++;
        if (remove_them)
            unlink(folder_path(f, e->d_name));
    }
    closedir(dir);
    return n;
}

void folder_remove(folder *f)
{
    visit(f, 1);
    ck_assert_int_eq(rmdir(f->path), 0);
    cr_arena_free(&f->arena);
}

int folder_n_files(folder *f)
{
    return visit(f, 0);
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
