/*
 * file.h - reading and writing files.
 *
 * A cr_file is a file on disk or bytes in memory; both are read by offset (pread), never mapped: blobs in a
 * caffemodel stand at odd addresses, and a mapped file that shrinks kills the process. Size and time of the
 * file are remembered, so that a later read can tell that it is still the same file.
 * A cr_writer writes to a temporary file beside the target and renames it, so outputs are whole or absent.
 */
#ifndef CR_BASE_FILE_H
#define CR_BASE_FILE_H

#include "base/err.h"
#include "base/mem.h"

typedef struct cr_file {
    const char *name;          // as given, for messages; lives as long as the caller's string
    const unsigned char *data; // in memory, or NULL
    uint64_t size;
    int fd; // -1: in memory
    int64_t mtime_ns;
} cr_file;

// Opens what a crema_file names. Directories and missing files give a sentence. Close with cr_file_close.
cr_status cr_file_open(cr_file *file, const crema_file *what, cr_err *err);
void cr_file_close(cr_file *file);

// Reads exactly n bytes at offset; less is an error ("truncated"). Safe from several threads.
cr_status cr_file_read(const cr_file *file, uint64_t offset, void *buf, size_t n, cr_err *err);
// CREMA_ERR_IO when the file on disk has changed since it was opened.
cr_status cr_file_unchanged(const cr_file *file, cr_err *err);
// The whole file into memory, with a 0 byte behind it. Fails above max_bytes. Free with cr_free.
cr_status cr_file_load(const cr_file *file, uint64_t max_bytes, unsigned char **data, size_t *size,
                       cr_err *err);

typedef struct cr_writer cr_writer;

// Starts writing path; nothing is at path until cr_writer_commit. With !force an existing path is an error.
cr_status cr_writer_open(cr_writer **writer, const char *path, bool force, cr_err *err);
// Where the file is being written, for a library that writes by path: it may open and fill it before commit.
const char *cr_writer_temporary(const cr_writer *writer);
cr_status cr_writer_write(cr_writer *writer, const void *data, size_t n, cr_err *err);
cr_status cr_writer_commit(cr_writer *writer, cr_err *err); // closes and frees the writer, also on error
void cr_writer_abort(cr_writer *writer);                    // removes the temporary file; NULL is fine

#endif
