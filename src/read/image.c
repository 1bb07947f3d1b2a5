/*
 * image.c - which kind of picture a file is; JPEG; gray and colour.
 *
 * JPEG goes through libturbojpeg, with its accurate DCT and smooth chroma upsampling, the defaults of OpenCV.
 * CMYK files (Adobe writes them inverted) become RGB as OpenCV does it.
 * libjpeg only warns where data is missing or damaged and fills in gray: here that is an error. Bytes that do
 * not belong to the picture, which some cameras write between its parts, are not.
 */
#include "read/image.h"

#include "read/sniff.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <turbojpeg.h>

#define MAX_FILE ((uint64_t)1 << 30)

cr_status cr_image_fail(const cr_image_bytes *bytes, cr_err *err, const char *fmt, ...)
{
    char text[400];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return cr_fail(err, CREMA_ERR_INPUT, &(cr_pos){bytes->name, 0, 0}, "%s", text);
}

cr_status cr_image_alloc(const cr_image_bytes *bytes, int64_t width, int64_t height, int channels,
                         int64_t pixels_per_byte, cr_image *out, cr_err *err)
{
    if (width < 1 || height < 1)
        return cr_image_fail(bytes, err, "the picture is empty (%lldx%lld)", (long long)width,
                             (long long)height);
    if (width > CR_IMAGE_MAX_PIXELS || height > CR_IMAGE_MAX_PIXELS || width * height > CR_IMAGE_MAX_PIXELS)
        return cr_image_fail(bytes, err, "the picture says it has %lldx%lld pixels; at most 2^28 are read",
                             (long long)width, (long long)height);
    if (width * height / pixels_per_byte > (int64_t)bytes->size)
        return cr_image_fail(bytes, err, "the picture says it has %lldx%lld pixels, too many for %zu bytes",
                             (long long)width, (long long)height, bytes->size);
    out->data = cr_alloc((size_t)(width * height * channels));
    if (!out->data)
        return cr_no_memory(err);
    out->width = (int)width;
    out->height = (int)height;
    out->channels = channels;
    return CREMA_OK;
}

void cr_image_free(cr_image *image)
{
    cr_free(image->data);
    image->data = NULL;
}

// c, m, y, k are stored inverted: 255 is no ink. In place, 4 bytes to 3.
static void cmyk_to_rgb(unsigned char *data, size_t pixels)
{
    for (size_t i = 0; i < pixels; i++)
        for (size_t c = 0; c < 3; c++)
            data[3 * i + c] = (unsigned char)(data[4 * i + c] * data[4 * i + 3] / 255);
}

static cr_status jpeg_failed(const cr_image_bytes *bytes, tjhandle jpeg, cr_err *err)
{
    return cr_image_fail(bytes, err, "is not a whole JPEG picture: %s", tjGetErrorStr2(jpeg));
}

static cr_status decode_jpeg(const cr_image_bytes *bytes, tjhandle jpeg, cr_image *out, cr_err *err)
{
    int width = 0, height = 0, subsampling = 0, space = -1; // left alone where the header can't be read
    if (tjDecompressHeader3(jpeg, bytes->data, bytes->size, &width, &height, &subsampling, &space) != 0 &&
        (width < 1 || height < 1 || space < 0))
        return jpeg_failed(bytes, jpeg, err);
    bool cmyk = space == TJCS_CMYK || space == TJCS_YCCK;
    int format = cmyk ? TJPF_CMYK : space == TJCS_GRAY ? TJPF_GRAY : TJPF_RGB;
    // Each 8x8 block takes at least a bit, in a component that is subsampled by at most 4x4.
    cr_status status = cr_image_alloc(bytes, width, height, tjPixelSize[format], 8 * 64 * 16, out, err);
    if (status != CREMA_OK)
        return status;
    if (tjDecompress2(jpeg, bytes->data, bytes->size, out->data, width, 0, height, format,
                      TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS) != 0 &&
        !strstr(tjGetErrorStr2(jpeg), "extraneous bytes"))
        return jpeg_failed(bytes, jpeg, err);
    if (cmyk) {
        cmyk_to_rgb(out->data, (size_t)width * (size_t)height);
        out->channels = 3;
    }
    return CREMA_OK;
}

static cr_status read_jpeg(const cr_image_bytes *bytes, cr_image *out, cr_err *err)
{
    tjhandle jpeg = tjInitDecompress();
    if (!jpeg)
        return cr_no_memory(err);
    cr_status status = decode_jpeg(bytes, jpeg, out, err);
    tjDestroy(jpeg);
    return status;
}

// Says what the file is instead of a picture that we read.
static cr_status foreign(const cr_file *file, const cr_image_bytes *bytes, cr_err *err)
{
    static const struct {
        const char *start, *what;
    } pictures[] = {{"RIFF", "is a WebP image"},
                    {"BM", "is a BMP image"},
                    {"II*", "is a TIFF image"},
                    {"MM", "is a TIFF image"}};
    cr_sniff sniff;
    cr_status status = cr_sniff_file(file, &sniff, err);
    if (status != CREMA_OK)
        return status;
    const char *what = sniff.sentence;
    for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++)
        if (strncmp((const char *)bytes->data, pictures[i].start, strlen(pictures[i].start)) == 0)
            what = pictures[i].what;
    return cr_image_fail(bytes, err, "%s; pictures may be JPEG, PNG or PNM", what);
}

cr_status cr_image_read(const cr_file *file, cr_image *out, cr_err *err)
{
    memset(out, 0, sizeof *out);
    unsigned char *data;
    cr_image_bytes bytes = {.name = file->name};
    cr_status status = cr_file_load(file, MAX_FILE, &data, &bytes.size, err);
    if (status != CREMA_OK)
        return status;
    bytes.data = data;
    if (bytes.size >= 3 && memcmp(data, "\xff\xd8\xff", 3) == 0)
        status = read_jpeg(&bytes, out, err);
    else if (cr_image_is_png(&bytes))
        status = cr_image_read_png(&bytes, out, err);
    else if (cr_image_is_pnm(&bytes))
        status = cr_image_read_pnm(&bytes, out, err);
    else
        status = foreign(file, &bytes, err);
    if (status != CREMA_OK)
        cr_image_free(out);
    cr_free(data);
    return status;
}

static void to_gray(unsigned char *data, size_t pixels)
{
    for (size_t i = 0; i < pixels; i++) { // OpenCV's factors, scaled by 2^15
        unsigned sum = 9798u * data[3 * i] + 19235u * data[3 * i + 1] + 3735u * data[3 * i + 2];
        data[i] = (unsigned char)((sum + (1u << 14)) >> 15);
    }
}

cr_status cr_image_convert(cr_image *image, int channels, cr_err *err)
{
    size_t pixels = (size_t)image->width * (size_t)image->height;
    if (image->channels == 3 && channels == 1)
        to_gray(image->data, pixels);
    if (image->channels == 1 && channels == 3) {
        unsigned char *wide = cr_alloc(pixels * 3);
        if (!wide)
            return cr_no_memory(err);
        for (size_t i = 0; i < pixels; i++)
            memset(wide + 3 * i, image->data[i], 3);
        cr_free(image->data);
        image->data = wide;
    }
    image->channels = channels;
    return CREMA_OK;
}
