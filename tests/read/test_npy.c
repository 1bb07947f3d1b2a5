// The embedded files were written by NumPy 1.24.
#include "read/npy.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

static const char f2_c[] =
    "\x93NUMPY\x01\x00v\x00{'descr': '<f2', 'fortran_order': False, 'shape': (2, 3), }     "
    "                                                     \n\x00"
    "8\x00\xc0\xff{\x01\x00\x00"
    "|\x00~";
static const char f8_big_fortran[] =
    "\x93NUMPY\x01\x00v\x00{'descr': '>f8', 'fortran_order': True, 'shape': (1, 2, 3), }   "
    "                                                     \n\x00\x00\x00\x00\x00\x00\x00\x00"
    "@\x12\x00\x00\x00\x00\x00\x00?\xf8\x00\x00\x00\x00\x00\x00@\x18\x00\x00\x00\x00\x00\x00"
    "@\x08\x00\x00\x00\x00\x00\x00@\x1e\x00\x00\x00\x00\x00\x00";
static const char i2_big[] =
    "\x93NUMPY\x01\x00v\x00{'descr': '>i2', 'fortran_order': False, 'shape': (3,), }       "
    "                                                     \n\x80\x00\xff\xff\x01\x02";
static const char bools[] =
    "\x93NUMPY\x01\x00v\x00{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }       "
    "                                                     \n\x01\x00\x01";
static const char scalar[] =
    "\x93NUMPY\x01\x00v\x00{'descr': '<i8', 'fortran_order': False, 'shape': (), }         "
    "                                                     \n\xf9\xff\xff\xff\xff\xff\xff\xff";
static const char u4_one[] =
    "\x93NUMPY\x01\x00v\x00{'descr': '<u4', 'fortran_order': False, 'shape': (1,), }       "
    "                                                     \n\xff\xff\xff\xff";
static const char objects[] =
    "\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,), }        "
    "                                                     \n\x80\x03"
    "cnumpy.core.multiarra"
    "y\n_reconstruct\nq\x00"
    "cnumpy\nndarray\nq\x01K\x00\x85q\x02"
    "C\x01"
    "bq\x03\x87q\x04Rq"
    "\x05(K\x01K\x01\x85q\x06"
    "cnumpy\ndtype\nq\x07X\x02\x00\x00\x00O8q\x08\x89\x88\x87q\x09"
    "Rq\n(K\x03X\x01\x00\x00\x00|q\x0bNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?tq\x0c"
    "b\x89]"
    "q\x0dNatq\x0e"
    "b.";
static const char records[] =
    "\x93NUMPY\x01\x00v\x00{'descr': [('a', '<f4'), ('b', '<i4')], 'fortran_order': False, "
    "'shape': (1,), }                                     \n\x00\x00\x00\x00\x00\x00\x00\x00";
static const char version_2[] =
    "\x93NUMPY\x02\x00t\x00\x00\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2,), "
    "}                                                          \n\x00\x00\x80?\x00\x00\x00"
    "@";

// The bytes of a literal as a file; the literal's own 0 byte does not count.
#define FILE_OF(bytes)                                                                               \
    (cr_file)                                                                                        \
    {                                                                                                \
        .name = "a.npy", .data = (const unsigned char *)(bytes), .size = sizeof(bytes) - 1, .fd = -1 \
    }

static void expect(cr_file file, cr_shape shape, const float *values)
{
    cr_shape got;
    float *data;
    cr_err err;
    ck_assert_msg(cr_npy_read(&file, &got, &data, &err) == CREMA_OK, "%s", err.message);
    ck_assert(cr_shape_equal(&got, &shape));
    for (int64_t i = 0; i < cr_shape_count(&shape); i++)
        ck_assert_msg(data[i] == values[i] || (isnan(data[i]) && isnan(values[i])), "value %d is %g, not %g",
                      (int)i, (double)data[i], (double)values[i]);
    cr_free(data);
}

static void expect_error(cr_file file, const char *text)
{
    cr_shape shape;
    float *data;
    cr_err err;
    ck_assert_int_eq(cr_npy_read(&file, &shape, &data, &err), CREMA_ERR_INPUT);
    ck_assert_ptr_null(data);
    ck_assert_str_eq(err.file, "a.npy");
    ck_assert_msg(strstr(err.message, text) != NULL, "\"%s\" is not in \"%s\"", text, err.message);
}

// A version 1 file with this header and 0 bytes as values.
static void expect_header_error(const char *header, size_t value_bytes, const char *text)
{
    unsigned char bytes[1024] = "\x93NUMPY\x01";
    size_t n = strlen(header);
    bytes[8] = (unsigned char)(n & 255);
    bytes[9] = (unsigned char)(n >> 8);
    memcpy(bytes + 10, header, n);
    cr_file file = {.name = "a.npy", .data = bytes, .size = 10 + n + value_bytes, .fd = -1};
    if (text)
        expect_error(file, text);
    else
        expect(file, (cr_shape){2, {1, 1}}, (float[]){0});
}

START_TEST(types_and_orders)
{
    expect(FILE_OF(f2_c), (cr_shape){2, {2, 3}}, (float[]){0.5f, -2, 65504, 0x1p-24f, INFINITY, NAN});
    expect(FILE_OF(f8_big_fortran), (cr_shape){3, {1, 2, 3}}, (float[]){0, 1.5f, 3, 4.5f, 6, 7.5f});
    expect(FILE_OF(i2_big), (cr_shape){1, {3}}, (float[]){-32768, -1, 258});
    expect(FILE_OF(bools), (cr_shape){1, {3}}, (float[]){1, 0, 1});
    expect(FILE_OF(scalar), (cr_shape){0, {0}}, (float[]){-7});
    expect(FILE_OF(u4_one), (cr_shape){1, {1}}, (float[]){4294967296.f});
    expect(FILE_OF(version_2), (cr_shape){1, {2}}, (float[]){1, 2});
}
END_TEST

START_TEST(foreign_contents_are_named)
{
    expect_error(FILE_OF(objects), "Python objects");
    expect_error(FILE_OF(records), "records");
    expect_error(FILE_OF("\x89PNG not numpy"), "not a .npy file");
    expect_error(FILE_OF(""), "not a .npy file");
    expect_error(FILE_OF("\x93NUMPY\x04\0\x10\0{}          "), "version 4.0");
    expect_header_error("{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}", 8, "type '<c8'");
    expect_header_error("{'descr': '<U1', 'fortran_order': False, 'shape': (1,)}", 4, "type '<U1'");
    expect_header_error("{'descr': '|f4', 'fortran_order': False, 'shape': (1,)}", 4, "no byte order");
    expect_header_error("{'descr': '', 'fortran_order': False, 'shape': (1,)}", 4, "type ''");
}
END_TEST

START_TEST(headers_may_be_spaced_and_ordered_freely)
{
    expect_header_error("{\"shape\":(1,1),'descr':'<f4','fortran_order':True}", 4, NULL);
    expect_header_error(" { 'fortran_order' : False , 'shape' : ( 1L , 1L , ) , 'descr' : '<f4' , } \n", 4,
                        NULL);
}
END_TEST

START_TEST(wrong_headers_are_errors)
{
    expect_header_error("", 4, "not a Python dict");
    expect_header_error("{", 4, "not a Python dict");
    expect_header_error("{'descr': '<f4', 'fortran_order': False}", 4, "lacks the key 'shape'");
    expect_header_error("{'descr': '<f4', 'shape': (1,)}", 4, "lacks the key 'fortran_order'");
    expect_header_error("{'descr': '<f4', 'descr': '<f4'}", 4, "'descr' twice");
    expect_header_error("{'descr': '<f4', 'colour': 1}", 4, "unknown key 'colour'");
    expect_header_error("{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}", 4, "not a boolean");
    expect_header_error("{'descr': '<f4', 'fortran_order': False, 'shape': (1)}", 4, "tuple of sizes");
    expect_header_error("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", 4, "tuple of sizes");
    expect_header_error("{'descr': '<f4', 'fortran_order': False, 'shape': [1]}", 4, "tuple of sizes");
    expect_header_error("{'descr': '<f4', 'fortran_order': False, 'shape': (1,", 4, "tuple of sizes");
    expect_header_error("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x", 4, "behind the dict");
    expect_header_error("{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}", 4,
                        "8 axes");
}
END_TEST

START_TEST(sizes_are_checked_against_the_file)
{
    expect_header_error("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", 7, "is cut short");
    expect_header_error("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", 9, "behind its values");
    expect_header_error("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,)}", 4,
                        "is cut short");
    expect_header_error("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", 4,
                        "too large");
    expect_header_error("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", 4,
                        "too large");
    expect_header_error("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 1L, 9223372036854775807)}", 0,
                        "too large");
    expect_header_error("{'descr': '<f8', 'fortran_order': False, 'shape': (2305843009213693951,)}", 0,
                        "is cut short");
}
END_TEST

START_TEST(every_truncation_is_an_error)
{
    for (size_t n = 0; n < sizeof f2_c - 1; n++) {
        unsigned char *copy = cr_alloc(n + 1); // of its own, so that a read behind it is seen
        memcpy(copy, f2_c, n);
        cr_file file = {.name = "a.npy", .data = copy, .size = n, .fd = -1};
        cr_shape shape;
        float *data;
        ck_assert_int_eq(cr_npy_read(&file, &shape, &data, NULL), CREMA_ERR_INPUT);
        cr_free(copy);
    }
}
END_TEST

START_TEST(an_empty_array_has_data)
{
    cr_file file =
        FILE_OF("\x93NUMPY\x01\0\x3d\0{'descr': '<f4', 'fortran_order': True, 'shape': (0, 3)}    \n");
    cr_shape shape;
    float *data;
    ck_assert_int_eq(cr_npy_read(&file, &shape, &data, NULL), CREMA_OK);
    ck_assert_ptr_nonnull(data);
    ck_assert_int_eq(cr_shape_count(&shape), 0);
    cr_free(data);
}
END_TEST

#ifdef CR_TEST_ALLOC
START_TEST(out_of_memory_is_reported)
{
    for (int n = 0; n < 3; n++) {
        cr_file file = FILE_OF(f8_big_fortran);
        cr_shape shape;
        float *data;
        cr_test_fail_alloc(n);
        ck_assert_int_eq(cr_npy_read(&file, &shape, &data, NULL), CREMA_ERR_MEMORY);
        cr_test_fail_alloc(-1);
    }
}
END_TEST
#endif

TEST_MAIN("read/npy", types_and_orders, foreign_contents_are_named, headers_may_be_spaced_and_ordered_freely,
          wrong_headers_are_errors, sizes_are_checked_against_the_file, every_truncation_is_an_error,
          an_empty_array_has_data TEST_ALLOC(out_of_memory_is_reported))
