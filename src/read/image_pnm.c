/*
 * image_pnm.c - PNM: P1 to P3 in text, P4 to P6 in binary; bitmap, gray and colour.
 *
 * The header is magic, width, height and (but for bitmaps) the largest value, between spaces and comments; one
 * space stands before binary values. Values are scaled from 0..max to 0..255 and rounded; max may be up to 65535,
 * with two big-endian bytes a value above 255. In a bitmap 1 is black, and its text needs no spaces.
 * turbojpeg can read these files too, but only by path and only some.
 */
#include "read/image.h"

typedef struct pnm {
    const cr_image_bytes *bytes;
    size_t at;
    int64_t max; // of a value; 1 for bitmaps
} pnm;

bool cr_image_is_pnm(const cr_image_bytes *bytes)
{
    return bytes->size >= 3 && bytes->data[0] == 'P' && bytes->data[1] >= '1' && bytes->data[1] <= '6' &&
           (bytes->data[2] == '#' || bytes->data[2] == ' ' ||
            (bytes->data[2] >= '\t' && bytes->data[2] <= '\r'));
}

static int peek(const pnm *p)
{
    return p->at < p->bytes->size ? p->bytes->data[p->at] : -1;
}

static bool is_space(int c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_space(pnm *p)
{
    while (is_space(peek(p)) || peek(p) == '#') {
        if (peek(p) == '#')
            while (peek(p) >= 0 && peek(p) != '\n')
                p->at++;
        else
            p->at++;
    }
}

// A decimal number up to limit; -1 when there is none.
static int64_t take_number(pnm *p, int64_t limit)
{
    skip_space(p);
    if (peek(p) < '0' || peek(p) > '9')
        return -1;
    int64_t n = 0;
    for (; peek(p) >= '0' && peek(p) <= '9'; p->at++) {
        n = n * 10 + (peek(p) - '0');
        if (n > limit)
            return -1;
    }
    return n;
}

static unsigned char scaled(const pnm *p, int64_t value)
{
    return (unsigned char)((value * 255 + p->max / 2) / p->max);
}

static cr_status read_text(pnm *p, bool bitmap, cr_image *out, size_t n_values, cr_err *err)
{
    for (size_t i = 0; i < n_values; i++) {
        int64_t value = -1;
        if (bitmap) {
            skip_space(p);
            if (peek(p) == '0' || peek(p) == '1')
                value = '1' - p->bytes->data[p->at++];
        } else {
            value = take_number(p, p->max);
        }
        if (value < 0)
            return cr_image_fail(p->bytes, err,
                                 p->at < p->bytes->size ? "the PNM picture has a wrong value at byte %zu"
                                                        : "the PNM picture is cut short at byte %zu",
                                 p->at);
        out->data[i] = scaled(p, value);
    }
    return CREMA_OK;
}

static void read_bits(const pnm *p, cr_image *out)
{
    size_t width = (size_t)out->width, row_bytes = (width + 7) / 8;
    for (size_t y = 0; y < (size_t)out->height; y++)
        for (size_t x = 0; x < width; x++) {
            int byte = p->bytes->data[p->at + y * row_bytes + x / 8];
            out->data[y * width + x] = byte >> (7 - x % 8) & 1 ? 0 : 255;
        }
}

static cr_status read_binary(const pnm *p, cr_image *out, size_t n_values, cr_err *err)
{
    const unsigned char *from = p->bytes->data + p->at;
    for (size_t i = 0; i < n_values; i++) {
        int64_t value = p->max > 255 ? from[2 * i] << 8 | from[2 * i + 1] : from[i];
        if (value > p->max)
            return cr_image_fail(p->bytes, err,
                                 "the PNM picture has the value %d, larger than its maximum %d", (int)value,
                                 (int)p->max);
        out->data[i] = scaled(p, value);
    }
    return CREMA_OK;
}

cr_status cr_image_read_pnm(const cr_image_bytes *bytes, cr_image *out, cr_err *err)
{
    pnm p = {.bytes = bytes, .at = 2, .max = 1};
    int kind = bytes->data[1] - '0';
    bool text = kind <= 3, bitmap = kind % 3 == 1;
    int channels = kind % 3 == 0 ? 3 : 1;
    int64_t width = take_number(&p, INT32_MAX), height = take_number(&p, INT32_MAX);
    if (!bitmap)
        p.max = take_number(&p, 65535);
    if (width < 0 || height < 0 || p.max < 1 || (!text && !is_space(peek(&p))))
        return cr_image_fail(bytes, err, "the PNM picture has a wrong header (byte %zu)", p.at);
    if (!text)
        p.at++;
    // A picture has at most 8 pixels a byte: what is too large for the file is refused before the exact check.
    cr_status status = cr_image_alloc(bytes, width, height, channels, 8, out, err);
    if (status != CREMA_OK)
        return status;
    size_t n_values = (size_t)(width * height * channels);
    if (text)
        return read_text(&p, bitmap, out, n_values, err);
    size_t need = bitmap ? (size_t)((width + 7) / 8 * height) : n_values * (p.max > 255 ? 2 : 1);
    if (need > bytes->size - p.at)
        return cr_image_fail(bytes, err, "the PNM picture is cut short: %zu bytes of values are missing",
                             need - (bytes->size - p.at));
    if (!bitmap)
        return read_binary(&p, out, n_values, err);
    read_bits(&p, out);
    return CREMA_OK;
}
