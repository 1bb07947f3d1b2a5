#include "read/caffemodel.h"
#include "tests/support/folder.h"
#include "tests/support/wire_writer.h"
#include "tests/test.h"

#include <string.h>

static const float values[] = {1, 2, 3, 4, 5, 6};

static void small_net(ww *w)
{
    ww_net(w, "tiny");
    ww_layer(w, "data", "Input");
    ww_layer(w, "conv1", "Convolution");
    ww_string(w, 3, "data");
    ww_begin(w, 106);
    ww_int(w, 1, 2);
    ww_end(w);
    ww_blob(w, 4, (int64_t[]){2, 1, 1, 1}, values);
    ww_blob(w, 1, (int64_t[]){2}, values + 2);
    ww_layer(w, "ip", "InnerProduct");
    ww_blob(w, 2, (int64_t[]){2, 3}, values);
    ww_done(w);
}

static void open_ok(cr_stored *s, const crema_file *file)
{
    cr_err err;
    cr_status status = cr_stored_open(s, file, NULL, &err);
    ck_assert_msg(status == CREMA_OK, "%s", err.message);
}

static void refuse(ww *w, const char *sentence)
{
    cr_stored s;
    cr_err err;
    crema_file file = ww_file(w);
    ck_assert_int_eq(cr_stored_open(&s, &file, NULL, &err), CREMA_ERR_INPUT);
    ck_assert_msg(strstr(err.message, sentence), "%s", err.message);
    ck_assert_str_eq(err.file, "test.caffemodel");
    ww_free(w);
}

START_TEST(layers_with_their_blobs)
{
    ww w = {0};
    small_net(&w);
    crema_file file = ww_file(&w);
    cr_stored s;
    open_ok(&s, &file);
    ck_assert_str_eq(s.net_name, "tiny");
    ck_assert_int_eq(s.n_layers, 3);
    ck_assert_str_eq(s.layer[1].name, "conv1");
    ck_assert_str_eq(s.layer[1].type, "Convolution");
    ck_assert_int_eq(s.layer[0].n_blobs, 0);
    ck_assert_int_eq(s.layer[1].n_blobs, 2);
    ck_assert_int_eq(s.layer[1].blob[0].shape.rank, 4);
    ck_assert(!s.layer[1].blob[0].legacy_shape);
    const cr_stored_layer *ip = cr_stored_find(&s, "ip");
    ck_assert_ptr_eq(ip, &s.layer[2]);
    ck_assert_ptr_null(cr_stored_find(&s, "fc"));
    float got[6];
    ck_assert_int_eq(cr_stored_read(&s, &ip->blob[0], got, NULL), CREMA_OK);
    ck_assert_mem_eq(got, values, sizeof got);
    cr_stored_close(&s);
    ww_free(&w);
}
END_TEST

START_TEST(v1_and_v0_layers)
{
    ww w = {0};
    ww_begin(&w, 2);
    ww_string(&w, 4, "old");
    ww_int(&w, 5, 4);
    ww_begin(&w, 6);
    ww_floats(&w, 5, 1, values);
    ww_end(&w);
    ww_done(&w);
    ww_begin(&w, 2);
    ww_begin(&w, 1); // V0
    ww_string(&w, 1, "older");
    ww_string(&w, 2, "conv");
    ww_begin(&w, 50);
    ww_floats(&w, 5, 1, values + 1);
    ww_end(&w);
    crema_file file = ww_file(&w);
    cr_stored s;
    open_ok(&s, &file);
    ck_assert_int_eq(s.n_layers, 2);
    ck_assert_str_eq(s.layer[0].name, "old");
    ck_assert_str_eq(s.layer[0].type, "V1:4");
    ck_assert_int_eq(s.layer[0].n_blobs, 1);
    ck_assert_str_eq(s.layer[1].name, "older");
    ck_assert_str_eq(s.layer[1].type, "conv");
    float got;
    ck_assert_int_eq(cr_stored_read(&s, &s.layer[1].blob[0], &got, NULL), CREMA_OK);
    ck_assert(got == 2);
    cr_stored_close(&s);
    ww_free(&w);
}
END_TEST

START_TEST(names_may_be_missing_repeated_or_behind_the_blobs)
{
    ww w = {0};
    ww_begin(&w, 100);
    ww_end(&w);
    for (int i = 0; i < 2; i++) {
        ww_begin(&w, 100);
        ww_begin(&w, 7);
        ww_floats(&w, 5, 1, values + i);
        ww_end(&w);
        ww_string(&w, 1, "twice");
        ww_end(&w);
    }
    crema_file file = ww_file(&w);
    cr_stored s;
    open_ok(&s, &file);
    ck_assert_int_eq(s.n_layers, 3);
    ck_assert_str_eq(s.layer[0].name, "");
    ck_assert_str_eq(s.layer[0].type, "");
    ck_assert_ptr_eq(cr_stored_find(&s, "twice"), &s.layer[1]);
    cr_stored_close(&s);
    ww_free(&w);
}
END_TEST

START_TEST(foreign_fields_are_skipped)
{
    ww w = {0};
    ww_layer(&w, "a", "Type");
    ww_string(&w, 0, "mil_param of some forks");
    ww_int(&w, 147, 3);
    ww_string(&w, 8266711, "\xff\xff no message");
    ww_int(&w, 7, 1); // no blob
    ww_blob(&w, 1, (int64_t[]){1}, values);
    ww_done(&w);
    ww_float(&w, 200, 1);
    crema_file file = ww_file(&w);
    cr_stored s;
    open_ok(&s, &file);
    ck_assert_int_eq(s.layer[0].n_blobs, 1);
    cr_stored_close(&s);
    ww_free(&w);
}
END_TEST

START_TEST(errors_say_where)
{
    static const char long_name[5000];
    ww w = {0};
    small_net(&w);
    ww_layer(&w, "cut", "InnerProduct");
    ww_begin(&w, 7);
    ww_floats(&w, 5, 3, values);
    ww_done(&w);
    refuse(&w, "layer \"cut\": a blob has 3 values but no shape (byte ");
    small_net(&w);
    w.size -= 3;
    refuse(&w, "field 100 has ");
    ww_net(&w, "only a net's name");
    refuse(&w, "has no layers");
    ww_layer(&w, "a", "b");
    ww_done(&w);
    ww_string(&w, 0, "x");
    refuse(&w, "field number 0 where a field should begin");
    ww_layer(&w, "a", "b");
    ww_tag(&w, 7, 3);
    refuse(&w, "layer \"a\": field 7 is a group");
    ww_layer(&w, "a", "b");
    ww_tag(&w, 7, 2);
    ww_varint(&w, 5);
    ww_done(&w);
    ww_net(&w, "behind");
    refuse(&w, "layer \"a\": field 7 has 5 bytes, but its message ends after 0 of them (byte 9)");
    ww_begin(&w, 100);
    ww_bytes(&w, 1, long_name, sizeof long_name);
    refuse(&w, "a layer's name of 5000 bytes");
    ww_string(&w, 3, "\x01");
    w.size = 0;
    refuse(&w, "is empty");
    ww_raw(&w, "name: \"LeNet\"\nlayer {\n}\n", 24);
    refuse(&w, "is text, not a binary .caffemodel");
}
END_TEST

START_TEST(files_on_disk)
{
    folder dir;
    folder_make(&dir);
    const char *path = folder_path(&dir, "net.caffemodel");
    ww w = {0};
    small_net(&w);
    ww_save(&w, path);
    cr_stored s;
    cr_err err;
    float got[6];
    open_ok(&s, &(crema_file){.path = path});
    ck_assert_int_eq(cr_stored_read(&s, &s.layer[2].blob[0], got, &err), CREMA_OK);
    ck_assert_mem_eq(got, values, sizeof got);
    ww_int(&w, 5, 1);
    ww_save(&w, path);
    ck_assert_int_eq(cr_stored_read(&s, &s.layer[2].blob[0], got, &err), CREMA_ERR_IO);
    ck_assert_ptr_nonnull(strstr(err.message, "changed"));
    cr_stored_close(&s);
    ck_assert_int_eq(cr_stored_open(&s, &(crema_file){.path = dir.path}, NULL, &err), CREMA_ERR_IO);
    const char *missing = folder_path(&dir, "missing.caffemodel");
    ck_assert_int_eq(cr_stored_open(&s, &(crema_file){.path = missing}, NULL, &err), CREMA_ERR_IO);
    folder_remove(&dir);
    ww_free(&w);
}
END_TEST

START_TEST(a_trained_net)
{
    cr_stored s;
    static float ip1[64 * 256];
    open_ok(&s, &(crema_file){.path = "data/digits.caffemodel"});
    const cr_stored_layer *layer = cr_stored_find(&s, "ip1");
    ck_assert_ptr_nonnull(layer);
    ck_assert_int_eq(layer->n_blobs, 2);
    ck_assert_int_eq(layer->blob[0].shape.rank, 2);
    ck_assert_int_eq(layer->blob[0].shape.dim[0], 64);
    ck_assert_int_eq(layer->blob[0].shape.dim[1], 256);
    ck_assert_int_eq(cr_stored_read(&s, &layer->blob[0], ip1, NULL), CREMA_OK);
    ck_assert_float_eq_tol(ip1[0], -0.126526669f, 1e-9f);
    ck_assert_float_eq_tol(ip1[64 * 256 - 1], -0.00904492754f, 1e-10f);
    cr_stored_close(&s);
}
END_TEST

// Opens bytes that may be anything, and reads all blobs if that works.
static cr_status try(const unsigned char *data, size_t size)
{
    cr_stored s;
    cr_err err;
    cr_status status = cr_stored_open(&s, &(crema_file){.data = data, .size = size}, NULL, &err);
    if (status != CREMA_OK) {
        ck_assert_int_ne(err.message[0], 0);
        return status;
    }
    for (int i = 0; i < s.n_layers; i++)
        for (int k = 0; k < s.layer[i].n_blobs; k++) {
            const cr_stored_blob *blob = &s.layer[i].blob[k];
            ck_assert_uint_le((uint64_t)blob->count, size);
            float *out = malloc((size_t)blob->count * sizeof *out + 1);
            ck_assert_int_eq(cr_stored_read(&s, blob, out, &err), CREMA_OK);
            free(out);
        }
    cr_stored_close(&s);
    return CREMA_OK;
}

// Not in the middle of the writer's buffer, so that a sanitizer sees every byte too many.
static cr_status try_copy(const unsigned char *data, size_t size)
{
    unsigned char *copy = malloc(size ? size : 1);
    memcpy(copy, data, size);
    cr_status status = try(copy, size);
    free(copy);
    return status;
}

static void everything(ww *w)
{
    static const uint16_t halves[] = {0x3C00, 0xC000};
    small_net(w);
    ww_begin(w, 2);
    ww_begin(w, 1);
    ww_string(w, 1, "v0");
    ww_begin(w, 50);
    for (uint32_t i = 1; i < 5; i++)
        ww_int(w, i, 1);
    ww_double(w, 8, 2.5);
    ww_done(w);
    ww_layer(w, "half", "Convolution");
    ww_begin(w, 7);
    ww_dims(w, 7, 1, (int64_t[]){2});
    ww_int(w, 10, 2);
    ww_bytes(w, 12, halves, sizeof halves);
    ww_end(w);
    ww_begin(w, 7);
    ww_floats_unpacked(w, 5, 3, values);
    ww_begin(w, 7);
    ww_int(w, 1, 3);
    ww_done(w);
}

START_TEST(a_file_cut_anywhere)
{
    ww w = {0};
    everything(&w);
    int whole = 0;
    ck_assert_int_eq(try_copy(w.data, w.size), CREMA_OK);
    for (size_t n = 0; n < w.size; n++)
        whole += try_copy(w.data, n) == CREMA_OK;
    ck_assert_int_eq(whole, 4); // cut between two layers, after the first of five
    ww_free(&w);
}
END_TEST

START_TEST(flipped_bytes)
{
    ww w = {0};
    everything(&w);
    uint64_t random = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        unsigned char *copy = malloc(w.size);
        memcpy(copy, w.data, w.size);
        for (int k = 0; k < 1 + i % 3; k++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            copy[random % w.size] = (unsigned char)(random >> 32);
        }
        try(copy, w.size);
        free(copy);
    }
    ww_free(&w);
}
END_TEST

#ifdef CR_TEST_ALLOC
START_TEST(out_of_memory)
{
    ww w = {0};
    everything(&w);
    crema_file file = ww_file(&w);
    cr_stored s;
    for (int n = 0;; n++) {
        cr_err err;
        cr_test_fail_alloc(n);
        cr_status status = cr_stored_open(&s, &file, NULL, &err);
        cr_test_fail_alloc(-1);
        if (status == CREMA_OK)
            break;
        ck_assert_int_eq(status, CREMA_ERR_MEMORY);
    }
    cr_stored_close(&s);
    ww_free(&w);
}
END_TEST
#endif

TEST_MAIN("read/caffemodel", layers_with_their_blobs, v1_and_v0_layers,
          names_may_be_missing_repeated_or_behind_the_blobs, foreign_fields_are_skipped, errors_say_where,
          files_on_disk, a_trained_net, a_file_cut_anywhere, flipped_bytes TEST_ALLOC(out_of_memory))
