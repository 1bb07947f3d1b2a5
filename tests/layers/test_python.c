#include "crema.pb-c.h"
#include "layers/python.h"
#include "tests/support/net.h"
#include "tests/test.h"

#include <string.h>

START_TEST(an_unknown_module_is_fed_by_the_caller)
{
    // The harness gives no shapes for tops, so nobody may read this one.
    NET_CHECK(
            .net =
                "layer { name: 'p' type: 'Python' bottom: 'x' top: 'y' python_param { module: @'mine' layer: "
                "'Mine' } } layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'out' }",
            .in = {{"x", SHAPE(1, 2), VALUES(-1, 1)}}, .out = {{"out", SHAPE(1, 2), VALUES(0, 1)}},
            .warns = "module \"mine\", layer \"Mine\" is not known, so its tops are inputs");
    NET_FAILS("the shape of input \"y\" is not known",
              .net = "layer { name: 'p' type: 'Python' bottom: 'x' top: 'y' }"
                     "layer { name: 'r' type: 'ReLU' bottom: 'y' top: 'out' }",
              .in = {{"x", SHAPE(1, 2), NO_VALUES}});
    NET_CHECK(.net = "layer { name: 'p' type: 'Python' bottom: 'x' } "
                     "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'out' }",
              .in = {{"x", SHAPE(1, 2), VALUES(-1, 1)}}, .out = {{"out", SHAPE(1, 2), VALUES(0, 1)}});
}
END_TEST

static const char *field(const char *text, const char *name)
{
    static char value[8];
    Crema__PythonParameter p;
    crema__python_parameter__init(&p);
    p.param_str = (char *)text;
    Crema__LayerParameter param;
    crema__layer_parameter__init(&param);
    param.python_param = &p;
    cr_layer layer = {.param = &param};
    return cr_python_field(&layer, name, value, sizeof value) ? value : NULL;
}

START_TEST(fields_of_param_str)
{
    ck_assert_str_eq(field("{'a': 1, 'b': 'two'}", "a"), "1");
    ck_assert_str_eq(field("{'a': 1, 'b': 'two'}", "b"), "two");
    ck_assert_str_eq(field("{\"a\" : 1 }", "a"), "1");
    ck_assert_str_eq(field("'feat_stride': 16", "feat_stride"), "16");
    ck_assert_str_eq(field("b: 2\na: 1\n", "a"), "1");
    ck_assert_str_eq(field("aa: 2, a: ''", "a"), "");
    ck_assert_ptr_null(field("{'aa': 1}", "a"));
    ck_assert_ptr_null(field("{'a' 1}", "a"));
    ck_assert_ptr_null(field("'a", "a"));
    ck_assert_ptr_null(field("", "a"));
    ck_assert_ptr_null(field(NULL, "a"));
    ck_assert_ptr_null(field("a: 12345678", "a")); // does not fit
}
END_TEST

TEST_MAIN("layers/python", an_unknown_module_is_fed_by_the_caller, fields_of_param_str)
