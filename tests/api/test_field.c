/*
 * crema_field_*: the parameters of a layer of the caller's own type, of the schema or not.
 */
#include "tests/support/custom.h"
#include "tests/support/wire_writer.h"
#include "tests/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

// What the test asks for in setup.
typedef struct asking {
    void (*ask)(crema_layer *layer);
    crema_status (*status)(crema_layer *layer, crema_error *err);
    bool asked;
} asking;

static crema_status setup(void *user, crema_layer *layer, void **state, crema_error *err)
{
    asking *a = user;
    (void)state;
    a->asked = true;
    if (a->ask)
        a->ask(layer);
    return a->status ? a->status(layer, err) : CREMA_OK;
}

static custom_net load(asking *a, const char *layers, const char *file, int strict)
{
    custom_net n;
    crema_layer_type type = custom_type();
    type.user = a;
    type.setup = setup;
    custom_open(&n, &type, layers, file, strict);
    return n;
}

static void asks(const char *layers, const char *file, void (*ask)(crema_layer *layer))
{
    asking a = {.ask = ask};
    custom_net n = load(&a, layers, file, 1);
    ck_assert_msg(n.net != NULL, "%s", n.text);
    ck_assert_str_eq(n.warning, "");
    ck_assert(a.asked);
    custom_close(&n);
}

static void fails(const char *layers, crema_status (*status)(crema_layer *layer, crema_error *err),
                  const char *text)
{
    asking a = {.status = status};
    custom_net n = load(&a, layers, NULL, 0);
    ck_assert_ptr_null(n.net);
    ck_assert_str_eq(n.text, text);
    custom_close(&n);
}

static int64_t get_int(crema_layer *layer, const char *path, int index)
{
    crema_error err = {0};
    int64_t value = -77;
    crema_status status = crema_field_get_int(layer, path, index, &value, &err);
    ck_assert_msg(status == CREMA_OK, "%s", err.message);
    return value;
}

static double get_double(crema_layer *layer, const char *path)
{
    crema_error err = {0};
    double value = -77;
    crema_status status = crema_field_get_double(layer, path, 0, &value, &err);
    ck_assert_msg(status == CREMA_OK, "%s", err.message);
    return value;
}

static int get_bool(crema_layer *layer, const char *path)
{
    crema_error err = {0};
    int value = -77;
    crema_status status = crema_field_get_bool(layer, path, 0, &value, &err);
    ck_assert_msg(status == CREMA_OK, "%s", err.message);
    return value;
}

static const char *get_string(crema_layer *layer, const char *path, int index)
{
    crema_error err = {0};
    const char *value = "default";
    crema_status status = crema_field_get_string(layer, path, index, &value, &err);
    ck_assert_msg(status == CREMA_OK, "%s", err.message);
    return value;
}

static void ask_own(crema_layer *layer)
{
    ck_assert_int_eq(get_int(layer, "my_param.size", 0), 8); // octal, as for every whole number
    ck_assert_int_eq(get_int(layer, "my_param.least", 0), INT64_MIN);
    ck_assert_double_eq(get_double(layer, "my_param.rate"), 0.25);
    ck_assert_double_eq(get_double(layer, "my_param.list"), 1);
    ck_assert(get_double(layer, "my_param.inf") < -1e300);
    ck_assert_int_eq(get_bool(layer, "my_param.on"), 1);
    ck_assert_int_eq(get_bool(layer, "my_param.off"), 0);
    ck_assert_str_eq(get_string(layer, "my_param.mode", 0), "WRAP");
    ck_assert_str_eq(get_string(layer, "my_param.text", 0), "a b");
    ck_assert_int_eq(crema_field_count(layer, "my_param"), 1);
    ck_assert_int_eq(crema_field_count(layer, "my_param.list"), 4);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(get_int(layer, "my_param.list", i), i + 1);
    ck_assert_int_eq(crema_field_count(layer, "my_param.stage"), 2);
    ck_assert_int_eq(get_int(layer, "my_param.stage[1].step", 0), 6);
    ck_assert_int_eq(get_int(layer, "my_param.stage.step", 1), 6);
    ck_assert_int_eq(crema_field_count(layer, "my_param.stage[0].step"), 1);
    ck_assert_int_eq(get_int(layer, "my_param.list[2]", 0), 3);
    // What is not there.
    ck_assert_int_eq(crema_field_count(layer, "my_param.none"), 0);
    ck_assert_int_eq(crema_field_count(layer, "none.size"), 0);
    ck_assert_int_eq(get_int(layer, "my_param.none", 0), -77);
    ck_assert_int_eq(get_int(layer, "my_param.list", 4), -77);
    ck_assert_int_eq(get_int(layer, "my_param.stage[2].step", 0), -77);
    ck_assert_str_eq(get_string(layer, "none.of[3].these", 0), "default");
    ck_assert_int_eq(get_bool(layer, "my_param.none"), -77);
}

START_TEST(fields_that_the_schema_does_not_have)
{
    asks("layer { name: 'm' type: 'Mine' bottom: 'x' top: 'y'\n"
         " my_param { size: 010 least: -9223372036854775808 rate: .25f inf: -inf on: true off: 0 mode: WRAP\n"
         "  text: 'a ' 'b' list: [1, 2] list: 3 list: 4 stage { step: 5 } stage < step: 6 > } }",
         NULL, ask_own);
}
END_TEST

static void ask_yaml(crema_layer *layer)
{
    ck_assert_int_eq(get_int(layer, "my_param.size", 0), 3);
    ck_assert_int_eq(get_int(layer, "my_param.list", 1), 5);
    ck_assert_str_eq(get_string(layer, "my_param.text", 0), "a \"b\"");
    ck_assert_str_eq(get_string(layer, "my_param.mode", 0), "WRAP");
    ck_assert_int_eq(get_int(layer, "my_param.stage.step", 1), 2);
}

START_TEST(fields_of_a_yaml_net)
{
    asks(
        "- {name: m, type: Mine, bottom: x, top: y,\n"
        "   my_param: {size: 3, list: [4, 5], text: 'a \"b\"', mode: WRAP, stage: [{step: 1}, {step: 2}]}}\n",
        "net.yaml", ask_yaml);
}
END_TEST

static void ask_known(crema_layer *layer)
{
    ck_assert_str_eq(get_string(layer, "name", 0), "m");
    ck_assert_str_eq(get_string(layer, "bottom", 1), "z");
    ck_assert_int_eq(crema_field_count(layer, "bottom"), 2);
    ck_assert_int_eq(get_int(layer, "convolution_param.num_output", 0), 5);
    ck_assert_double_eq(get_double(layer, "convolution_param.num_output"), 5);
    ck_assert_int_eq(get_int(layer, "convolution_param.kernel_size", 1), 4);
    ck_assert_int_eq(get_int(layer, "convolution_param.kernel_size", 2), -77);
    ck_assert_int_eq(get_bool(layer, "convolution_param.bias_term"), 0);
    ck_assert_str_eq(get_string(layer, "convolution_param.weight_filler.type", 0), "msra");
    ck_assert_double_eq(get_double(layer, "convolution_param.weight_filler.std"), 0.5);
    ck_assert_str_eq(get_string(layer, "convolution_param.engine", 0), "CAFFE");
    ck_assert_int_eq(get_int(layer, "convolution_param.engine", 0), 1);
    ck_assert_double_eq(get_double(layer, "param[1].lr_mult"), 2);
    ck_assert_double_eq(get_double(layer, "blobs[0].data"), 1.5);
    // Not set: the schema's default is not given.
    ck_assert_str_eq(get_string(layer, "convolution_param.bias_filler.type", 0), "default");
    ck_assert_int_eq(crema_field_count(layer, "convolution_param.group"), 0);
}

START_TEST(fields_of_the_schema)
{
    asking a = {.ask = ask_known};
    custom_net n =
        load(&a,
             "layer { name: 'm' type: 'Mine' bottom: 'x' bottom: 'z' top: 'y'\n"
             " param { lr_mult: 1 } param { lr_mult: 2 } blobs { data: 1.5 }\n"
             " convolution_param { num_output: 5 kernel_size: [3, 4] bias_term: false engine: CAFFE\n"
             "  weight_filler { type: 'msra' std: .5 } } }",
             NULL, 0);
    ck_assert_msg(n.net != NULL, "%s", n.text);
    ck_assert(a.asked);
    custom_close(&n);
}
END_TEST

static void ask_inner(crema_layer *layer)
{
    ck_assert_int_eq(get_int(layer, "convolution_param.bits", 0), 4);
    ck_assert_int_eq(get_int(layer, "convolution_param.num_output", 0), 5);
}

START_TEST(unknown_fields_inside_a_known_block)
{
    asking a = {.ask = ask_inner};
    custom_net n = load(&a,
                        "layer { name: 'm' type: 'Mine' bottom: 'x' top: 'y'\n"
                        " convolution_param { num_output: 5 bits: 4 } }",
                        NULL, 0);
    ck_assert_msg(n.net != NULL, "%s", n.text);
    custom_close(&n);
}
END_TEST

#define MINE(param) "layer { name: 'm' type: 'Mine' bottom: 'x' top: 'y'\n" param " }"

static crema_status read_size(crema_layer *layer, crema_error *err)
{
    int64_t size;
    return crema_field_get_int(layer, "my_param.size", 0, &size, err);
}

static crema_status read_second_size(crema_layer *layer, crema_error *err)
{
    int64_t size;
    return crema_field_get_int(layer, "my_param.size", 1, &size, err);
}

static crema_status read_rate(crema_layer *layer, crema_error *err)
{
    double rate;
    return crema_field_get_double(layer, "my_param.rate", 0, &rate, err);
}

static crema_status read_on(crema_layer *layer, crema_error *err)
{
    int on;
    return crema_field_get_bool(layer, "my_param.on", 0, &on, err);
}

static crema_status read_mode(crema_layer *layer, crema_error *err)
{
    const char *mode;
    return crema_field_get_string(layer, "my_param.mode", 0, &mode, err);
}

static crema_status read_outputs_as_bool(crema_layer *layer, crema_error *err)
{
    int value;
    return crema_field_get_bool(layer, "convolution_param.num_output", 0, &value, err);
}

static crema_status read_name_as_int(crema_layer *layer, crema_error *err)
{
    int64_t value;
    return crema_field_get_int(layer, "name", 0, &value, err);
}

START_TEST(a_value_of_another_type_is_an_error_at_its_place)
{
    fails(MINE("my_param { size: 1.5 }"), read_size,
          "net.prototxt:4:18: layer \"m\" (Mine): my_param.size must be a whole number, not 1.5");
    fails(MINE("my_param {\n  size: [1,\n  'x'] }"), read_second_size,
          "net.prototxt:6:3: layer \"m\" (Mine): my_param.size must be a whole number, not \"x\"");
    fails(MINE("my_param { size: 99999999999999999999 }"), read_size,
          "net.prototxt:4:18: layer \"m\" (Mine): my_param.size must be from -9223372036854775808 to "
          "9223372036854775807, not 99999999999999999999");
    fails(MINE("my_param { size {} }"), read_size,
          "net.prototxt:4:12: layer \"m\" (Mine): my_param.size takes a single value, not a block");
    fails(MINE("my_param: 3"), read_size,
          "net.prototxt:4:11: layer \"m\" (Mine): my_param must be a block, since my_param.size is read from "
          "it");
    fails(MINE("my_param { rate: MAX }"), read_rate,
          "net.prototxt:4:18: layer \"m\" (Mine): my_param.rate must be a number, not MAX");
    fails(MINE("my_param { on: 2 }"), read_on,
          "net.prototxt:4:16: layer \"m\" (Mine): my_param.on must be true or false, not 2");
    fails(MINE("my_param { mode: 2 }"), read_mode,
          "net.prototxt:4:18: layer \"m\" (Mine): my_param.mode must be a string or a name, not 2");
    fails(MINE("my_param { mode: 'a\\0b' }"), read_mode,
          "net.prototxt:4:18: layer \"m\" (Mine): my_param.mode must not have a zero byte in it");
    fails(MINE("convolution_param { num_output: 3 }"), read_outputs_as_bool,
          "net.prototxt:4:33: layer \"m\" (Mine): convolution_param.num_output is read as true or false, "
          "which it "
          "is not");
    fails(MINE(""), read_name_as_int,
          "net.prototxt:3:15: layer \"m\" (Mine): name is read as a whole number, which it is not");
}
END_TEST

static crema_status own_error(crema_layer *layer, crema_error *err)
{
    return crema_field_fail(layer, "my_param.size", 1, err, "size %d is too large", 9);
}

static crema_status missing_error(crema_layer *layer, crema_error *err)
{
    if (crema_field_count(layer, "my_param.stage[1].step") == 0)
        return crema_field_fail(layer, "my_param.stage[1].step", 0, err, "needs a step");
    return CREMA_OK;
}

static crema_status layer_error(crema_layer *layer, crema_error *err)
{
    return crema_field_fail(layer, NULL, 0, err, "is not for today");
}

START_TEST(own_errors_point_at_the_field_or_what_is_around_it)
{
    fails(MINE("my_param { size: 1\n size: 9 }"), own_error,
          "net.prototxt:5:8: layer \"m\" (Mine): size 9 is too large");
    fails(MINE("my_param { stage {}\n stage {} }"), missing_error,
          "net.prototxt:5:2: layer \"m\" (Mine): needs a step");
    fails(MINE("my_param { stage {} }"), missing_error, "net.prototxt:4:1: layer \"m\" (Mine): needs a step");
    fails(MINE(""), missing_error, "net.prototxt:3:1: layer \"m\" (Mine): needs a step");
    fails(MINE(""), layer_error, "net.prototxt:3:1: layer \"m\" (Mine): is not for today");
}
END_TEST

static void ask_badly(crema_layer *layer)
{
    static const char *const bad[] = {"",    ".",     "a.",  ".a",    "a..b",    "a[",
                                      "a[]", "a[-1]", "a[1", "a[1]b", "a.b[x].c"};
    crema_error err;
    int64_t value;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_msg(crema_field_count(layer, bad[i]) == -1, "%s", bad[i]);
        ck_assert_int_eq(crema_field_get_int(layer, bad[i], 0, &value, &err), CREMA_ERR_USAGE);
    }
    char longest[2000];
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = 0;
    ck_assert_int_eq(crema_field_count(layer, longest), -1);
    ck_assert_int_eq(crema_field_count(layer, NULL), -1);
    ck_assert_int_eq(crema_field_get_int(layer, NULL, 0, &value, &err), CREMA_ERR_USAGE);
    ck_assert_int_eq(crema_field_get_int(layer, "name", -1, &value, &err), CREMA_ERR_USAGE);
    ck_assert_int_eq(crema_field_fail(layer, "..", -5, &err, "no"), CREMA_ERR_INPUT);
    ck_assert_int_eq(err.line, 3);
    ck_assert_int_eq(crema_field_get_int(layer, "..", 0, &value, NULL), CREMA_ERR_USAGE);
    ck_assert_int_eq(crema_field_count(layer, "a[99999999999999999999999]"), 0);
}

START_TEST(what_is_no_path_is_a_usage_error)
{
    asks(MINE(""), NULL, ask_badly);
}
END_TEST

static void ask_some(crema_layer *layer)
{
    get_int(layer, "my_param.size", 0);
    get_int(layer, "my_param.stage[0].step", 0);
}

static void warns(const char *layers, int n_warnings, const char *text)
{
    asking a = {.ask = ask_some};
    custom_net n = load(&a, layers, NULL, 0);
    ck_assert_msg(n.net != NULL, "%s", n.text);
    ck_assert_str_eq(n.warning, text);
    ck_assert_int_eq(n.n_warnings, n_warnings);
    custom_close(&n);
}

START_TEST(fields_that_nobody_asks_for_are_told)
{
    warns(MINE("my_param { size: 1 stage { step: 2 } }"), 0, "");
    warns(MINE("my_param { siez: 1 siez: 2 }"), 1,
          "net.prototxt:4:18: layer \"m\" (Mine): does not read siez in my_param; it has no effect");
    warns(MINE("my_param { size: 1 stage { stpe: 2 } }"), 1,
          "net.prototxt:4:34: layer \"m\" (Mine): does not read stpe in stage; it has no effect");
    warns(MINE("my_param { a: 1 b: 1 c: 1 d: 1 e: 1 f: 1 g: 1 h: 1 i: 1 j: 1 k: 1 l: 1 }"), 10,
          "net.prototxt:4:60: layer \"m\" (Mine): does not read j in my_param; it has no effect");
    // Unknown blocks that the type does not declare stay unknown.
    warns(MINE("your_param { size: 1 }"), 1,
          "net.prototxt:4:1: layer \"m\": your_param is not a field that is known; it has no effect; did you "
          "mean "
          "loss_param?");
    // The declared block in a layer of another type.
    warns("layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'r'\n my_param { size: 1 } }" MINE(""), 1,
          "net.prototxt:4:2: layer \"r\" (ReLU): does not read my_param, which is ignored");
    asking a = {.ask = ask_some};
    custom_net n = load(&a, MINE("my_param { siez: 1 }"), NULL, 1);
    ck_assert_str_eq(n.text,
                     "net.prototxt:4:18: layer \"m\" (Mine): siez in my_param is not a field that it reads");
    custom_close(&n);
}
END_TEST

static crema_status count_binary(crema_layer *layer, crema_error *err)
{
    (void)err;
    return crema_field_count(layer, "my_param.size") == -1 && crema_field_count(layer, "top") == 1
               ? CREMA_OK
               : CREMA_ERR_USAGE;
}

static crema_status no_shape(void *user, const crema_layer *layer, const void *state,
                             crema_layer_shapes *shapes, crema_error *err)
{
    (void)user, (void)state, (void)shapes;
    return crema_field_fail(layer, NULL, 0, err, "as far as this");
}

// Field 9000 of the layer may be my_param; nothing says so.
START_TEST(a_binary_net_has_no_names)
{
    for (int i = 0; i < 2; i++) {
        ww w = {0};
        ww_net(&w, "net");
        ww_layer(&w, "m", "Mine");
        ww_string(&w, 4, "y");
        ww_begin(&w, 9000);
        ww_int(&w, 1, 3);
        ww_end(&w);
        crema_file file = ww_file(&w);
        asking a = {.status = i ? count_binary : read_size};
        crema_layer_type type = custom_type();
        type.user = &a;
        type.setup = setup;
        type.min_bottoms = 0;
        type.shape = no_shape;
        crema_error err = {0};
        crema_context *context = crema_context_create(NULL, &err);
        crema_net_options o = {.struct_size = sizeof o, .net = file};
        ck_assert_int_eq(crema_context_add_layer_type(context, &type, &err), CREMA_OK);
        crema_net *net = crema_net_load(context, &o, &err);
        ck_assert_ptr_null(net);
        ck_assert_str_eq(err.message,
                         i ? "layer \"m\" (Mine): as far as this"
                           : "layer \"m\" (Mine): has fields that this version does not know, and the "
                             "net is in the binary format, which has no names: my_param.size can be "
                             "read from text only");
        crema_context_free(context);
        ww_free(&w);
    }
}
END_TEST

static void ask_many(crema_layer *layer)
{
    crema_error err = {0};
    int64_t value = 0;
    ck_assert_int_eq(crema_field_count(layer, "my_param"), 300);
    ck_assert_int_eq(crema_field_count(layer, "my_param.a"), -1);
    ck_assert_int_eq(crema_field_get_int(layer, "my_param.a", 0, &value, &err), CREMA_ERR_INPUT);
    ck_assert_str_eq(err.message,
                     "layer \"m\" (Mine): has too many blocks of one name to read my_param.a from them");
    for (int i = 0; i < 300; i++) {
        char path[40];
        snprintf(path, sizeof path, "my_param[%d].a", i);
        ck_assert_int_eq(get_int(layer, path, 0), i);
    }
}

START_TEST(blocks_that_count_as_one_are_limited)
{
    char layers[12000] = "layer { name: 'm' type: 'Mine' bottom: 'x' top: 'y'\n";
    size_t n = strlen(layers);
    for (int i = 0; i < 300; i++)
        n += (size_t)snprintf(layers + n, sizeof layers - n, "my_param { a: %d }\n", i);
    snprintf(layers + n, sizeof layers - n, "}");
    asks(layers, NULL, ask_many);
}
END_TEST

TEST_MAIN("api/field", blocks_that_count_as_one_are_limited, a_binary_net_has_no_names,
          fields_that_the_schema_does_not_have, fields_of_a_yaml_net, fields_of_the_schema,
          unknown_fields_inside_a_known_block, a_value_of_another_type_is_an_error_at_its_place,
          own_errors_point_at_the_field_or_what_is_around_it, what_is_no_path_is_a_usage_error,
          fields_that_nobody_asks_for_are_told)
