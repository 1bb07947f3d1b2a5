/*
 * file.c - reading by offset, writing through a temporary file.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int64_t mtime_ns(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

static cr_status io_error(cr_err *err, const char *name, const char *doing)
{
    cr_pos pos = {name, 0, 0};
    char text[128];
    return cr_fail(err, CREMA_ERR_IO, &pos, "can't %s: %s", doing, strerror_r(errno, text, sizeof text));
}

cr_status cr_file_open(cr_file *file, const crema_file *what, cr_err *err)
{
    memset(file, 0, sizeof *file);
    file->fd = -1;
    file->name = what->path ? what->path : "(memory)";
    cr_pos pos = {file->name, 0, 0};
    if (what->data) {
        file->data = what->data;
        file->size = what->size;
        return CREMA_OK;
    }
    if (!what->path)
        return cr_fail(err, CREMA_ERR_USAGE, NULL, "neither a path nor data was given");
    int fd = open(what->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return io_error(err, file->name, "open");
    struct stat st;
    if (fstat(fd, &st) != 0) {
        cr_status status = io_error(err, file->name, "look at the file");
        close(fd);
        return status;
    }
    if (!S_ISREG(st.st_mode)) {
        close(fd);
        return cr_fail(err, CREMA_ERR_IO, &pos, "is %s, not a file",
                       S_ISDIR(st.st_mode) ? "a directory" : "a device");
    }
    file->fd = fd;
    file->size = (uint64_t)st.st_size;
    file->mtime_ns = mtime_ns(&st);
    return CREMA_OK;
}

void cr_file_close(cr_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
    file->data = NULL;
}

cr_status cr_file_read(const cr_file *file, uint64_t offset, void *buf, size_t n, cr_err *err)
{
    cr_pos pos = {file->name, 0, 0};
    if (offset > file->size || n > file->size - offset)
        return cr_fail(err, CREMA_ERR_INPUT, &pos,
                       "truncated: %zu bytes were expected at byte %llu, the file has %llu", n,
                       (unsigned long long)offset, (unsigned long long)file->size);
    if (file->data) {
        memcpy(buf, file->data + offset, n);
        return CREMA_OK;
    }
    char *to = buf;
    while (n > 0) {
        ssize_t got = pread(file->fd, to, n, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return io_error(err, file->name, "read");
        if (got == 0)
            return cr_fail(err, CREMA_ERR_IO, &pos, "shrank while it was read");
        to += got;
        offset += (uint64_t)got;
        n -= (size_t)got;
    }
    return CREMA_OK;
}

cr_status cr_file_unchanged(const cr_file *file, cr_err *err)
{
    if (file->fd < 0)
        return CREMA_OK;
    struct stat st;
    if (fstat(file->fd, &st) != 0)
        return io_error(err, file->name, "look at the file");
    cr_pos pos = {file->name, 0, 0};
    if ((uint64_t)st.st_size != file->size || mtime_ns(&st) != file->mtime_ns)
        return cr_fail(err, CREMA_ERR_IO, &pos, "changed since it was opened; load it again");
    return CREMA_OK;
}

cr_status cr_file_load(const cr_file *file, uint64_t max_bytes, unsigned char **data, size_t *size,
                       cr_err *err)
{
    cr_pos pos = {file->name, 0, 0};
    *data = NULL;
    *size = 0;
    if (file->size > max_bytes || file->size >= SIZE_MAX)
        return cr_fail(err, CREMA_ERR_INPUT, &pos, "has %llu bytes; at most %llu make sense here",
                       (unsigned long long)file->size, (unsigned long long)max_bytes);
    size_t n = (size_t)file->size;
    unsigned char *bytes = cr_alloc(n + 1);
    if (!bytes)
        return cr_no_memory(err);
    cr_status status = cr_file_read(file, 0, bytes, n, err);
    if (status != CREMA_OK) {
        cr_free(bytes);
        return status;
    }
    bytes[n] = 0;
    *data = bytes;
    *size = n;
    return CREMA_OK;
}

struct cr_writer {
    FILE *stream;
    char *path, *temporary;
    bool force;
};

static void writer_free(cr_writer *w)
{
    cr_free(w->path);
    cr_free(w->temporary);
    cr_free(w);
}

// rename() replaces what is there; for !force, link() makes sure that nothing is.
static int put_in_place(const cr_writer *w)
{
    if (w->force)
        return rename(w->temporary, w->path);
    if (link(w->temporary, w->path) != 0)
        return -1;
    unlink(w->temporary);
    return 0;
}

cr_status cr_writer_open(cr_writer **writer, const char *path, bool force, cr_err *err)
{
    *writer = NULL;
    cr_pos pos = {path, 0, 0};
    struct stat st;
    bool there = stat(path, &st) == 0;
    if (there && !force)
        return cr_fail(err, CREMA_ERR_IO, &pos, "exists already and is not overwritten");
    if (there && !S_ISREG(st.st_mode))
        return cr_fail(err, CREMA_ERR_IO, &pos, "is not a regular file and can't be replaced");
    cr_writer *w = cr_alloc_zero(sizeof *w);
    if (!w)
        return cr_no_memory(err);
    size_t n = strlen(path);
    w->force = force;
    w->path = cr_alloc(n + 1);
    w->temporary = cr_alloc(n + 16);
    if (!w->path || !w->temporary) {
        writer_free(w);
        return cr_no_memory(err);
    }
    memcpy(w->path, path, n + 1);
    snprintf(w->temporary, n + 16, "%s.XXXXXX", path);
    int fd = mkostemp(w->temporary, O_CLOEXEC);
    if (fd < 0) {
        cr_status status = io_error(err, path, "write here");
        writer_free(w);
        return status;
    }
    mode_t mask = umask(0);
    umask(mask);
    if (fchmod(fd, 0666 & ~mask) != 0 || !(w->stream = fdopen(fd, "wb"))) {
        cr_status status = io_error(err, path, "write here");
        close(fd);
        unlink(w->temporary);
        writer_free(w);
        return status;
    }
    *writer = w;
    return CREMA_OK;
}

const char *cr_writer_temporary(const cr_writer *w)
{
    return w->temporary;
}

cr_status cr_writer_write(cr_writer *w, const void *data, size_t n, cr_err *err)
{
    return fwrite(data, 1, n, w->stream) == n ? CREMA_OK : io_error(err, w->path, "write");
}

cr_status cr_writer_commit(cr_writer *w, cr_err *err)
{
    cr_status status = CREMA_OK;
    bool flushed = fflush(w->stream) == 0;
    if (fclose(w->stream) != 0 || !flushed || put_in_place(w) != 0) {
        status = io_error(err, w->path, "write");
        unlink(w->temporary);
    }
    writer_free(w);
    return status;
}

void cr_writer_abort(cr_writer *w)
{
    if (!w)
        return;
    fclose(w->stream);
    unlink(w->temporary);
    writer_free(w);
}
