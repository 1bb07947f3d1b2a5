#include "read/blob.h"
#include "tests/support/wire_writer.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

static const float values[] = {1.5f, -2.25f, 3e-5f, INFINITY, -0.0f, 7};
static const int64_t dims23[] = {2, 3};

// A net with one layer "ip" whose blob is begun; opened() indexes it.
static ww begin(void)
{
    ww w = {0};
    ww_layer(&w, "ip", "InnerProduct");
    ww_begin(&w, 7);
    return w;
}

static const cr_stored_blob *opened(ww *w, cr_stored *s)
{
    cr_err err;
    crema_file file = ww_file(w);
    cr_status status = cr_stored_open(s, &file, NULL, &err);
    ck_assert_msg(status == CREMA_OK, "%s", err.message);
    ck_assert_int_eq(s->layer[0].n_blobs, 1);
    return &s->layer[0].blob[0];
}

static void expect(ww *w, int rank, const int64_t *dims, const float *want)
{
    cr_stored s;
    const cr_stored_blob *blob = opened(w, &s);
    ck_assert_int_eq(blob->shape.rank, rank);
    int64_t n = 1;
    for (int i = 0; i < rank; n *= dims[i], i++)
        ck_assert_int_eq(blob->shape.dim[i], dims[i]);
    ck_assert_int_eq(blob->count, n);
    float *got = malloc((size_t)n * sizeof *got + 1);
    ck_assert_int_eq(cr_stored_read(&s, blob, got, NULL), CREMA_OK);
    ck_assert_mem_eq(got, want, (size_t)n * sizeof *got);
    free(got);
    cr_stored_close(&s);
    ww_free(w);
}

static void refuse(ww *w, const char *sentence)
{
    cr_stored s;
    cr_err err;
    crema_file file = ww_file(w);
    ck_assert_int_eq(cr_stored_open(&s, &file, NULL, &err), CREMA_ERR_INPUT);
    ck_assert_msg(strstr(err.message, sentence) && strstr(err.message, "layer \"ip\""), "%s", err.message);
    ww_free(w);
}

START_TEST(packed_and_unpacked_and_both)
{
    ww w = begin();
    ww_floats(&w, 5, 6, values);
    ww_dims(&w, 7, 2, dims23);
    expect(&w, 2, dims23, values);
    w = begin();
    ww_dims(&w, 7, 2, dims23);
    ww_floats_unpacked(&w, 5, 6, values);
    expect(&w, 2, dims23, values);
    w = begin();
    ww_floats(&w, 5, 2, values);
    ww_floats_unpacked(&w, 5, 1, values + 2);
    ww_string(&w, 99, "in between");
    ww_floats_unpacked(&w, 5, 2, values + 3);
    ww_floats(&w, 5, 0, values);
    ww_dims(&w, 7, 2, dims23);
    ww_floats(&w, 5, 1, values + 5);
    expect(&w, 2, dims23, values);
}
END_TEST

START_TEST(a_million_single_floats_are_one_run)
{
    enum { N = 1000000 };
    float *many = malloc(N * sizeof *many);
    for (int i = 0; i < N; i++)
        many[i] = (float)i;
    ww w = begin();
    ww_dims(&w, 7, 1, (int64_t[]){N});
    ww_floats_unpacked(&w, 5, N, many);
    cr_stored s;
    const cr_stored_blob *blob = opened(&w, &s);
    ck_assert_uint_eq(blob->runs[0].count, N);
    ck_assert_uint_eq(blob->runs[0].stride, 5);
    ck_assert_uint_lt(s.arena.total_bytes, 100000);
    cr_stored_close(&s);
    expect(&w, 1, (int64_t[]){N}, many);
    free(many);
}
END_TEST

START_TEST(unpacked_dims_and_shapes_in_parts)
{
    ww w = begin();
    ww_floats(&w, 5, 6, values);
    ww_begin(&w, 7);
    ww_int(&w, 1, 2);
    ww_end(&w);
    ww_begin(&w, 7);
    ww_int(&w, 1, 3);
    ww_end(&w);
    expect(&w, 2, dims23, values);
}
END_TEST

START_TEST(doubles_win_over_floats_unless_empty)
{
    ww w = begin();
    ww_floats(&w, 5, 6, values);
    for (int i = 0; i < 6; i++)
        ww_double(&w, 8, i + 0.5);
    ww_dims(&w, 7, 2, dims23);
    expect(&w, 2, dims23, (float[]){0.5f, 1.5f, 2.5f, 3.5f, 4.5f, 5.5f});
    w = begin();
    ww_bytes(&w, 8, "", 0);
    ww_floats(&w, 5, 6, values);
    ww_dims(&w, 7, 2, dims23);
    expect(&w, 2, dims23, values);
    w = begin();
    double packed[6] = {1, 2, 3, 4, 5, -1e-300};
    ww_bytes(&w, 8, packed, sizeof packed);
    ww_dims(&w, 7, 2, dims23);
    expect(&w, 2, dims23, (float[]){1, 2, 3, 4, 5, -0.0f});
}
END_TEST

START_TEST(legacy_dims_win_over_shape)
{
    ww w = begin();
    ww_dims(&w, 7, 2, dims23);
    for (uint32_t i = 1; i <= 3; i++)
        ww_int(&w, i, 1);
    ww_int(&w, 4, 6);
    ww_floats(&w, 5, 6, values);
    cr_stored s;
    ck_assert(opened(&w, &s)->legacy_shape);
    cr_stored_close(&s);
    expect(&w, 4, (int64_t[]){1, 1, 1, 6}, values);
    w = begin(); // a missing one is 0, as in Caffe
    ww_int(&w, 4, 6);
    ww_floats(&w, 5, 6, values);
    refuse(&w, "a blob of shape 0x0x0x6 has 6 values, not 0");
}
END_TEST

START_TEST(no_shape_is_one_number)
{
    ww w = begin();
    ww_floats(&w, 5, 1, values);
    expect(&w, 0, NULL, values);
    w = begin();
    ww_dims(&w, 7, 0, NULL);
    ww_floats(&w, 5, 1, values);
    expect(&w, 0, NULL, values);
    w = begin();
    ww_floats(&w, 5, 3, values);
    refuse(&w, "a blob has 3 values but no shape");
}
END_TEST

START_TEST(an_empty_axis_has_no_values)
{
    ww w = begin();
    ww_dims(&w, 7, 2, (int64_t[]){0, 3});
    expect(&w, 2, (int64_t[]){0, 3}, values);
}
END_TEST

static void raw(ww *w, int type, const void *bytes, size_t n, int64_t count)
{
    ww_dims(w, 7, 1, &count);
    if (type >= 0)
        ww_int(w, 10, type);
    ww_bytes(w, 12, bytes, n);
}

START_TEST(nvidia_raw_data)
{
    static const uint16_t halves[] = {0x3C00, 0xC000, 0x0001};
    static const float singles[] = {1, -2, 0x1p-24f};
    static const double doubles[] = {1, -2, 0x1p-24};
    static const int32_t ints[] = {1, -2, 3};
    for (int with_type = 0; with_type < 2; with_type++) {
        ww w = begin();
        raw(&w, with_type ? 2 : -1, halves, sizeof halves, 3);
        expect(&w, 1, (int64_t[]){3}, singles);
        w = begin();
        raw(&w, with_type ? 1 : -1, singles, sizeof singles, 3);
        expect(&w, 1, (int64_t[]){3}, singles);
        w = begin();
        raw(&w, with_type ? 0 : -1, doubles, sizeof doubles, 3);
        expect(&w, 1, (int64_t[]){3}, singles);
    }
    ww w = begin();
    raw(&w, 3, ints, sizeof ints, 3);
    expect(&w, 1, (int64_t[]){3}, (float[]){1, -2, 3});
    w = begin();
    raw(&w, 4, ints, sizeof ints, 3);
    expect(&w, 1, (int64_t[]){3}, (float[]){1, 4294967294.0f, 3});
    w = begin();
    raw(&w, 5, "\1\0\1", 3, 3);
    refuse(&w, "raw_data_type is 5");
    w = begin();
    raw(&w, 2, halves, 5, 3);
    refuse(&w, "5 bytes of blob values are no multiple of 2");
    w = begin();
    raw(&w, 2, halves, 4, 3);
    refuse(&w, "a blob of shape 3 has 2 values, not 3");
}
END_TEST

START_TEST(the_opencl_forks_numbers)
{
    static const uint16_t halves[] = {0x3C00, 0xC000, 0x0001};
    ww w = begin();
    ww_dims(&w, 7, 1, (int64_t[]){3});
    ww_dims(&w, 10, 1, (int64_t[]){1}); // shape_stride
    ww_bytes(&w, 11, halves, sizeof halves);
    ww_bytes(&w, 12, "diff", 4);
    ww_int(&w, 13, 2);
    expect(&w, 1, (int64_t[]){3}, (float[]){1, -2, 0x1p-24f});
    w = begin(); // only the type: the diff is no data
    ww_dims(&w, 7, 1, (int64_t[]){3});
    ww_floats(&w, 5, 3, values);
    ww_bytes(&w, 12, "diff", 4);
    ww_int(&w, 13, 2);
    expect(&w, 1, (int64_t[]){3}, values);
}
END_TEST

START_TEST(impossible_shapes)
{
    ww w = begin();
    ww_dims(&w, 7, 1, (int64_t[]){-3});
    refuse(&w, "negative dim -3");
    w = begin();
    ww_dims(&w, 7, 9, (int64_t[]){1, 1, 1, 1, 1, 1, 1, 1, 1});
    refuse(&w, "more than 8 axes");
    w = begin();
    ww_dims(&w, 7, 3, (int64_t[]){1LL << 40, 1LL << 40, 0});
    refuse(&w, "is too large");
    w = begin();
    ww_int(&w, 1, -1);
    refuse(&w, "the dim -1, which is no size");
    w = begin();
    ww_int(&w, 1, 1LL << 31);
    refuse(&w, "which is no size");
    w = begin();
    ww_bytes(&w, 5, "12345", 5);
    refuse(&w, "5 bytes of blob values are no multiple of 4");
    w = begin();
    ww_floats(&w, 5, 5, values);
    ww_dims(&w, 7, 2, dims23);
    refuse(&w, "a blob of shape 2x3 has 5 values, not 6");
    w = begin(); // a dim that runs over its list
    ww_begin(&w, 7);
    ww_bytes(&w, 1, "\x02\x83", 2);
    ww_int(&w, 99, 1);
    refuse(&w, "a number reaches beyond its message");
}
END_TEST

START_TEST(other_wire_types_are_unknown_fields)
{
    ww w = begin();
    ww_string(&w, 1, "num");
    ww_int(&w, 5, 1);
    ww_int(&w, 7, 1);
    ww_float(&w, 8, 1);
    ww_int(&w, 12, 1);
    ww_dims(&w, 7, 2, dims23);
    ww_floats(&w, 5, 6, values);
    ww_floats(&w, 6, 6, values);
    expect(&w, 2, dims23, values);
}
END_TEST

TEST_MAIN("read/blob", packed_and_unpacked_and_both, a_million_single_floats_are_one_run,
          unpacked_dims_and_shapes_in_parts, doubles_win_over_floats_unless_empty, legacy_dims_win_over_shape,
          no_shape_is_one_number, an_empty_axis_has_no_values, nvidia_raw_data, the_opencl_forks_numbers,
          impossible_shapes, other_wire_types_are_unknown_fields)
