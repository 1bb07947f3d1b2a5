#include "read/npy.h"
#include "tests/support/folder.h"
#include "tests/test.h"
#include "write/npy.h"

#include <stdio.h>
#include <string.h>

static size_t written(cr_shape shape, const float *values, char *bytes, size_t size)
{
    folder f;
    folder_make(&f);
    const char *path = folder_path(&f, "a.npy");
    ck_assert_int_eq(cr_npy_write(path, true, &shape, values, NULL), CREMA_OK);
    FILE *file = fopen(path, "rb");
    size_t n = fread(bytes, 1, size, file);
    fclose(file);
    folder_remove(&f);
    return n;
}

// What numpy.save of NumPy 1.24 writes.
START_TEST(the_header_is_numpys)
{
    char bytes[512], expected[512];
    size_t n = written((cr_shape){2, {1, 2}}, (float[]){1, -2}, bytes, sizeof bytes);
    ck_assert_uint_eq(n, 136);
    snprintf(expected, sizeof expected, "%-117s\n",
             "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }");
    ck_assert_mem_eq(bytes, "\x93NUMPY\x01\0v\0", 10);
    ck_assert_mem_eq(bytes + 10, expected, 118);
    ck_assert_mem_eq(bytes + 128, "\0\0\x80\x3f\0\0\0\xc0", 8);

    ck_assert_uint_eq(written((cr_shape){1, {1}}, (float[]){1}, bytes, sizeof bytes), 132);
    ck_assert_ptr_nonnull(strstr(bytes + 10, "'shape': (1,), }"));
    ck_assert_uint_eq(written((cr_shape){0, {0}}, (float[]){1}, bytes, sizeof bytes), 132);
    ck_assert_ptr_nonnull(strstr(bytes + 10, "'shape': (), }"));
    n = written((cr_shape){8, {1, 1111, 1111, 1111, 111, 111, 111, 0}}, NULL, bytes, sizeof bytes);
    ck_assert_uint_eq(n, 128);
    ck_assert_ptr_nonnull(strstr(bytes + 10, "'shape': (1, 1111, 1111, 1111, 111, 111, 111, 0), }  "));
}
END_TEST

START_TEST(what_is_written_is_read)
{
    folder f;
    folder_make(&f);
    const char *path = folder_path(&f, "a.npy");
    float values[24];
    for (int i = 0; i < 24; i++)
        values[i] = (float)i * 0.1f;
    cr_shape shape = {4, {2, 1, 3, 4}}, got;
    ck_assert_int_eq(cr_npy_write(path, true, &shape, values, NULL), CREMA_OK);
    ck_assert_int_eq(cr_npy_write(path, true, &shape, values, NULL), CREMA_OK); // replaced
    ck_assert_int_eq(folder_n_files(&f), 1);
    float *data;
    ck_assert_int_eq(cr_npy_load(path, &got, &data, NULL), CREMA_OK);
    ck_assert(cr_shape_equal(&got, &shape));
    ck_assert_mem_eq(data, values, sizeof values);
    cr_free(data);
    folder_remove(&f);
}
END_TEST

START_TEST(errors_leave_nothing_behind)
{
    cr_err err;
    cr_shape wrong = {1, {-1}}, one = {1, {1}};
    folder f;
    folder_make(&f);
    ck_assert_int_eq(cr_npy_write(folder_path(&f, "a.npy"), true, &wrong, NULL, &err), CREMA_ERR_USAGE);
    ck_assert_int_eq(cr_npy_write(folder_path(&f, "b/a.npy"), true, &one, (float[]){1}, &err), CREMA_ERR_IO);
    ck_assert_int_eq(folder_n_files(&f), 0);
    folder_remove(&f);
}
END_TEST

TEST_MAIN("write/npy", the_header_is_numpys, what_is_written_is_read, errors_leave_nothing_behind)
