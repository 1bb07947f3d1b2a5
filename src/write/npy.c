/*
 * npy.c - writing .npy files.
 *
 * Format version 1: up to rank 8 the header is far below the 64 KiB from which NumPy needs version 2. NumPy
 * leaves room behind the dict so that axis 0 may grow to 21 digits without moving the values, then pads with
 * spaces and a newline to a multiple of 64 bytes; so do we, to write the same bytes.
 */
#include "write/npy.h"

#include <stdio.h>
#include <string.h>

#define START 10 // magic, version, length of the header
#define GROWTH_DIGITS 21

// The whole header, start included, into buf; returns its length, a multiple of 64.
static size_t make_header(const cr_shape *shape, char *buf, size_t size)
{
    memset(buf, ' ', size);
    size_t at = START;
    at += (size_t)snprintf(buf + at, size - at, "{'descr': '<f4', 'fortran_order': False, 'shape': (");
    size_t first_digits = 0;
    for (int i = 0; i < shape->rank; i++) {
        size_t n = (size_t)snprintf(buf + at, size - at, "%lld", (long long)shape->dim[i]);
        at += n;
        first_digits = i ? first_digits : n;
        if (i + 1 < shape->rank || shape->rank == 1)
            at += (size_t)snprintf(buf + at, size - at, shape->rank == 1 ? "," : ", ");
    }
    at += (size_t)snprintf(buf + at, size - at, "), }");
    buf[at] = ' '; // snprintf's 0 byte
    if (shape->rank)
        at += GROWTH_DIGITS - first_digits;
    size_t total = (at + 1 + 63) / 64 * 64;
    buf[total - 1] = '\n';
    memcpy(buf, "\x93NUMPY\x01\0", 8);
    buf[8] = (char)((total - START) & 255);
    buf[9] = (char)((total - START) >> 8);
    return total;
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

cr_status cr_npy_write(const char *path, const cr_shape *shape, const float *data, cr_err *err)
{
    if (!cr_shape_valid(shape))
        return cr_fail(err, CREMA_ERR_USAGE, NULL, "%s: the shape to write is not valid", path);
    char head[512]; // the longest has 8 axes of 19 digits
    size_t n = make_header(shape, head, sizeof head);
    cr_writer *writer;
    cr_status status = cr_writer_open(&writer, path, true, err);
    if (status != CREMA_OK)
        return status;
    status = cr_writer_write(writer, head, n, err);
    if (status == CREMA_OK)
        status = write_values(writer, data, (size_t)cr_shape_count(shape), err);
    if (status == CREMA_OK)
        return cr_writer_commit(writer, err);
    cr_writer_abort(writer);
    return status;
}
