#include "read/image.h"
#include "tests/test.h"

#include <png.h>
#include <stdio.h>
#include <string.h>
#include <turbojpeg.h>

typedef struct bytes {
    unsigned char *data;
    size_t size;
} bytes;

static cr_file file_of(const void *data, size_t size)
{
    return (cr_file){.name = "a.pic", .data = data, .size = size, .fd = -1};
}

#define LITERAL(text) file_of(text, sizeof(text) - 1)

static cr_image read_ok(cr_file file)
{
    cr_image image;
    cr_err err;
    ck_assert_msg(cr_image_read(&file, &image, &err) == CREMA_OK, "%s", err.message);
    return image;
}

static void expect(cr_file file, int width, int height, int channels, const void *pixels)
{
    cr_image image = read_ok(file);
    ck_assert_int_eq(image.width, width);
    ck_assert_int_eq(image.height, height);
    ck_assert_int_eq(image.channels, channels);
    ck_assert_mem_eq(image.data, pixels, (size_t)(width * height * channels));
    cr_image_free(&image);
}

static void expect_error(cr_file file, const char *text)
{
    cr_image image;
    cr_err err;
    ck_assert_int_eq(cr_image_read(&file, &image, &err), CREMA_ERR_INPUT);
    ck_assert_ptr_null(image.data);
    ck_assert_str_eq(err.file, "a.pic");
    ck_assert_msg(strstr(err.message, text) != NULL, "\"%s\" is not in \"%s\"", text, err.message);
}

// Every truncation of a file of our own memory is an error (or, if `end` bytes at most are missing, is read).
static void expect_truncations_fail(bytes b, size_t end)
{
    for (size_t n = 0; n < b.size; n++) {
        unsigned char *copy = cr_alloc(n + 1);
        memcpy(copy, b.data, n);
        cr_file file = file_of(copy, n);
        cr_image image;
        cr_status status = cr_image_read(&file, &image, NULL);
        ck_assert(status == CREMA_ERR_INPUT || n + end >= b.size);
        cr_image_free(&image);
        cr_free(copy);
    }
}

// ---- PNG ----

static void append(png_structp png, png_bytep data, size_t n)
{
    bytes *b = png_get_io_ptr(png);
    b->data = cr_realloc(b->data, b->size + n);
    memcpy(b->data + b->size, data, n);
    b->size += n;
}

static void no_flush(png_structp png)
{
    (void)png;
}

typedef struct png_spec {
    int width, height, depth, type, interlace;
    const unsigned char *rows; // packed as PNG wants
    size_t row_bytes;
    int transparent; // a tRNS chunk too
} png_spec;

static bytes make_png(png_spec s)
{
    bytes b = {0};
    png_color palette[2] = {{10, 20, 30}, {200, 210, 220}};
    png_byte alpha[1] = {0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(png, &b, append, no_flush);
    png_set_IHDR(png, info, (png_uint_32)s.width, (png_uint_32)s.height, s.depth, s.type, s.interlace,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (s.type == PNG_COLOR_TYPE_PALETTE)
        png_set_PLTE(png, info, palette, 2);
    if (s.transparent)
        png_set_tRNS(png, info, alpha, 1, &(png_color_16){.gray = 7});
    png_write_info(png, info);
    int passes = png_set_interlace_handling(png);
    for (int pass = 0; pass < passes; pass++)
        for (int y = 0; y < s.height; y++)
            png_write_row(png, s.rows + (size_t)y * s.row_bytes);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return b;
}

static void expect_png(png_spec s, int channels, const void *pixels)
{
    bytes b = make_png(s);
    expect(file_of(b.data, b.size), s.width, s.height, channels, pixels);
    cr_free(b.data);
}

#define ROWS(...) ((const unsigned char[]){__VA_ARGS__})

START_TEST(png_of_every_kind)
{
    expect_png((png_spec){2, 1, 8, PNG_COLOR_TYPE_RGB, 0, ROWS(1, 2, 3, 4, 5, 6), 6, 0}, 3,
               ROWS(1, 2, 3, 4, 5, 6));
    expect_png((png_spec){1, 1, 8, PNG_COLOR_TYPE_RGB_ALPHA, 0, ROWS(1, 2, 3, 9), 4, 0}, 3, ROWS(1, 2, 3));
    expect_png((png_spec){2, 2, 8, PNG_COLOR_TYPE_GRAY, 0, ROWS(1, 2, 3, 4), 2, 0}, 1, ROWS(1, 2, 3, 4));
    expect_png((png_spec){2, 1, 8, PNG_COLOR_TYPE_GRAY, 0, ROWS(7, 8), 2, 1}, 1, ROWS(7, 8));
    expect_png((png_spec){2, 1, 8, PNG_COLOR_TYPE_GRAY_ALPHA, 0, ROWS(5, 0, 6, 255), 4, 0}, 1, ROWS(5, 6));
    expect_png((png_spec){1, 1, 16, PNG_COLOR_TYPE_RGB, 0, ROWS(1, 255, 2, 0, 3, 128), 6, 0}, 3,
               ROWS(1, 2, 3));
    expect_png((png_spec){3, 1, 1, PNG_COLOR_TYPE_GRAY, 0, ROWS(0xA0), 1, 0}, 1, ROWS(255, 0, 255));
    expect_png((png_spec){2, 1, 8, PNG_COLOR_TYPE_PALETTE, 0, ROWS(1, 0), 2, 0}, 3,
               ROWS(200, 210, 220, 10, 20, 30));
    expect_png((png_spec){2, 1, 8, PNG_COLOR_TYPE_PALETTE, 0, ROWS(1, 0), 2, 1}, 3,
               ROWS(200, 210, 220, 10, 20, 30));
    unsigned char many[81];
    for (int i = 0; i < 81; i++)
        many[i] = (unsigned char)(i * 3);
    expect_png((png_spec){9, 9, 8, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_ADAM7, many, 9, 0}, 1, many);
}
END_TEST

START_TEST(broken_png)
{
    bytes b = make_png((png_spec){3, 2, 8, PNG_COLOR_TYPE_GRAY, 0, ROWS(1, 2, 3, 4, 5, 6), 3, 0});
    expect_truncations_fail(b, 0);
    b.data[45] ^= 1; // inside IDAT
    expect_error(file_of(b.data, b.size), "is not a whole PNG picture: ");
    cr_free(b.data);
}
END_TEST

// Sets the size in IHDR, and its checksum.
static void claim_png_size(bytes b, uint32_t width, uint32_t height)
{
    for (int i = 0; i < 4; i++) {
        b.data[16 + i] = (unsigned char)(width >> (24 - 8 * i));
        b.data[20 + i] = (unsigned char)(height >> (24 - 8 * i));
    }
    uint32_t crc = 0xffffffffu;
    for (int i = 12; i < 29; i++) {
        crc ^= b.data[i];
        for (int k = 0; k < 8; k++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    crc = ~crc;
    for (int i = 0; i < 4; i++)
        b.data[29 + i] = (unsigned char)(crc >> (24 - 8 * i));
}

START_TEST(claims_of_a_png_are_checked)
{
    bytes b = make_png((png_spec){3, 2, 8, PNG_COLOR_TYPE_GRAY, 0, ROWS(1, 2, 3, 4, 5, 6), 3, 0});
    claim_png_size(b, 100000, 100000);
    expect_error(file_of(b.data, b.size), "100000x100000 pixels; at most 2^28");
    claim_png_size(b, 10000, 10000);
    expect_error(file_of(b.data, b.size), "10000x10000 pixels, too many for");
    claim_png_size(b, 0, 1);
    expect_error(file_of(b.data, b.size), "is not a whole PNG picture: ");
    cr_free(b.data);
}
END_TEST

// ---- JPEG ----

static bytes make_jpeg(const unsigned char *pixels, int width, int height, int format, int subsampling)
{
    tjhandle jpeg = tjInitCompress();
    unsigned char *out = NULL;
    unsigned long size = 0;
    ck_assert_int_eq(tjCompress2(jpeg, pixels, width, 0, height, format, &out, &size, subsampling, 100,
                                 TJFLAG_ACCURATEDCT),
                     0);
    bytes b = {cr_alloc(size), size};
    memcpy(b.data, out, size);
    tjFree(out);
    tjDestroy(jpeg);
    return b;
}

static void expect_near(const unsigned char *got, const unsigned char *expected, int n, int error)
{
    for (int i = 0; i < n; i++)
        ck_assert_msg(abs(got[i] - expected[i]) <= error, "%d is not %d", got[i], expected[i]);
}

static unsigned char ramp[16 * 8 * 4];

static void fill_ramp(int channels)
{
    for (int i = 0; i < 16 * 8; i++)
        for (int c = 0; c < channels; c++)
            ramp[channels * i + c] = (unsigned char)(20 + 50 * c + i % 16);
}

START_TEST(jpeg_colour_and_gray)
{
    fill_ramp(3);
    bytes b = make_jpeg(ramp, 16, 8, TJPF_RGB, TJSAMP_444);
    cr_image image = read_ok(file_of(b.data, b.size));
    ck_assert_int_eq(image.channels, 3);
    ck_assert_int_eq(image.width, 16);
    ck_assert_int_eq(image.height, 8);
    expect_near(image.data, ramp, 16 * 8 * 3, 3);
    cr_image_free(&image);
    cr_free(b.data);

    fill_ramp(1);
    b = make_jpeg(ramp, 16, 8, TJPF_GRAY, TJSAMP_GRAY);
    image = read_ok(file_of(b.data, b.size));
    ck_assert_int_eq(image.channels, 1);
    expect_near(image.data, ramp, 16 * 8, 2);
    cr_image_free(&image);
    cr_free(b.data);
}
END_TEST

START_TEST(jpeg_cmyk)
{
    fill_ramp(4);
    bytes b = make_jpeg(ramp, 16, 8, TJPF_CMYK, TJSAMP_444);
    cr_image image = read_ok(file_of(b.data, b.size));
    ck_assert_int_eq(image.channels, 3);
    unsigned char expected[16 * 8 * 3];
    for (int i = 0; i < 16 * 8; i++)
        for (int c = 0; c < 3; c++)
            expected[3 * i + c] = (unsigned char)(ramp[4 * i + c] * ramp[4 * i + 3] / 255);
    expect_near(image.data, expected, 16 * 8 * 3, 4);
    cr_image_free(&image);
    cr_free(b.data);
}
END_TEST

START_TEST(broken_jpeg)
{
    fill_ramp(3);
    bytes b = make_jpeg(ramp, 16, 8, TJPF_RGB, TJSAMP_420);
    // Without its last bytes the picture is still whole: they say that it ends.
    expect_truncations_fail(b, 3);
    expect_error(file_of(b.data, b.size - 30), "is not a whole JPEG picture: ");
    for (size_t i = 0; i + 9 < b.size; i++)
        if (b.data[i] == 0xff && b.data[i + 1] == 0xc0) { // the frame's size
            memcpy(b.data + i + 5, "\xff\0\xff\0", 4);
            expect_error(file_of(b.data, b.size), "65280x65280 pixels; at most 2^28");
            memcpy(b.data + i + 5, "\x3f\xff\x3f\xff", 4);
            expect_error(file_of(b.data, b.size), "16383x16383 pixels, too many for");
        }
    cr_free(b.data);
}
END_TEST

START_TEST(bytes_behind_a_jpeg_do_no_harm)
{
    fill_ramp(3);
    bytes b = make_jpeg(ramp, 16, 8, TJPF_RGB, TJSAMP_444);
    b.data = cr_realloc(b.data, b.size + 100);
    memset(b.data + b.size, 'x', 100);
    cr_image image = read_ok(file_of(b.data, b.size + 100));
    cr_image_free(&image);
    // In front of the last marker, as some cameras write them.
    memmove(b.data + b.size + 3, b.data + b.size - 2, 2);
    memset(b.data + b.size - 2, 0x11, 5);
    image = read_ok(file_of(b.data, b.size + 5));
    cr_image_free(&image);
    cr_free(b.data);
}
END_TEST

// ---- PNM ----

START_TEST(pnm_of_every_kind)
{
    expect(LITERAL("P1 3 2 101\n0 1 0"), 3, 2, 1, ROWS(0, 255, 0, 255, 0, 255));
    expect(LITERAL("P2\n# a comment\n2 2 # more\n100\n0 50\n100 1"), 2, 2, 1, ROWS(0, 128, 255, 3));
    expect(LITERAL("P3 1 1 255 1 2 3"), 1, 1, 3, ROWS(1, 2, 3));
    expect(LITERAL("P4 9 2\n\xAA\x80\x00\x00"), 9, 2, 1,
           ROWS(0, 255, 0, 255, 0, 255, 0, 255, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255));
    expect(LITERAL("P5 2 1 255 \x0a\x20"), 2, 1, 1, ROWS(10, 32)); // the first value looks like a space
    expect(LITERAL("P5 2 1 65535\n\xff\xff\x80\x00"), 2, 1, 1, ROWS(255, 128));
    expect(LITERAL("P6 1 2 255\nabcdef"), 1, 2, 3, "abcdef");
    expect(LITERAL("P5#c\n1 1 255\nx and more"), 1, 1, 1, "x");
}
END_TEST

START_TEST(broken_pnm)
{
    expect_error(LITERAL("P6 2 2 255\n0123456789"), "cut short: 2 bytes of values are missing");
    expect_error(LITERAL("P4 9 2\n123"), "cut short: 1 bytes");
    expect_error(LITERAL("P5 1 1 65535\n1"), "cut short: 1 bytes");
    expect_error(LITERAL("P2 2 1 255 7"), "cut short at byte 12");
    expect_error(LITERAL("P1 2 1 02"), "wrong value at byte 8");
    expect_error(LITERAL("P2 1 1 10 11"), "wrong value");
    expect_error(LITERAL("P5 1 1 10\n\x0b"), "has the value 11, larger than its maximum 10");
    expect_error(LITERAL("P5 1 1 0\n1"), "wrong header");
    expect_error(LITERAL("P5 1 1 65536\n11"), "wrong header");
    expect_error(LITERAL("P5 1 -1 255\n1"), "wrong header");
    expect_error(LITERAL("P5 1 99999999999999999999 255\n1"), "wrong header");
    expect_error(LITERAL("P5 1 1 255"), "wrong header");
    expect_error(LITERAL("P5 # no end"), "wrong header");
    expect_error(LITERAL("P5 0 1 255\n1"), "empty (0x1)");
    expect_error(LITERAL("P5 2147483647 2147483647 255\n1"), "at most 2^28");
    expect_error(LITERAL("P4 16384 16384\n1"), "too many for 16 bytes");
}
END_TEST

START_TEST(other_files_are_named)
{
    expect_error(LITERAL("GIF89a"), "is a GIF image; pictures may be JPEG, PNG or PNM");
    expect_error(LITERAL("RIFF1234WEBP"), "is a WebP image; ");
    expect_error(LITERAL("<!DOCTYPE html>"), "is an HTML page");
    expect_error(LITERAL("P7 ..."), "is text; ");
    expect_error(LITERAL("\x01\x02\x03"), "is in no known format; ");
    expect_error(LITERAL(""), "; pictures may be JPEG, PNG or PNM");
}
END_TEST

START_TEST(gray_and_colour)
{
    cr_image image = read_ok(LITERAL("P3 4 1 255 255 0 0  0 255 0  0 0 255  200 100 50"));
    ck_assert_int_eq(cr_image_convert(&image, 1, NULL), CREMA_OK);
    ck_assert_int_eq(image.channels, 1);
    ck_assert_mem_eq(image.data, ROWS(76, 150, 29, 124), 4); // cv2.cvtColor(COLOR_RGB2GRAY)
    ck_assert_int_eq(cr_image_convert(&image, 3, NULL), CREMA_OK);
    ck_assert_int_eq(image.channels, 3);
    ck_assert_mem_eq(image.data, ROWS(76, 76, 76, 150, 150, 150), 6);
    cr_image_free(&image);
}
END_TEST

#ifdef CR_TEST_ALLOC
START_TEST(out_of_memory_is_reported)
{
    bytes b = make_png((png_spec){2, 2, 8, PNG_COLOR_TYPE_GRAY, 0, ROWS(1, 2, 3, 4), 2, 0});
    for (int n = 0; n < 3; n++) {
        cr_file file = file_of(b.data, b.size);
        cr_image image;
        cr_test_fail_alloc(n);
        cr_status status = cr_image_read(&file, &image, NULL);
        cr_test_fail_alloc(-1);
        ck_assert_int_eq(status, CREMA_ERR_MEMORY);
        ck_assert_ptr_null(image.data);
    }
    cr_free(b.data);
}
END_TEST
#endif

TEST_MAIN("read/image", png_of_every_kind, broken_png, claims_of_a_png_are_checked, jpeg_colour_and_gray,
          jpeg_cmyk, broken_jpeg, bytes_behind_a_jpeg_do_no_harm, pnm_of_every_kind, broken_pnm,
          other_files_are_named, gray_and_colour TEST_ALLOC(out_of_memory_is_reported))
