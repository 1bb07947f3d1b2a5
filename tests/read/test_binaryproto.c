#include "base/mem.h"
#include "read/caffemodel.h"
#include "tests/support/wire_writer.h"
#include "tests/test.h"

#include <string.h>

static const float values[] = {1, 2, 3, 4, 5, 6};

START_TEST(a_mean_image)
{
    ww w = {0};
    for (uint32_t i = 1; i <= 4; i++)
        ww_int(&w, i, i == 2 ? 3 : i == 4 ? 2 : 1);
    ww_floats(&w, 5, 6, values);
    crema_file file = ww_file(&w);
    cr_tensor t;
    cr_err err;
    ck_assert_int_eq(cr_read_binaryproto(&file, &t, &err), CREMA_OK);
    ck_assert_int_eq(t.shape.rank, 4);
    ck_assert_int_eq(t.shape.dim[1], 3);
    ck_assert_int_eq(t.shape.dim[3], 2);
    ck_assert_int_eq(t.image_stride, 6);
    ck_assert_mem_eq(t.data, values, sizeof values);
    cr_free(t.data);
    ww_free(&w);
}
END_TEST

START_TEST(data_first_and_a_shape)
{
    ww w = {0};
    ww_floats(&w, 5, 6, values);
    ww_dims(&w, 7, 2, (int64_t[]){2, 3});
    crema_file file = ww_file(&w);
    cr_tensor t;
    ck_assert_int_eq(cr_read_binaryproto(&file, &t, NULL), CREMA_OK);
    ck_assert_int_eq(t.shape.rank, 2);
    cr_free(t.data);
    ww_free(&w);
}
END_TEST

START_TEST(what_is_no_blob)
{
    ww w = {0};
    cr_tensor t;
    cr_err err;
    ww_int(&w, 1, 1);
    ww_int(&w, 2, 1);
    ww_floats(&w, 5, 6, values);
    crema_file file = ww_file(&w);
    ck_assert_int_eq(cr_read_binaryproto(&file, &t, &err), CREMA_ERR_INPUT);
    ck_assert_str_eq(err.message, "a blob of shape 1x1x0x0 has 6 values, not 0 (byte 0)");
    ck_assert_ptr_null(t.data);
    w.size = 0;
    ww_net(&w, "net");
    ww_layer(&w, "a", "b");
    file = ww_file(&w);
    ck_assert_int_eq(cr_read_binaryproto(&file, &t, &err), CREMA_ERR_INPUT);
    ck_assert_str_eq(err.message, "looks like a binary .caffemodel");
    ww_free(&w);
}
END_TEST

TEST_MAIN("read/binaryproto", a_mean_image, data_first_and_a_shape, what_is_no_blob)
