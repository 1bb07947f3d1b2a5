/*
 * image.h - pictures (JPEG, PNG, PNM) as 8-bit gray or RGB, chosen by content and not by suffix.
 *
 * Alpha is dropped, palettes are resolved, more than 8 bits are cut to 8. As OpenCV's imread does, and so as
 * what Caffe's tools saw, but for one thing: a rotation noted in EXIF data is not applied.
 * Pictures are hostile: at most CR_IMAGE_MAX_PIXELS, never more than the file's bytes can hold, and a file that
 * ends too early is an error, not a picture with a gray end.
 */
#ifndef CR_READ_IMAGE_H
#define CR_READ_IMAGE_H

#include "base/file.h"

#define CR_IMAGE_MAX_PIXELS ((int64_t)1 << 28)

typedef struct cr_image {
    int width, height;
    int channels;        // 1: gray, 3: RGB
    unsigned char *data; // (height, width, channels)
} cr_image;

cr_status cr_image_read(const cr_file *file, cr_image *out, cr_err *err);
void cr_image_free(cr_image *image);

// To gray (0.299 R + 0.587 G + 0.114 B, rounded, as OpenCV's cvtColor), or gray to RGB by repetition.
cr_status cr_image_convert(cr_image *image, int channels, cr_err *err);

// ---- between the files of this reader ----

// The file's bytes. name: for messages.
typedef struct cr_image_bytes {
    const char *name;
    const unsigned char *data;
    size_t size;
} cr_image_bytes;

cr_status cr_image_fail(const cr_image_bytes *bytes, cr_err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
// Checks a size that a file claims, and takes the memory. pixels_per_byte: how many the format can pack at most.
cr_status cr_image_alloc(const cr_image_bytes *bytes, int64_t width, int64_t height, int channels,
                         int64_t pixels_per_byte, cr_image *out, cr_err *err);
bool cr_image_is_png(const cr_image_bytes *bytes);
bool cr_image_is_pnm(const cr_image_bytes *bytes);
cr_status cr_image_read_png(const cr_image_bytes *bytes, cr_image *out, cr_err *err);
cr_status cr_image_read_pnm(const cr_image_bytes *bytes, cr_image *out, cr_err *err);

#endif
