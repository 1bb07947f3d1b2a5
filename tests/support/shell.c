#include "tests/support/shell.h"

#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[256]; // of the running test

void shell_put(const char *name, const char *text)
{
    FILE *f = fopen(name, "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(text, 1, strlen(text), f), strlen(text));
    ck_assert_int_eq(fclose(f), 0);
}

void shell_get(const char *name, char *text, size_t size)
{
    FILE *f = fopen(name, "rb");
    ck_assert_ptr_nonnull(f);
    size_t n = fread(text, 1, size - 1, f);
    text[n] = 0;
    fclose(f);
}

void shell_begin(void)
{
    const char *tmp = getenv("TMPDIR"), *bin = getenv("CREMA_BIN");
    char path[4096];
    ck_assert_ptr_nonnull(realpath(bin ? bin : "build/crema", path));
    setenv("CREMA", path, 1);
    snprintf(folder, sizeof folder, "%s/crema-test-XXXXXX", tmp ? tmp : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
    // The channels of a picture of one pixel are the classes: b, g, r.
    shell_put("pixel.prototxt", "name: 'pixel'\n"
                                "layer { name: 'data' type: 'Input' top: 'data'\n"
                                "  input_param { shape { dim: 1 dim: 3 dim: 1 dim: 1 } } }\n"
                                "layer { name: 'half' type: 'ReLU' bottom: 'data' top: 'a/b' }\n"
                                "layer { name: 'prob' type: 'Softmax' bottom: 'a/b' top: 'prob' }\n");
    shell_put("red.ppm", "P6 1 1 255\n\x03\x01\x01");
    shell_put("blue.ppm", "P6 1 1 255\n\x01\x01\x03");
    shell_put("wide.ppm", "P6 2 1 255\nabcdef");
    shell_put("names.txt", "blue\ngreen\nred\n");
    // Weights that no file has; and an output that is no table of classes.
    shell_put("ip.prototxt",
              "name: 'ip'\n"
              "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 2 } } }\n"
              "layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'ip'\n"
              "  inner_product_param { num_output: 2 weight_filler { type: 'constant' value: 1 } } }\n");
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

void shell_end(void)
{
    ck_assert_int_eq(chdir("/"), 0);
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

shell_outcome *sh(const char *fmt, ...)
{
    static shell_outcome o;
    char line[2000], text[2200];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    snprintf(text, sizeof text, "{ %s\n} >.out 2>.err", line);
    int status = system(text);
    ck_assert_msg(WIFEXITED(status), "%s: killed by a signal", line);
    o.code = WEXITSTATUS(status);
    shell_get(".out", o.out, sizeof o.out);
    shell_get(".err", o.err, sizeof o.err);
    return &o;
}

void shell_check(const shell_outcome *o, int code, const char *out, const char *err)
{
    ck_assert_str_eq(o->err, err);
    ck_assert_str_eq(o->out, out);
    ck_assert_int_eq(o->code, code);
}

bool shell_has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

void shell_put_npy(const char *path, int n, int c, const float *data)
{
    crema_error err = {0};
    crema_shape shape = {.rank = 2, .dim = {n, c}};
    ck_assert_int_eq(crema_npy_write(path, &shape, data, &err), CREMA_OK);
}

void shell_check_npy(const char *path, int rank, int64_t count, const float *data)
{
    crema_error err = {0};
    crema_array array;
    ck_assert_msg(crema_npy_read(path, &array, &err) == CREMA_OK, "%s: %s", path, err.message);
    ck_assert_int_eq(array.shape.rank, rank);
    int64_t n = 1;
    for (int i = 0; i < rank; i++)
        n *= array.shape.dim[i];
    ck_assert_int_eq(n, count);
    for (int64_t i = 0; i < n; i++)
        ck_assert_float_eq_tol(array.data[i], data[i], 1e-6f);
    crema_array_free(&array);
}
