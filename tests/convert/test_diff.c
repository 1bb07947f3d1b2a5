// crema_diff on nets of a few layers: what is reported, in which order, with which places.
#include "convert/diff.h"
#include "tests/support/folder.h"
#include "tests/support/wire_writer.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct said {
    char lines[4000];
    int n;
    crema_diff_item last; // its strings are gone
    char path[64];
} said;

static void keep(void *user, const crema_diff_item *item)
{
    said *s = user;
    size_t n = strlen(s->lines);
    const char *kind[] = {"layer", "order", "field", "shape", "weights"};
    snprintf(s->lines + n, sizeof s->lines - n, "%s %s %s: %s (%d:%d), %s (%d:%d)\n", kind[item->kind],
             item->layer ? item->layer : "-", item->path ? item->path : "-",
             item->a.value     ? item->a.value
             : item->a.present ? "there"
                               : "-",
             item->a.line, item->a.column,
             item->b.value     ? item->b.value
             : item->b.present ? "there"
                               : "-",
             item->b.line, item->b.column);
    snprintf(s->path, sizeof s->path, "%s", item->path ? item->path : "");
    s->n++;
    s->last = *item;
}

static folder f;

static void diff_files(said *s, const char *a, const char *b, const crema_diff_options *options)
{
    crema_error err;
    int64_t n = -1;
    memset(s, 0, sizeof *s);
    crema_context *context = crema_context_create(NULL, &err);
    crema_status status = crema_diff(context, a, b, options, keep, s, &n, &err);
    ck_assert_msg(status == CREMA_OK, "%s: %s", err.file, err.message);
    ck_assert_int_eq(n, s->n);
    crema_context_free(context);
}

static void expect(const char *a, const char *b, const char *want)
{
    said s;
    folder_make(&f);
    diff_files(&s, folder_text(&f, "a.prototxt", a), folder_text(&f, "b.prototxt", b), NULL);
    ck_assert_str_eq(s.lines, want);
    folder_remove(&f);
}

START_TEST(equal_nets)
{
    expect("# nothing", "# at all", "");
    expect("name: 'n' layer { name: 'a' type: 'X' } # c", "layer {\n type: 'X' name: 'a' }\nname: 'n'", "");
    expect("layers { name: 'r' type: RELU bottom: 'x' top: 'x' }",
           "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'x' }", "");
    expect("layer { own { a: 1 b: 'x' } }", "layer { own { b: 'x' # c\n a: 1 } }", "");
}
END_TEST

START_TEST(fields)
{
    expect("name: 'a'", "name: 'b'", "field - name: \"a\" (1:7), \"b\" (1:7)\n");
    expect("layer { name: 'x' type: 'T'\n relu_param { negative_slope: 0 } }",
           "layer { name: 'x' type: 'T' relu_param {} }",
           "field x relu_param.negative_slope: 0 (2:31), - (1:29)\n");
    expect("layer { name: 'x' top: ['a', 'b'] }", "layer { name: 'x' top: 'c' lrn_param {} }",
           "field x top[0]: \"a\" (1:25), \"c\" (1:24)\n"
           "field x top[1]: \"b\" (1:30), - (1:1)\n"
           "field x lrn_param: - (1:1), {...} (1:28)\n");
}
END_TEST

START_TEST(unknown_fields)
{
    expect("layer { name: 'x' own { a: 1 } z: 1 }", "layer { name: 'x' own { a: 2 } }",
           "field x own: {...} (1:19), {...} (1:19)\n"
           "field x z: 1 (1:35), - (1:1)\n");
    expect("q: 1", "q: '1'", "field - q: 1 (1:4), 1 (1:4)\n");
}
END_TEST

START_TEST(layers_go_by_name_and_occurrence)
{
    expect("layer { name: 'a' }\nlayer { name: 'b' }", "layer { name: 'b' }\nlayer { name: 'c' }",
           "layer a -: there (1:1), - (0:0)\n"
           "layer c -: - (0:0), there (2:1)\n");
    expect("layer { name: 'a' type: '1' } layer { name: 'a' type: '2' }",
           "layer { name: 'a' type: '1' } layer { name: 'a' type: '3' } layer { name: 'a' }",
           "field a type: \"2\" (1:55), \"3\" (1:55)\n"
           "layer a -: - (0:0), there (1:61)\n");
    expect("layer { name: 'a' } layer { name: 'b' } layer { name: 'c' }",
           "layer { name: 'b' } layer { name: 'c' } layer { name: 'a' }",
           "order a -: there (1:1), there (1:41)\n");
}
END_TEST

START_TEST(shapes)
{
    static const char data[] =
        "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: [1, 2, 4, 4] } } }";
    char a[600], b[600];
    snprintf(a, sizeof a,
             "%s layer { name: 'p' type: 'Pooling' bottom: 'x' top: 'p' pooling_param { kernel_size: 2 } }",
             data);
    snprintf(b, sizeof b,
             "%s layer { name: 'p' type: 'Pooling' bottom: 'x' top: 'p' pooling_param { kernel_size: 3 } }",
             data);
    said s;
    folder_make(&f);
    diff_files(&s, folder_text(&f, "a.prototxt", a), folder_text(&f, "b.prototxt", b), NULL);
    ck_assert_int_eq(s.n, 2);
    ck_assert_int_eq(s.last.kind, CREMA_DIFF_SHAPE);
    ck_assert_str_eq(s.path, "p");
    ck_assert_int_eq(s.last.a.shape.dim[2], 3);
    ck_assert_int_eq(s.last.b.shape.dim[2], 2);
    folder_remove(&f);
}
END_TEST

static const char *caffemodel(const char *name, const float *conv, int n, bool more)
{
    ww w = {0};
    ww_net(&w, "n");
    ww_layer(&w, "conv", "Convolution");
    ww_blob(&w, 1, (int64_t[]){n}, conv);
    if (more)
        ww_blob(&w, 1, (int64_t[]){1}, conv);
    const char *path = folder_path(&f, name);
    ww_save(&w, path);
    ww_free(&w);
    return path;
}

START_TEST(weights)
{
    said s;
    folder_make(&f);
    const float x[] = {1, 2, NAN, 4}, y[] = {1, 2.5f, NAN, 3};
    const char *a = caffemodel("a", x, 4, false), *b = caffemodel("b", y, 4, false);
    diff_files(&s, a, a, NULL);
    ck_assert_int_eq(s.n, 0);
    diff_files(&s, a, b, NULL);
    ck_assert_int_eq(s.n, 1);
    ck_assert_int_eq(s.last.kind, CREMA_DIFF_WEIGHTS);
    ck_assert(s.last.n_values == 4 && s.last.n_different == 2 && s.last.index == 3 && s.last.value_a == 4 &&
              s.last.value_b == 3 && fabs(s.last.rms - sqrt(1.25 / 4)) < 1e-12);
    // Another count of blobs, another shape.
    diff_files(&s, a, caffemodel("c", x, 4, true), NULL);
    ck_assert(s.n == 1 && s.last.blob == 1 && !s.last.a.present && s.last.b.shape.dim[0] == 1);
    diff_files(&s, a, caffemodel("d", x, 3, false), NULL);
    ck_assert(s.n == 1 && s.last.n_values == 0 && s.last.a.shape.dim[0] == 4 && s.last.b.shape.dim[0] == 3);
    // Beside nets in text.
    const char *net = folder_text(&f, "n.prototxt", "name: 'n'");
    crema_diff_options o = {.struct_size = sizeof o, .weights_a = a, .weights_b = b};
    diff_files(&s, net, net, &o);
    ck_assert_int_eq(s.n, 1);
    folder_remove(&f);
}
END_TEST

START_TEST(what_can_not_be_compared)
{
    crema_error err;
    crema_diff_options o = {0};
    said s = {.n = 0};
    crema_context *context = crema_context_create(NULL, &err);
    folder_make(&f);
    const char *net = folder_text(&f, "n.prototxt", "name: 'n'");
    ck_assert_int_eq(crema_diff(context, net, "absent", NULL, keep, &s, NULL, &err), CREMA_ERR_IO);
    ck_assert_int_eq(crema_diff(context, net, net, &o, keep, &s, NULL, &err), CREMA_ERR_USAGE);
    ck_assert_int_eq(crema_diff(NULL, net, net, NULL, keep, &s, NULL, &err), CREMA_ERR_USAGE);
    ck_assert_int_eq(crema_diff(context, net, net, NULL, NULL, &s, NULL, &err), CREMA_ERR_USAGE);
    o = (crema_diff_options){.struct_size = sizeof o, .weights_a = net, .weights_b = net};
    ck_assert_int_eq(crema_diff(context, net, net, &o, keep, &s, NULL, &err), CREMA_ERR_INPUT);
    o = (crema_diff_options){.struct_size = sizeof o, .numbering = "intle"};
    ck_assert_int_eq(crema_diff(context, net, net, &o, keep, &s, NULL, &err), CREMA_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(err.message, "did you mean \"intel\"?"));
    folder_remove(&f);
    crema_context_free(context);
}
END_TEST

TEST_MAIN("convert/diff", equal_nets, fields, unknown_fields, layers_go_by_name_and_occurrence, shapes,
          weights, what_can_not_be_compared)
