/*
 * npy.c - writing .npy files.
 *
 * Format version 1: up to rank 8 the header is far below the 64 KiB from which NumPy needs version 2. NumPy
 * pads it with spaces and a newline to a multiple of 64 bytes. The dict of a shape of rank 0 needs more than 64
 * with what stands before it, and 8 axes whose product fits in 61 bits have at most 26 digits and need less than
 * 128, NumPy's room for a growing axis 0 included: so the header has 128 bytes.
 */
#include "write/npy.h"

#include <stdio.h>
#include <string.h>

#define START 10 // magic, version, length of the header
#define HEADER 128

static void make_header(const cr_shape *shape, char *buf)
{
    memcpy(buf, "\x93NUMPY\x01\0", 8);
    buf[8] = HEADER - START;
    buf[9] = 0;
    size_t at = START;
    at += (size_t)snprintf(buf + at, HEADER - at, "{'descr': '<f4', 'fortran_order': False, 'shape': (");
    for (int i = 0; i < shape->rank; i++)
        at += (size_t)snprintf(buf + at, HEADER - at, i ? ", %lld" : "%lld", (long long)shape->dim[i]);
    at += (size_t)snprintf(buf + at, HEADER - at, shape->rank == 1 ? ",), }" : "), }");
    memset(buf + at, ' ', HEADER - 1 - at);
    buf[HEADER - 1] = '\n';
}

static cr_status write_values(cr_writer *writer, const float *data, size_t count, cr_err *err)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return count ? cr_writer_write(writer, data, count * sizeof *data, err) : CREMA_OK;
#else
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, data + i, sizeof bits);
        bits = __builtin_bswap32(bits);
        cr_status status = cr_writer_write(writer, &bits, sizeof bits, err);
        if (status != CREMA_OK)
            return status;
    }
    return CREMA_OK;
#endif
}

cr_status cr_npy_write(const char *path, bool force, const cr_shape *shape, const float *data, cr_err *err)
{
    if (!cr_shape_valid(shape))
        return cr_fail(err, CREMA_ERR_USAGE, NULL, "%s: the shape to write is not valid", path);
    char head[HEADER];
    make_header(shape, head);
    cr_writer *writer;
    cr_status status = cr_writer_open(&writer, path, force, err);
    if (status != CREMA_OK)
        return status;
    status = cr_writer_write(writer, head, sizeof head, err);
    if (status == CREMA_OK)
        status = write_values(writer, data, (size_t)cr_shape_count(shape), err);
    if (status == CREMA_OK)
        return cr_writer_commit(writer, err);
    cr_writer_abort(writer);
    return status;
}
