/*
 * image_png.c - PNG through libpng.
 *
 * Everything becomes 8-bit gray or RGB: palettes and low depths are expanded, of 16 bits the upper 8 are kept (as
 * OpenCV does), alpha is dropped, gamma is not applied. libpng leaves its calls by longjmp on errors: what must
 * be freed afterwards lives in `work`, which stands outside the function that calls setjmp.
 */
#include "read/image.h"

#include <png.h>
#include <setjmp.h>
#include <string.h>

typedef struct work {
    const cr_image_bytes *bytes;
    size_t at; // of the next byte to read
    png_structp png;
    png_infop info;
    png_bytep *rows;
    cr_image *out;
    cr_err *err;
    char message[200];
} work;

bool cr_image_is_png(const cr_image_bytes *bytes)
{
    return bytes->size >= 8 && png_sig_cmp(bytes->data, 0, 8) == 0;
}

static void on_error(png_structp png, png_const_charp message)
{
    work *w = png_get_error_ptr(png);
    strncpy(w->message, message, sizeof w->message - 1);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png, (void)message;
}

static void read_bytes(png_structp png, png_bytep to, size_t n)
{
    work *w = png_get_io_ptr(png);
    if (n > w->bytes->size - w->at)
        png_error(png, "the file is cut short");
    memcpy(to, w->bytes->data + w->at, n);
    w->at += n;
}

static void ask_for_8_bits(work *w)
{
    png_set_expand(w->png);
    png_set_strip_16(w->png);
    png_set_strip_alpha(w->png);
    png_set_interlace_handling(w->png);
    png_read_update_info(w->png, w->info);
}

static cr_status decode(work *w)
{
    if (setjmp(png_jmpbuf(w->png)))
        return cr_image_fail(w->bytes, w->err, "is not a whole PNG picture: %s", w->message);
    png_set_read_fn(w->png, w, read_bytes);
    png_set_user_limits(w->png, CR_IMAGE_MAX_PIXELS, CR_IMAGE_MAX_PIXELS);
    png_set_chunk_malloc_max(w->png, 8 << 20);
    png_read_info(w->png, w->info);
    ask_for_8_bits(w);
    png_uint_32 height = png_get_image_height(w->png, w->info);
    // zlib packs at most 1032 bytes into one, of up to 8 pixels each.
    cr_status status = cr_image_alloc(w->bytes, png_get_image_width(w->png, w->info), height,
                                      png_get_channels(w->png, w->info), 1032 * 8, w->out, w->err);
    if (status != CREMA_OK)
        return status;
    size_t row_bytes = png_get_rowbytes(w->png, w->info);
    w->rows = cr_alloc(height * sizeof *w->rows);
    if (!w->rows)
        return cr_no_memory(w->err);
    for (size_t y = 0; y < height; y++)
        w->rows[y] = w->out->data + y * row_bytes;
    png_read_image(w->png, w->rows);
    png_read_end(w->png, NULL);
    return CREMA_OK;
}

cr_status cr_image_read_png(const cr_image_bytes *bytes, cr_image *out, cr_err *err)
{
    work w = {.bytes = bytes, .out = out, .err = err};
    w.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &w, on_error, on_warning);
    w.info = w.png ? png_create_info_struct(w.png) : NULL;
    cr_status status = w.info ? decode(&w) : cr_no_memory(err);
    png_destroy_read_struct(&w.png, &w.info, NULL);
    cr_free(w.rows);
    return status;
}
