// Through the builder, which names the field in the message.
#include "tests/schema/fixture.h"

#include <math.h>

START_TEST(integers_are_decimal_octal_or_hexadecimal)
{
    static const struct {
        const char *text;
        int32_t want;
    } row[] = {{"0", 0},
               {"7", 7},
               {"010", 8},
               {"0x1F", 31},
               {"-5", -5},
               {"-0x10", -16},
               {"2147483647", INT32_MAX},
               {"-2147483648", INT32_MIN},
               {"0Xff", 255},
               {"-017", -15},
               {"000", 0}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        fixture f;
        start(&f, &crema__accuracy_parameter__descriptor, false);
        ck_assert_int_eq(set(&f, "axis", CR_VALUE_NUMBER, row[i].text), CREMA_OK);
        Crema__AccuracyParameter *m = finish(&f);
        ck_assert(m->has_axis);
        ck_assert_int_eq(m->axis, row[i].want);
        cr_arena_free(&f.arena);
    }
}
END_TEST

START_TEST(what_is_no_integer_is_refused)
{
    static const char *const bad[] = {"1.0",
                                      "1e3",
                                      "10x",
                                      "089",
                                      "0x",
                                      "0xg",
                                      "10f",
                                      "1.",
                                      "-",
                                      "",
                                      "0x1.8",
                                      "--1",
                                      "2147483648",
                                      "-2147483649",
                                      "99999999999999999999999999",
                                      "0xFFFFFFFFFFFFFFFFF"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        fixture f;
        start(&f, &crema__accuracy_parameter__descriptor, false);
        ck_assert_msg(set(&f, "axis", CR_VALUE_NUMBER, bad[i]) == CREMA_ERR_INPUT, "%s", bad[i]);
        ck_assert_int_eq(f.err.line, 2);
        ck_assert_int_eq(f.err.column, 3);
        ck_assert_int_eq(set(&f, "top_k", CR_VALUE_NUMBER, "-1"), CREMA_ERR_INPUT);
        ck_assert_str_eq(f.err.message, "top_k must be from 0 to 4294967295, not -1");
        ck_assert_int_eq(set(&f, "top_k", CR_VALUE_WORD, "one"), CREMA_ERR_INPUT);
        ck_assert_str_eq(f.err.message, "top_k must be a whole number, not one");
        ck_assert_int_eq(set(&f, "top_k", CR_VALUE_STRING, "1"), CREMA_ERR_INPUT);
        ck_assert_str_eq(f.err.message, "top_k must be a whole number, not \"1\"");
        cr_arena_free(&f.arena);
    }
}
END_TEST

START_TEST(integers_of_64_bits)
{
    fixture f;
    start(&f, &crema__blob_shape__descriptor, false);
    ck_assert_int_eq(set(&f, "dim", CR_VALUE_NUMBER, "9223372036854775807"), CREMA_OK);
    ck_assert_int_eq(set(&f, "dim", CR_VALUE_NUMBER, "-9223372036854775808"), CREMA_OK);
    ck_assert_int_eq(set(&f, "dim", CR_VALUE_NUMBER, "9223372036854775808"), CREMA_ERR_INPUT);
    Crema__BlobShape *m = finish(&f);
    ck_assert_uint_eq(m->n_dim, 2);
    ck_assert(m->dim[0] == INT64_MAX && m->dim[1] == INT64_MIN);
    cr_arena_free(&f.arena);
}
END_TEST

START_TEST(floats_in_all_spellings)
{
    static const struct {
        const char *text;
        float want;
    } row[] = {{"1", 1},
               {"1.", 1},
               {".5", 0.5f},
               {"1e-3", 1e-3f},
               {"1E+3", 1000},
               {"10f", 10},
               {"1.5F", 1.5f},
               {"-2.5e1", -25},
               {"0", 0},
               {"0.1", 0.1f},
               {"-0.5", -0.5f},
               {"1e38", 1e38f},
               {"3.4028235e38", 3.4028235e38f},
               {"1e39", INFINITY},
               {"-1e400", -INFINITY},
               {"1e-60", 0},
               {"0.1000000000000000055511151231257827", 0.1f},
               {"123456789012345678901234567890", 123456789012345678901234567890.0f},
               {"16777217", 16777216},
               {"0e0", 0},
               {"1.e2", 100},
               {"0.00000000000000000000000000001", 1e-29f},
               {"1e+0002", 100},
               {"1e-99999999999", 0},
               {"1e99999999999", INFINITY}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        fixture f;
        start(&f, &crema__power_parameter__descriptor, false);
        ck_assert_msg(set(&f, "scale", CR_VALUE_NUMBER, row[i].text) == CREMA_OK, "%s", row[i].text);
        Crema__PowerParameter *m = finish(&f);
        ck_assert_msg(m->scale == row[i].want, "%s gives %g", row[i].text, (double)m->scale);
        cr_arena_free(&f.arena);
    }
}
END_TEST

START_TEST(floats_are_rounded_once_from_the_nearest_double)
{
    // Digits up to the border of the quick way and beyond it, against the compiler's own conversion.
    static const struct {
        const char *text;
        double want;
    } row[] = {{"0.123456789012345", 0.123456789012345},
               {"123456789012345e-22", 123456789012345e-22},
               {"0.1234567890123456", 0.1234567890123456},
               {"9007199254740993", 9007199254740993.0},
               {"999999999999999e22", 999999999999999e22},
               {"1.7976931348623157e308", 1.7976931348623157e308},
               {"4.9406564584124654e-324", 4.9406564584124654e-324}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        fixture f;
        start(&f, &crema__spatial_transformer_parameter__descriptor, false);
        ck_assert_int_eq(set(&f, "theta_1_1", CR_VALUE_NUMBER, row[i].text), CREMA_OK);
        Crema__SpatialTransformerParameter *m = finish(&f);
        ck_assert_msg(m->theta_1_1 == row[i].want, "%s gives %.17g", row[i].text, m->theta_1_1);
        cr_arena_free(&f.arena);
    }
}
END_TEST

START_TEST(a_float_of_ten_thousand_digits)
{
    fixture f;
    static char digits[10001];
    memset(digits, '1', 10000);
    digits[1] = '.';
    start(&f, &crema__power_parameter__descriptor, false);
    ck_assert_int_eq(set(&f, "scale", CR_VALUE_NUMBER, digits), CREMA_OK);
    Crema__PowerParameter *m = finish(&f);
    ck_assert(m->scale == 1.111111111111111111f);
    cr_arena_free(&f.arena);
}
END_TEST

START_TEST(float_words_in_any_case)
{
    static const char *const word[] = {"inf", "Infinity", "-INF", "nan", "-NaN", "-infinity"};
    for (size_t i = 0; i < sizeof word / sizeof *word; i++) {
        fixture f;
        start(&f, &crema__power_parameter__descriptor, false);
        ck_assert_int_eq(set(&f, "scale", CR_VALUE_WORD, word[i]), CREMA_OK);
        Crema__PowerParameter *m = finish(&f);
        bool nan = strchr(word[i], 'a') != NULL;
        ck_assert(nan ? m->scale != m->scale : m->scale == (word[i][0] == '-' ? -INFINITY : INFINITY));
        cr_arena_free(&f.arena);
    }
}
END_TEST

START_TEST(what_is_no_float_is_refused)
{
    static const char *const bad[] = {"010", "0x10", "1.2.3", "1e", "e5",    ".",
                                      "1x",  "1ff",  "",      "-",  "1e5.0", "f"};
    fixture f;
    start(&f, &crema__power_parameter__descriptor, false);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(set(&f, "scale", CR_VALUE_NUMBER, bad[i]) == CREMA_ERR_INPUT, "%s", bad[i]);
    ck_assert_int_eq(set(&f, "scale", CR_VALUE_WORD, "info"), CREMA_ERR_INPUT);
    ck_assert_int_eq(set(&f, "scale", CR_VALUE_STRING, "1"), CREMA_ERR_INPUT);
    ck_assert_str_eq(f.err.message, "scale must be a number, not \"1\"");
    cr_arena_free(&f.arena);
}
END_TEST

START_TEST(booleans)
{
    static const struct {
        cr_value_kind kind;
        const char *text;
        int want; // -1: refused
    } row[] = {{CR_VALUE_WORD, "true", 1},    {CR_VALUE_WORD, "t", 1},      {CR_VALUE_WORD, "True", 1},
               {CR_VALUE_WORD, "false", 0},   {CR_VALUE_WORD, "f", 0},      {CR_VALUE_WORD, "False", 0},
               {CR_VALUE_NUMBER, "1", 1},     {CR_VALUE_NUMBER, "0", 0},    {CR_VALUE_NUMBER, "0x1", 1},
               {CR_VALUE_NUMBER, "2", -1},    {CR_VALUE_NUMBER, "-1", -1},  {CR_VALUE_WORD, "yes", -1},
               {CR_VALUE_STRING, "true", -1}, {CR_VALUE_NUMBER, "1.0", -1}, {CR_VALUE_WORD, "TRUE", -1}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        fixture f;
        start(&f, &crema__pre_luparameter__descriptor, false);
        cr_status status = set(&f, "channel_shared", row[i].kind, row[i].text);
        ck_assert_msg((status == CREMA_OK) == (row[i].want >= 0), "%s", row[i].text);
        Crema__PReLUParameter *m = finish(&f);
        if (row[i].want >= 0)
            ck_assert_int_eq(m->channel_shared, row[i].want);
        cr_arena_free(&f.arena);
    }
}
END_TEST

START_TEST(enums_by_name_or_known_number)
{
    fixture f;
    start(&f, &crema__pooling_parameter__descriptor, false);
    ck_assert_int_eq(set(&f, "pool", CR_VALUE_WORD, "AVE"), CREMA_OK);
    ck_assert_int_eq(set(&f, "round_mode", CR_VALUE_NUMBER, "1"), CREMA_OK);
    Crema__PoolingParameter *m = finish(&f);
    ck_assert_int_eq(m->pool, CREMA__POOLING_PARAMETER__POOL_METHOD__AVE);
    ck_assert_int_eq(m->round_mode, CREMA__POOLING_PARAMETER__ROUND_MODE__FLOOR);
    ck_assert_int_eq(set(&f, "engine", CR_VALUE_NUMBER, "99"), CREMA_ERR_INPUT);
    ck_assert_str_eq(f.err.message, "engine must be a number of Engine, not 99");
    ck_assert_int_eq(set(&f, "engine", CR_VALUE_WORD, "CUDN"), CREMA_ERR_INPUT);
    ck_assert_str_eq(f.err.message, "engine must be CAFFE, CUDNN, DEFAULT, MKL2017 or MKLDNN, not CUDN");
    ck_assert_int_eq(set(&f, "engine", CR_VALUE_WORD, "CUDNN2"), CREMA_ERR_INPUT);
    cr_arena_free(&f.arena);
}
END_TEST

START_TEST(an_enum_with_many_names_hints_at_the_nearest)
{
    fixture f;
    start(&f, &crema__v1_layer_parameter__descriptor, true);
    ck_assert_int_eq(set(&f, "type", CR_VALUE_WORD, "CONVOLUTON"), CREMA_ERR_INPUT);
    ck_assert_str_eq(f.err.message, "type must be a name of LayerType (CONVOLUTION?), not CONVOLUTON");
    cr_arena_free(&f.arena);
}
END_TEST

START_TEST(strings_need_quotes_and_hold_no_zero_byte)
{
    fixture f;
    start(&f, &crema__layer_parameter__descriptor, false);
    ck_assert_int_eq(set(&f, "name", CR_VALUE_WORD, "conv1"), CREMA_ERR_INPUT);
    ck_assert_str_eq(f.err.message, "name must be a string: put conv1 in quotes");
    ck_assert_int_eq(set(&f, "name", CR_VALUE_NUMBER, "1"), CREMA_ERR_INPUT);
    cr_value zero = {.kind = CR_VALUE_STRING, .text = "a\0b", .size = 3};
    ck_assert_int_eq(cr_builder_set(f.b, field(&f, "name"), &zero, 1, 1, &f.err), CREMA_ERR_INPUT);
    ck_assert_str_eq(f.err.message, "name has a zero byte inside, which a string can't have");
    cr_value empty = {.kind = CR_VALUE_STRING};
    ck_assert_int_eq(cr_builder_set(f.b, field(&f, "name"), &empty, 1, 1, &f.err), CREMA_OK);
    Crema__LayerParameter *m = finish(&f);
    ck_assert_str_eq(m->name, "");
    cr_arena_free(&f.arena);
    start(&f, &crema__datum__descriptor, false);
    ck_assert_int_eq(cr_builder_set(f.b, field(&f, "data"), &zero, 1, 1, &f.err), CREMA_OK);
    Crema__Datum *d = finish(&f);
    ck_assert_uint_eq(d->data.len, 3);
    ck_assert_mem_eq(d->data.data, "a\0b", 3);
    cr_arena_free(&f.arena);
}
END_TEST

START_TEST(values_from_the_wire)
{
    fixture f;
    start(&f, &crema__layer_parameter__descriptor, false);
    ck_assert_int_eq(set_bits(&f, "phase", 1), CREMA_OK);
    ck_assert_int_eq(set_bits(&f, "propagate_down", 5), CREMA_OK);
    ck_assert_int_eq(set_real(&f, "loss_weight", 0.25), CREMA_OK);
    ck_assert_int_eq(set_real(&f, "loss_weight", 1e300), CREMA_OK);
    ck_assert_int_eq(set_bits(&f, "loss_weight", 1), CREMA_ERR_INPUT);
    Crema__LayerParameter *m = finish(&f);
    ck_assert_int_eq(m->phase, CREMA__PHASE__TEST);
    ck_assert_int_eq(m->propagate_down[0], 1);
    ck_assert(m->n_loss_weight == 2 && m->loss_weight[0] == 0.25f && m->loss_weight[1] == INFINITY);
    cr_arena_free(&f.arena);
    start(&f, &crema__accuracy_parameter__descriptor, false);
    ck_assert_int_eq(set_bits(&f, "axis", UINT64_MAX), CREMA_OK);
    ck_assert_int_eq(set_bits(&f, "top_k", 7), CREMA_OK);
    Crema__AccuracyParameter *a = finish(&f);
    ck_assert(a->axis == -1 && a->top_k == 7);
    cr_arena_free(&f.arena);
}
END_TEST

START_TEST(an_enum_number_of_a_stranger_is_a_warning_from_the_wire)
{
    fixture f;
    start(&f, &crema__v1_layer_parameter__descriptor, false);
    ck_assert_int_eq(set_bits(&f, "type", 61), CREMA_OK);
    ck_assert_str_eq(f.warning, "net:2:3: type must be a number of LayerType, not 61: it is ignored");
    Crema__V1LayerParameter *m = finish(&f);
    ck_assert(!m->has_type);
    cr_arena_free(&f.arena);
    start(&f, &crema__v1_layer_parameter__descriptor, true);
    ck_assert_int_eq(set_bits(&f, "type", 61), CREMA_ERR_INPUT);
    cr_arena_free(&f.arena);
}
END_TEST

TEST_MAIN("schema/value", integers_are_decimal_octal_or_hexadecimal, what_is_no_integer_is_refused,
          integers_of_64_bits, floats_in_all_spellings, floats_are_rounded_once_from_the_nearest_double,
          a_float_of_ten_thousand_digits, float_words_in_any_case, what_is_no_float_is_refused, booleans,
          enums_by_name_or_known_number, an_enum_with_many_names_hints_at_the_nearest,
          strings_need_quotes_and_hold_no_zero_byte, values_from_the_wire,
          an_enum_number_of_a_stranger_is_a_warning_from_the_wire)
