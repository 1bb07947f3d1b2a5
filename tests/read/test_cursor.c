#include "read/cursor.h"
#include "tests/support/folder.h"
#include "tests/support/wire_writer.h"
#include "tests/test.h"

#include <string.h>

static cr_cursor cursor;

// Walks over the bytes as one message; the status of the first failure, and the number of fields before it.
static cr_status walk(const void *bytes, size_t n, int *n_fields, cr_wire_field *last, cr_err *err)
{
    cr_file file;
    ck_assert_int_eq(cr_file_open(&file, &(crema_file){.path = "w", .data = bytes, .size = n}, err),
                     CREMA_OK);
    cr_cursor_init(&cursor, &file);
    *n_fields = 0;
    while (cursor.at < n) {
        cr_status status = cr_cursor_next(&cursor, n, last, err);
        if (status != CREMA_OK)
            return status;
        ++*n_fields;
    }
    return CREMA_OK;
}

static void refuse(const char *bytes, size_t n, const char *sentence)
{
    cr_err err;
    cr_wire_field last;
    int n_fields;
    ck_assert_int_eq(walk(bytes, n, &n_fields, &last, &err), CREMA_ERR_INPUT);
    ck_assert_msg(strstr(err.message, sentence), "%s", err.message);
    ck_assert_str_eq(err.file, "w");
}

START_TEST(all_wire_types)
{
    ww w = {0};
    cr_wire_field f;
    cr_err err;
    int n;
    ww_int(&w, 1, -1);
    ck_assert_int_eq(walk(w.data, w.size, &n, &f, &err), CREMA_OK);
    ck_assert(n == 1 && f.number == 1 && f.type == CR_WIRE_VARINT && f.bits == UINT64_MAX);
    ww_float(&w, 20, 1.0f);
    ck_assert_int_eq(walk(w.data, w.size, &n, &f, &err), CREMA_OK);
    ck_assert(n == 2 && f.number == 20 && f.type == CR_WIRE_FIXED32 && f.bits == 0x3F800000);
    ww_double(&w, 8266711, 1.0);
    ck_assert_int_eq(walk(w.data, w.size, &n, &f, &err), CREMA_OK);
    ck_assert(n == 3 && f.number == 8266711 && f.bits == 0x3FF0000000000000u);
    ww_string(&w, 100, "text");
    ck_assert_int_eq(walk(w.data, w.size, &n, &f, &err), CREMA_OK);
    ck_assert(n == 4 && f.number == 100 && f.bits == 4 && f.at == w.size - 4);
    ck_assert_uint_eq(f.tag_at, w.size - 7);
    ww_string(&w, 0, "mil_param of some forks");
    ck_assert_int_eq(walk(w.data, w.size, &n, &f, &err), CREMA_OK);
    ck_assert(n == 5 && f.number == 0);
    ww_free(&w);
}
END_TEST

START_TEST(what_can_not_be_framed)
{
    refuse("\x08", 1, "the file ends within a number (byte 1)");
    refuse("\x08\x80\x80", 3, "the file ends within a number");
    refuse("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 12, "more than 10 bytes");
    refuse("\x0b", 1, "field 1 is a group");
    refuse("\x0c", 1, "field 1 is a group");
    refuse("\x0e", 1, "field 1 has wire type 6");
    refuse("\x0f", 1, "field 1 has wire type 7");
    refuse("\x00\x00", 2, "field number 0");
    refuse("\x0d\x01\x02\x03", 4, "the file ends within field 1");
    refuse("\x09\x01\x02\x03", 4, "the file ends within field 1");
    refuse("\x0a\x05"
           "abc",
           5, "field 1 has 5 bytes, but the file ends after 3 of them");
    refuse("\x80\x80\x80\x80\x80\x01\x00", 7, "4294967296 is no field number");
    refuse("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, "field 1 has 18446744073709551615 bytes");
}
END_TEST

START_TEST(errors_name_the_layer)
{
    cr_err err;
    cr_file file;
    const crema_file bytes = {.path = "w", .data = "\x12\x05xx", .size = 4};
    cr_wire_field field;
    ck_assert_int_eq(cr_file_open(&file, &bytes, &err), CREMA_OK);
    cr_cursor_init(&cursor, &file);
    cursor.layer = "conv1";
    ck_assert_int_eq(cr_cursor_next(&cursor, 3, &field, &err), CREMA_ERR_INPUT);
    ck_assert_str_eq(err.message,
                     "layer \"conv1\": field 2 has 5 bytes, but its message ends after 1 of them "
                     "(byte 0)");
    cr_cursor_init(&cursor, &file);
    cursor.layer = "";
    cursor.layer_index = 3;
    ck_assert_int_eq(cr_cursor_next(&cursor, 3, &field, &err), CREMA_ERR_INPUT);
    ck_assert_ptr_nonnull(strstr(err.message, "layer 4 (no name): "));
}
END_TEST

START_TEST(a_file_on_disk_is_read_through_the_window)
{
    ww w = {0};
    folder dir;
    folder_make(&dir);
    const char *path = folder_path(&dir, "net.caffemodel");
    static char payload[3 * CR_CURSOR_WINDOW];
    for (int i = 0; i < 3000; i++)
        ww_float(&w, 5, (float)i);
    ww_bytes(&w, 6, payload, sizeof payload);
    ww_int(&w, 7, 12345678);
    ww_save(&w, path);
    cr_file file;
    cr_err err;
    cr_wire_field f;
    ck_assert_int_eq(cr_file_open(&file, &(crema_file){.path = path}, &err), CREMA_OK);
    cr_cursor_init(&cursor, &file);
    for (int i = 0; i < 3000; i++) {
        ck_assert_int_eq(cr_cursor_next(&cursor, file.size, &f, &err), CREMA_OK);
        float value;
        uint32_t bits = (uint32_t)f.bits;
        memcpy(&value, &bits, 4);
        ck_assert(value == (float)i);
    }
    ck_assert_int_eq(cr_cursor_next(&cursor, file.size, &f, &err), CREMA_OK);
    ck_assert_uint_eq(f.bits, sizeof payload);
    ck_assert_int_eq(cr_cursor_next(&cursor, file.size, &f, &err), CREMA_OK);
    ck_assert_uint_eq(f.bits, 12345678);
    cursor.at = 5; // back to the second
    ck_assert_int_eq(cr_cursor_next(&cursor, file.size, &f, &err), CREMA_OK);
    ck_assert_uint_eq(f.bits, 0x3F800000);
    cr_file_close(&file);
    folder_remove(&dir);
    ww_free(&w);
}
END_TEST

TEST_MAIN("read/cursor", all_wire_types, what_can_not_be_framed, errors_name_the_layer,
          a_file_on_disk_is_read_through_the_window)
