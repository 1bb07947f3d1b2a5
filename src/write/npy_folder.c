/*
 * npy_folder.c - weights as a folder of .npy files and a list, which read/npy_folder.c describes.
 *
 * The files are made in a temporary folder beside the target, which takes its place in the end. What it replaces
 * under force must be such a folder itself: one that holds anything else is somebody's, and stays.
 */
#include "base/path.h"
#include "write/npy.h"
#include "write/weights_writer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct folder_writer {
    cr_weights_writer base;
    cr_arena arena;
    const char *path;
    char *temporary;
    bool force;
    FILE *list;
    const char *layer; // escaped
    int n_blobs;
    const cr_shape *shape; // of the layer's blobs
} folder_writer;

static cr_status io_fail(const folder_writer *w, cr_err *err, const char *what)
{
    return cr_fail(err, CREMA_ERR_IO, &(cr_pos){w->path, 0, 0}, "%s: %s", what, strerror(errno));
}

static bool is_ours(const char *name)
{
    size_t n = strlen(name);
    return strcmp(name, "layers.yaml") == 0 || (n > 4 && strcmp(name + n - 4, ".npy") == 0);
}

// Whether the folder holds such files only; and then, if asked to, removes it with them.
static bool sweep(const char *path, bool remove_them)
{
    DIR *dir = opendir(path);
    if (!dir)
        return false;
    bool ok = true;
    for (struct dirent *e; ok && (e = readdir(dir));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        struct stat st;
        ok = is_ours(e->d_name) && fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
             S_ISREG(st.st_mode);
        if (ok && remove_them)
            ok = unlinkat(dirfd(dir), e->d_name, 0) == 0;
    }
    closedir(dir);
    return ok && (!remove_them || rmdir(path) == 0);
}

// In double quotes YAML reads JSON's escapes.
static void put_quoted(FILE *to, const char *text)
{
    fputc('"', to);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            fprintf(to, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            fprintf(to, "\\x%02x", c);
        else
            fputc(c, to);
    }
    fputc('"', to);
}

static cr_status begin_layer(cr_weights_writer *base, const cr_written_layer *layer, cr_err *err)
{
    folder_writer *w = (folder_writer *)base;
    w->layer = cr_path_escape(&w->arena, layer->name);
    w->n_blobs = 0;
    w->shape = layer->shape;
    if (!w->layer)
        return cr_no_memory(err);
    fputs("- {name: ", w->list);
    put_quoted(w->list, layer->name);
    if (*layer->type) {
        fputs(", type: ", w->list);
        put_quoted(w->list, layer->type);
    }
    fprintf(w->list, ", blobs: %d}\n", layer->n_blobs);
    return ferror(w->list) ? io_fail(w, err, "can't write") : CREMA_OK;
}

static cr_status put_blob(cr_weights_writer *base, const float *values, cr_err *err)
{
    folder_writer *w = (folder_writer *)base;
    struct stat st;
    char *path = cr_arena_printf(&w->arena, "%s/%s.%d.npy", w->temporary, w->layer, w->n_blobs);
    if (!path)
        return cr_no_memory(err);
    if (stat(path, &st) == 0)
        return cr_fail(err, CREMA_ERR_UNSUPPORTED, &(cr_pos){w->path, 0, 0},
                       "two layers have the name \"%s\", and a folder can hold one", w->layer);
    return cr_npy_write(path, true, &w->shape[w->n_blobs++], values, err);
}

static void free_writer(folder_writer *w)
{
    cr_arena_free(&w->arena);
    cr_free(w);
}

static void abort_folder(cr_weights_writer *base)
{
    folder_writer *w = (folder_writer *)base;
    if (w->list)
        fclose(w->list);
    sweep(w->temporary, true);
    free_writer(w);
}

// The old folder is moved aside before the new one takes its place, and back where that fails.
static cr_status put_in_place(folder_writer *w, cr_err *err)
{
    if (rename(w->temporary, w->path) == 0) // nothing there, or an empty folder
        return CREMA_OK;
    char *aside = cr_arena_printf(&w->arena, "%s.old", w->temporary);
    if (!aside)
        return cr_no_memory(err);
    if (!w->force || rename(w->path, aside) != 0)
        return io_fail(w, err, "can't write here");
    if (rename(w->temporary, w->path) == 0) {
        sweep(aside, true);
        return CREMA_OK;
    }
    cr_status status = io_fail(w, err, "can't write here");
    return rename(aside, w->path) == 0 ? status : io_fail(w, err, "can't be put back");
}

static cr_status commit_folder(cr_weights_writer *base, cr_err *err)
{
    folder_writer *w = (folder_writer *)base;
    bool written = fclose(w->list) == 0;
    w->list = NULL;
    cr_status status = written ? put_in_place(w, err) : io_fail(w, err, "can't write");
    if (status)
        sweep(w->temporary, true);
    free_writer(w);
    return status;
}

static const cr_weights_writer_type folder_type = {begin_layer, put_blob, commit_folder, abort_folder};

static cr_status check_target(const char *path, bool force, cr_err *err)
{
    struct stat st;
    cr_pos pos = {path, 0, 0};
    if (stat(path, &st) != 0)
        return CREMA_OK;
    if (!force)
        return cr_fail(err, CREMA_ERR_IO, &pos, "exists already and is not overwritten");
    if (!S_ISDIR(st.st_mode) || !sweep(path, false))
        return cr_fail(err, CREMA_ERR_IO, &pos,
                       "is no folder of .npy files alone, and is not replaced by one");
    return CREMA_OK;
}

static cr_status make_folder(folder_writer *w, const char *net_name, cr_err *err)
{
    mode_t mask = umask(0);
    umask(mask);
    if (!mkdtemp(w->temporary) || chmod(w->temporary, 0777 & ~mask) != 0)
        return io_fail(w, err, "can't write here");
    char *list = cr_arena_printf(&w->arena, "%s/layers.yaml", w->temporary);
    if (!list)
        return cr_no_memory(err);
    w->list = fopen(list, "we");
    if (!w->list)
        return io_fail(w, err, "can't write here");
    if (*net_name) {
        fputs("- {net: ", w->list);
        put_quoted(w->list, net_name);
        fputs("}\n", w->list);
    }
    return CREMA_OK;
}

cr_status cr_npy_folder_writer_open(cr_weights_writer **out, const char *path, const char *net_name,
                                    bool force, cr_err *err)
{
    *out = NULL;
    cr_status status = check_target(path, force, err);
    if (status)
        return status;
    folder_writer *w = cr_alloc_zero(sizeof *w);
    if (!w)
        return cr_no_memory(err);
    *w = (folder_writer){.base.type = &folder_type, .force = force};
    w->path = cr_arena_strdup(&w->arena, path);
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/') // "weights/" is weights
        n--;
    w->temporary = cr_arena_printf(&w->arena, "%.*s.XXXXXX", (int)n, path);
    status = w->path && w->temporary ? make_folder(w, net_name, err) : cr_no_memory(err);
    if (status)
        abort_folder(&w->base);
    else
        *out = &w->base;
    return status;
}
