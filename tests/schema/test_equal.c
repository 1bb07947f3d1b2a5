// Two messages side by side.
#include "schema/equal.h"
#include "tests/support/parse.h"
#include "tests/test.h"

#include <string.h>

static bool equal(const char *a, const char *b, cr_difference *d)
{
    parsed x, y;
    parse_text(&x, a, false);
    parse_text(&y, b, false);
    ck_assert_msg(x.status == CREMA_OK && y.status == CREMA_OK, "%s%s", x.error, y.error);
    bool is = cr_message_equal(&x.net->base, &y.net->base, d);
    parsed_free(&x);
    parsed_free(&y);
    return is;
}

static void differ(const char *a, const char *b, const char *path, const char *of_a, const char *of_b)
{
    cr_difference d;
    ck_assert(!equal(a, b, &d));
    ck_assert_str_eq(d.path, path);
    ck_assert_str_eq(d.a, of_a);
    ck_assert_str_eq(d.b, of_b);
    ck_assert(!equal(b, a, NULL));
}

START_TEST(equal_messages)
{
    static const char net[] =
        "name: 'n' input: 'x' layer { name: 'a' loss_weight: 1 loss_weight: nan\n"
        "  convolution_param { pad: 1 pad: 2 bias_term: false weight_filler { std: 0.1 } } }";
    cr_difference d;
    ck_assert(equal(net, net, &d));
    ck_assert_str_eq(d.path, "");
    ck_assert(equal("", "", NULL));
    ck_assert(equal("name: 'n' force_backward: true", "force_backward: true name: 'n'", NULL));
    ck_assert(equal("stranger: 1", "", NULL));
}
END_TEST

START_TEST(the_first_difference_has_a_path)
{
    differ("name: 'a'", "name: 'b'", "name", "\"a\"", "\"b\"");
    differ("name: 'a'", "", "name", "\"a\"", "(not set)");
    differ("layer { name: 'a' } layer { name: 'b' convolution_param { pad: 1 pad: 2 } }",
           "layer { name: 'a' } layer { name: 'b' convolution_param { pad: 1 pad: 3 } }",
           "layer[1].convolution_param.pad[1]", "2", "3");
    differ("layer { include { phase: TEST } }", "layer { include { phase: TRAIN } }",
           "layer[0].include[0].phase", "TEST", "TRAIN");
    differ("layer {} layer {}", "layer {}", "layer[1]", "{...}", "(not set)");
    differ("input_dim: 1", "input_dim: 1 input_dim: -2", "input_dim[1]", "(not set)", "-2");
    differ("layer { name: 'a' relu_param {} }", "layer { name: 'a' }", "layer[0].relu_param", "{...}",
           "(not set)");
    differ("layer { loss_weight: 0 }", "layer { loss_weight: -0 }", "layer[0].loss_weight[0]", "0", "-0");
    differ("layer { loss_weight: 0.1 }", "layer { loss_weight: 0.2 }", "layer[0].loss_weight[0]", "0.1",
           "0.2");
    differ("input_shape { dim: 5000000000 }", "input_shape { dim: 1 }", "input_shape[0].dim[0]", "5000000000",
           "1");
    differ("layer { blobs { double_data: 0.5 } }", "layer { blobs { double_data: 1 } }",
           "layer[0].blobs[0].double_data[0]", "0.5", "1");
    differ("layer { blobs { raw_data: 'ab' } }", "layer { blobs { raw_data: 'abc' } }",
           "layer[0].blobs[0].raw_data", "(2 bytes)", "(3 bytes)");
}
END_TEST

START_TEST(set_to_the_default_is_not_unset)
{
    differ("force_backward: false", "", "force_backward", "false", "(not set)");
    differ("layer { pooling_param { pool: MAX } }", "layer { pooling_param {} }",
           "layer[0].pooling_param.pool", "MAX", "(not set)");
    differ("layer { convolution_param { weight_filler { type: 'constant' } } }",
           "layer { convolution_param { weight_filler {} } }",
           "layer[0].convolution_param.weight_filler.type", "\"constant\"", "(not set)");
}
END_TEST

START_TEST(long_values_and_paths_are_cut)
{
    char a[400] = "name: '", b[400] = "name: '";
    cr_difference d;
    memset(a + 7, 'a', 300);
    memset(b + 7, 'b', 300);
    strcpy(a + 307, "'");
    strcpy(b + 307, "'");
    ck_assert(!equal(a, b, &d));
    ck_assert_uint_eq(strlen(d.a), sizeof d.a - 1);
}
END_TEST

TEST_MAIN("schema/equal", equal_messages, the_first_difference_has_a_path, set_to_the_default_is_not_unset,
          long_values_and_paths_are_cut)
