#include "read/blob.h"
#include "tests/support/folder.h"
#include "tests/support/wire_writer.h"
#include "tests/test.h"

#include <string.h>

enum { N = 20000 }; // more than one piece of the staging buffer, in every kind

static ww bytes; // the values, with three bytes between them and the beginning of the file

static void expect(cr_stored_kind kind, uint32_t stride)
{
    folder dir;
    folder_make(&dir);
    const char *path = folder_path(&dir, "net.caffemodel");
    ww_save(&bytes, path);
    cr_file file;
    ck_assert_int_eq(cr_file_open(&file, &(crema_file){.path = path}, NULL), CREMA_OK);
    const cr_stored_run runs[] = {{3, N - 1, stride, kind},
                                  {3 + (uint64_t)(N - 1) * stride, 1, stride, kind}};
    cr_stored_blob blob = {.count = N, .runs = runs};
    static float out[N + 1];
    out[N] = -1;
    ck_assert_int_eq(cr_blob_values(&file, &blob, 0, blob.count, out, NULL), CREMA_OK);
    for (int i = 0; i < N; i++)
        ck_assert(out[i] == (float)(i % 2000));
    ck_assert(out[N] == -1);
    cr_stored_run beyond = {3, N + 1, stride, kind};
    blob = (cr_stored_blob){.count = N + 1, .runs = &beyond};
    ck_assert_int_ne(cr_blob_values(&file, &blob, 0, blob.count, out, NULL), CREMA_OK);
    cr_file_close(&file);
    folder_remove(&dir);
    ww_free(&bytes);
}

// A half that holds a whole number below 2048.
static uint16_t half(int n)
{
    int e = 0;
    while (n >> (e + 1))
        e++;
    return n == 0 ? 0 : (uint16_t)((e + 15) << 10 | ((n << (10 - e)) & 0x3FF));
}

START_TEST(every_kind_at_odd_offsets)
{
    ww_raw(&bytes, "odd", 3);
    for (int i = 0; i < N; i++)
        ww_raw(&bytes, &(float){(float)(i % 2000)}, 4);
    expect(CR_STORED_F32, 4);
    ww_raw(&bytes, "odd", 3);
    for (int i = 0; i < N; i++)
        ww_raw(&bytes, &(double){i % 2000}, 8);
    expect(CR_STORED_F64, 8);
    ww_raw(&bytes, "odd", 3);
    for (int i = 0; i < N; i++)
        ww_raw(&bytes, &(uint16_t){half(i % 2000)}, 2);
    expect(CR_STORED_F16, 2);
    ww_raw(&bytes, "odd", 3);
    for (int i = 0; i < N; i++)
        ww_raw(&bytes, &(int32_t){i % 2000}, 4);
    expect(CR_STORED_I32, 4);
}
END_TEST

START_TEST(values_with_gaps)
{
    for (uint32_t stride = 5; stride <= 64; stride += 59) {
        static const char gap[64];
        ww_raw(&bytes, "odd", 3);
        for (int i = 0; i < N; i++) {
            ww_raw(&bytes, &(float){(float)(i % 2000)}, 4);
            if (i + 1 < N)
                ww_raw(&bytes, gap, stride - 4);
        }
        expect(CR_STORED_F32, stride);
    }
}
END_TEST

TEST_MAIN("read/blob_values", every_kind_at_odd_offsets, values_with_gaps)
