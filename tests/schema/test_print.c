// How numbers are spelled, and the order of values; whole messages are in tests/write.
#include "crema.pb-c.h"
#include "schema/print.h"
#include "schema/value.h"
#include "tests/test.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const ProtobufCFieldDescriptor *field_of(const ProtobufCMessageDescriptor *type, const char *name)
{
    const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field_by_name(type, name);
    ck_assert_ptr_nonnull(f);
    return f;
}

static const char *spelled(float x)
{
    static char buf[CR_PRINT_SCALAR];
    return cr_print_scalar(field_of(&crema__re_luparameter__descriptor, "negative_slope"), &x, buf);
}

static const char *spelled_double(double x)
{
    static char buf[CR_PRINT_SCALAR];
    return cr_print_scalar(field_of(&crema__blob_proto__descriptor, "double_data"), &x, buf);
}

START_TEST(floats_are_short)
{
    static const struct {
        float x;
        const char *want;
    } row[] = {{0, "0"},
               {-0.0f, "-0"},
               {1, "1"},
               {-1, "-1"},
               {0.1f, "0.1"},
               {0.0005f, "0.0005"},
               {1e-5f, "1e-05"},
               {104.00699f, "104.00699"},
               {123456, "123456"},
               {1234567, "1234567"},
               {1e6f, "1e+06"},
               {16777216, "16777216"},
               {100, "100"},
               {1e38f, "1e+38"},
               {1e-45f, "1e-45"},
               {1.1754942e-38f, "1.1754942e-38"},
               {3.4028235e38f, "3.4028235e+38"},
               {0.3333333433f, "0.33333334"},
               {INFINITY, "inf"},
               {-INFINITY, "-inf"},
               {NAN, "nan"}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        ck_assert_str_eq(spelled(row[i].x), row[i].want);
    ck_assert_str_eq(spelled_double(0.1), "0.1");
    ck_assert_str_eq(spelled_double(1.0 / 3), "0.3333333333333333");
    ck_assert_str_eq(spelled_double(1e300), "1e+300");
    ck_assert_str_eq(spelled_double(5e-324), "5e-324");
}
END_TEST

// Bits of all kinds, through the reader.
START_TEST(floats_read_back)
{
    const ProtobufCFieldDescriptor *f = field_of(&crema__re_luparameter__descriptor, "negative_slope");
    cr_arena arena = {0};
    uint32_t bits = 1;
    for (int i = 0; i < 200000; i++) {
        float x, got;
        char buf[CR_PRINT_SCALAR], why[CR_VALUE_WHY];
        bits = bits * 1664525u + 1013904223u;
        memcpy(&x, &bits, sizeof x);
        if (!isfinite(x))
            continue;
        cr_value v = {.kind = CR_VALUE_NUMBER, .text = cr_print_scalar(f, &x, buf)};
        v.size = strlen(v.text);
        ck_assert_int_eq(cr_value_store(f, &v, &arena, &got, why), CREMA_OK);
        ck_assert_msg(memcmp(&x, &got, sizeof x) == 0, "%s", buf);
    }
    cr_arena_free(&arena);
}
END_TEST

START_TEST(the_point_does_not_depend_on_the_locale)
{
    if (!setlocale(LC_NUMERIC, "de_DE.UTF-8") && !setlocale(LC_NUMERIC, "de_DE"))
        printf("skipped: there is no locale with another point\n");
    ck_assert_str_eq(spelled(1.5f), "1.5");
    ck_assert_str_eq(spelled(1.25e-7f), "1.25e-07");
    setlocale(LC_NUMERIC, "C");
}
END_TEST

START_TEST(integers_and_names)
{
    char buf[CR_PRINT_SCALAR];
    int32_t i = -3;
    uint32_t u = 4000000000u;
    int64_t l = INT64_MIN;
    protobuf_c_boolean b = 1;
    int e = CREMA__PHASE__TEST;
    ck_assert_str_eq(cr_print_scalar(field_of(&crema__scale_parameter__descriptor, "axis"), &i, buf), "-3");
    ck_assert_str_eq(
        cr_print_scalar(field_of(&crema__convolution_parameter__descriptor, "num_output"), &u, buf),
        "4000000000");
    ck_assert_str_eq(cr_print_scalar(field_of(&crema__blob_shape__descriptor, "dim"), &l, buf),
                     "-9223372036854775808");
    ck_assert_str_eq(cr_print_scalar(field_of(&crema__scale_parameter__descriptor, "bias_term"), &b, buf),
                     "true");
    ck_assert_str_eq(cr_print_scalar(field_of(&crema__layer_parameter__descriptor, "phase"), &e, buf),
                     "TEST");
}
END_TEST

// By place; what has none stands behind what is before it in the schema.
START_TEST(the_order_of_values)
{
    cr_arena arena = {0};
    cr_notes *notes = cr_notes_create(&arena, "net");
    Crema__LayerParameter layer = CREMA__LAYER_PARAMETER__INIT;
    char *bottom[] = {"b0", "b1"}, *top[] = {"t"};
    layer.name = "n";
    layer.type = "T";
    layer.bottom = bottom;
    layer.n_bottom = 2;
    layer.top = top;
    layer.n_top = 1;
    ck_assert(cr_notes_set_pos(notes, &layer, "top", 0, 2, 5));
    ck_assert(cr_notes_set_pos(notes, &layer, "bottom", 0, 2, 9));
    ck_assert(cr_notes_set_pos(notes, &layer, "type", 0, 3, 1));
    ck_assert(cr_notes_add_unknown(notes, &layer, "x", "x: 1", 2, 7));
    cr_print_list list;
    ck_assert(cr_print_items(&layer.base, notes, &list));
    static const char *const want[] = {"name", "top", "x", "bottom", "bottom", "type"};
    ck_assert_uint_eq(list.n, 6);
    for (size_t i = 0; i < 6; i++) {
        const cr_print_item *item = &list.item[i];
        ck_assert_str_eq(item->field ? item->field->name : item->unknown->name, want[i]);
    }
    ck_assert_uint_eq(list.item[4].index, 1);
    ck_assert_int_eq(list.item[4].line, 0);
    cr_free(list.item);
    ck_assert(cr_print_items(&layer.base, NULL, &list));
    ck_assert_uint_eq(list.n, 5);
    ck_assert_str_eq(list.item[0].field->name, "name");
    cr_free(list.item);
    cr_arena_free(&arena);
}
END_TEST

START_TEST(letters)
{
    static const struct {
        const char *s;
        size_t n, want;
    } row[] = {
        {"a", 1, 1},        {"\0", 1, 1},           {"\xC3\xA4", 2, 2},         {"\xC3\xA4", 1, 0},
        {"\xC0\x80", 2, 0}, {"\xE2\x82\xAC", 3, 3}, {"\xED\xA0\x80", 3, 0},     {"\x80", 1, 0},
        {"\xFF", 1, 0},     {"\xE0\x80\x80", 3, 0}, {"\xF0\x9F\x98\x80", 4, 4}, {"\xF4\x90\x80\x80", 4, 0},
        {"", 0, 0}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        ck_assert_uint_eq(cr_utf8_letter(row[i].s, row[i].n), row[i].want);
}
END_TEST

TEST_MAIN("schema/print", floats_are_short, floats_read_back, the_point_does_not_depend_on_the_locale,
          integers_and_names, the_order_of_values, letters)
