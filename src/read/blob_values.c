/*
 * blob_values.c - reading a blob's values as floats.
 *
 * Packed floats, which is nearly all there is, go from the file straight into the caller's buffer. Everything
 * else goes through a small buffer on the stack. Files are little-endian.
 */
#include "base/half.h"
#include "read/blob.h"

#include <string.h>

enum { STAGING_BYTES = 16384 };

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
static const bool swapped = false;
#else
static const bool swapped = true;
#endif

static uint32_t bits32(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static float one(const unsigned char *p, cr_stored_kind kind)
{
    float f;
    double d;
    uint32_t low = kind == CR_STORED_F16 ? (uint32_t)p[0] | (uint32_t)p[1] << 8 : bits32(p);
    uint64_t wide;
    switch (kind) {
    case CR_STORED_F16:
        return cr_half_to_float((uint16_t)low);
    case CR_STORED_F64:
        wide = (uint64_t)bits32(p + 4) << 32 | low;
        memcpy(&d, &wide, sizeof d);
        return (float)d;
    case CR_STORED_I32:
        return (float)(int32_t)low;
    case CR_STORED_U32:
        return (float)low;
    case CR_STORED_F32:
        break;
    }
    memcpy(&f, &low, sizeof f);
    return f;
}

// Values [first, first + count) of a run, in pieces that fit the staging buffer.
static cr_status read_staged(const cr_file *file, const cr_stored_run *run, uint64_t first, uint64_t count,
                             float *out, cr_err *err)
{
    unsigned char staging[STAGING_BYTES];
    uint32_t last = run->kind == CR_STORED_F64 ? 8 : run->kind == CR_STORED_F16 ? 2 : 4;
    uint64_t per_piece = (STAGING_BYTES - last) / run->stride + 1;
    for (uint64_t i = 0; i < count; i += per_piece) {
        uint64_t n = count - i < per_piece ? count - i : per_piece;
        cr_status status = cr_file_read(file, run->offset + (first + i) * run->stride, staging,
                                        (size_t)((n - 1) * run->stride + last), err);
        if (status != CREMA_OK)
            return status;
        for (uint64_t k = 0; k < n; k++)
            out[i + k] = one(staging + k * run->stride, run->kind);
    }
    return CREMA_OK;
}

static cr_status read_run(const cr_file *file, const cr_stored_run *run, uint64_t first, uint64_t count,
                          float *out, cr_err *err)
{
    if (run->kind != CR_STORED_F32 || run->stride != sizeof(float) || swapped)
        return read_staged(file, run, first, count, out, err);
    return cr_file_read(file, run->offset + first * sizeof(float), out, (size_t)count * sizeof(float), err);
}

cr_status cr_blob_values(const cr_file *file, const cr_stored_blob *blob, int64_t first, int64_t count,
                         float *out, cr_err *err)
{
    uint64_t skip = (uint64_t)first, left = (uint64_t)count;
    cr_status status = CREMA_OK;
    for (const cr_stored_run *run = blob->runs; left > 0 && status == CREMA_OK; run++) {
        if (skip >= run->count) {
            skip -= run->count;
            continue;
        }
        uint64_t n = run->count - skip < left ? run->count - skip : left;
        status = read_run(file, run, skip, n, out, err);
        skip = 0;
        left -= n;
        out += n;
    }
    return status;
}
