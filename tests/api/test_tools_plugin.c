/*
 * crema_plugin_load, on the shared objects that make has built of tests/plugin.
 */
#include "crema_tools.h"
#include "tests/support/folder.h"
#include "tests/support/wire_writer.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

// A plugin beside the command that is tested.
static const char *plugin(const char *name)
{
    static char path[4096];
    const char *bin = getenv("CREMA_BIN");
    const char *slash = bin ? strrchr(bin, '/') : NULL;
    int n = slash ? (int)(slash - bin) : (int)strlen("build");
    snprintf(path, sizeof path, "%.*s/tests/plugin/%s.so", n, slash ? bin : "build", name);
    return path;
}

static void refuses(const char *path, crema_status status, const char *what)
{
    crema_error err = {0};
    char text[1400], wanted[5000];
    crema_context *context = crema_context_create(NULL, NULL);
    ck_assert_int_eq(crema_plugin_load(context, path, &err), status);
    ck_assert_int_eq(err.status, status);
    snprintf(wanted, sizeof wanted, "%s: %s", path, what);
    ck_assert_str_eq(crema_error_text(&err, text, sizeof text), wanted);
    ck_assert_int_eq(crema_plugin_load(context, path, NULL), status);
    crema_context_free(context);
}

START_TEST(what_is_no_plugin_is_refused_in_a_sentence)
{
    folder f;
    folder_make(&f);
    refuses(folder_path(&f, "none.so"), CREMA_ERR_IO, "can't open: No such file or directory");
    refuses(
        folder_text(&f, "text.so", "this is no shared object, but longer than the header of one would be\n"),
        CREMA_ERR_INPUT, "can't be loaded as a plugin: invalid ELF header");
    refuses("none.so", CREMA_ERR_IO, "can't open: No such file or directory");
    refuses(plugin("no_init"), CREMA_ERR_INPUT,
            "is no plugin of crema: it does not define crema_plugin_init");
    refuses(plugin("other_abi"), CREMA_ERR_UNSUPPORTED,
            "was built for version 2 of the plugin interface; this crema (" CREMA_VERSION ") has version 1");
    refuses(plugin("failing"), CREMA_ERR_INPUT, "the plugin failed and does not say why");
    folder_remove(&f);
}
END_TEST

START_TEST(wrong_arguments_are_usage_errors)
{
    crema_error err;
    crema_context *context = crema_context_create(NULL, &err);
    ck_assert_int_eq(crema_plugin_load(NULL, plugin("example"), &err), CREMA_ERR_USAGE);
    ck_assert_int_eq(crema_plugin_load(context, NULL, &err), CREMA_ERR_USAGE);
    char longest[2000];
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = 0;
    ck_assert_int_eq(crema_plugin_load(context, longest, &err), CREMA_ERR_USAGE);
    ck_assert_int_eq(crema_plugin_load(context, plugin("example"), &err), CREMA_OK);
    ck_assert_int_eq(crema_plugin_load(context, plugin("example"), &err), CREMA_ERR_USAGE);
    ck_assert_str_eq(err.message, "layer type \"LocalContrast\" was added already");
    crema_context_free(context);
}
END_TEST

static const char net_text[] =
    "layer { name: 'x' type: 'Input' top: 'x' top: 'mask'\n"
    "  input_param { shape { dim: 1 dim: 2 dim: 1 dim: 3 } shape { dim: 1 dim: 1 dim: 1 dim: 3 } } }\n"
    "layer { name: 'lc' type: 'LocalContrast' bottom: 'x' bottom: 'mask' top: 'y'\n"
    "  local_contrast_param { size: 3 floor: 0.5 keep: 1 learned { gain: true } } }\n";

static crema_net *load(crema_context *context, const char *text, const crema_file *weights, crema_error *err)
{
    crema_net_options o = {.struct_size = sizeof o,
                           .net = {"net.prototxt", text, strlen(text)},
                           .weights = weights,
                           .n_weights = weights != NULL};
    return crema_net_load(context, &o, err);
}

// Channel 0 is 1 4 4, so the windows are (1 4) (1 4 4) (4 4): means 2.5, 3 and 4, deviations 1.5, sqrt 2 and 0.
START_TEST(the_example_computes_with_weights_and_two_bottoms)
{
    crema_error err = {0};
    ww w = {0};
    ww_net(&w, "net");
    ww_layer(&w, "lc", "LocalContrast");
    ww_blob(&w, 1, (int64_t[]){2}, (float[]){4, 10});
    crema_file weights = ww_file(&w);
    crema_context *context = crema_context_create(NULL, &err);
    ck_assert_msg(crema_plugin_load(context, plugin("example"), &err) == CREMA_OK, "%s", err.message);
    crema_net *net = load(context, net_text, &weights, &err);
    ck_assert_msg(net != NULL, "%s", err.message);
    crema_context_free(context); // the net keeps it
    crema_runner *r = crema_runner_create(net, NULL, &err);
    crema_blob x, mask, y;
    crema_runner_input(r, "x", &x, NULL);
    crema_runner_input(r, "mask", &mask, NULL);
    memcpy(x.data, (float[]){1, 4, 4, 1, 2, 3}, 6 * sizeof(float));
    memcpy(mask.data, (float[]){1, 2, 3}, 3 * sizeof(float));
    ck_assert_int_eq(crema_runner_forward(r, &err), CREMA_OK);
    ck_assert_int_eq(crema_runner_blob(r, "y", &y, &err), CREMA_OK);
    const float expected[] = {4 * -1.5f / 2, 4 * 2 * 1 / 1.914213562f, 0, 10, 40, 90};
    for (int i = 0; i < 6; i++)
        ck_assert_float_eq_tol(y.data[i], expected[i], 1e-5f);
    crema_runner_free(r);
    crema_net_free(net);
    ww_free(&w);
}
END_TEST

START_TEST(the_example_names_what_is_wrong)
{
    static const struct {
        const char *param, *text;
    } wrong[] = {
        {"size: 4",
         "net.prototxt:3:30: layer \"lc\" (LocalContrast): size must be odd and from 1 to 99, not 4"},
        {"floor: 0", "net.prototxt:3:31: layer \"lc\" (LocalContrast): floor must be above 0, not 0"},
        {"border: CLAMP",
         "net.prototxt:3:32: layer \"lc\" (LocalContrast): border must be CUT or WRAP, not CLAMP"},
        {"keep: 0 keep: 2",
         "net.prototxt:3:38: layer \"lc\" (LocalContrast): there is no channel 2; the bottom has 2"},
        {"keep: x", "net.prototxt:3:30: layer \"lc\" (LocalContrast): local_contrast_param.keep must be a "
                    "whole number, not x"},
        {"learned { gain: 2 }", "net.prototxt:3:40: layer \"lc\" (LocalContrast): "
                                "local_contrast_param.learned.gain must be true or false, not 2"}};
    crema_error err = {0};
    crema_context *context = crema_context_create(NULL, &err);
    ck_assert_int_eq(crema_plugin_load(context, plugin("example"), &err), CREMA_OK);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char text[1000];
        snprintf(text, sizeof text,
                 "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 2 dim: 1 dim: 3 "
                 "} } }\n"
                 "layer { name: 'lc' type: 'LocalContrast' bottom: 'x' top: 'y'\n"
                 "local_contrast_param { %s } }",
                 wrong[i].param);
        ck_assert_ptr_null(load(context, text, NULL, &err));
        ck_assert_str_eq(crema_error_text(&err, text, sizeof text), wrong[i].text);
    }
    crema_context_free(context);
}
END_TEST

START_TEST(a_summary_may_outlive_its_context)
{
    crema_error err = {0};
    crema_context *context = crema_context_create(NULL, &err);
    ck_assert_int_eq(crema_plugin_load(context, plugin("example"), &err), CREMA_OK);
    crema_net_options o = {.struct_size = sizeof o, .net = {"net.prototxt", net_text, sizeof net_text - 1}};
    crema_summary *summary = crema_summary_create(context, &o, NULL, 0, &err);
    ck_assert_msg(summary != NULL, "%s", err.message);
    crema_context_free(context);
    crema_summary_layer layer;
    ck_assert_int_eq(crema_summary_get_layer(summary, 1, &layer), CREMA_OK);
    ck_assert_int_eq(layer.unknown, 0);
    ck_assert_int_eq(layer.n_params, 1);
    ck_assert_int_eq(layer.macs, 2 * 3 * 9);
    crema_summary_free(summary);
}
END_TEST

TEST_MAIN("api/tools_plugin", what_is_no_plugin_is_refused_in_a_sentence, wrong_arguments_are_usage_errors,
          the_example_computes_with_weights_and_two_bottoms, the_example_names_what_is_wrong,
          a_summary_may_outlive_its_context)
