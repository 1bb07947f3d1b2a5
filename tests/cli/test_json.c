#include "cli/json.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

static char text[4000];

static cli_json begin(void)
{
    cli_json j = {.f = fmemopen(text, sizeof text, "w")};
    ck_assert_ptr_nonnull(j.f);
    cli_json_begin(&j, NULL, '[');
    return j;
}

// What stands between the brackets of the document, which holds one value.
static void end(cli_json *j, const char *expected)
{
    cli_json_end(j, ']');
    fclose(j->f);
    size_t n = strlen(text);
    ck_assert(n >= 7 && strncmp(text, "[\n  ", 4) == 0 && strcmp(text + n - 3, "\n]\n") == 0);
    text[n - 3] = 0;
    ck_assert_str_eq(text + 4, expected);
}

START_TEST(floats_are_the_shortest_that_read_back_equal)
{
    cli_json j = begin();
    const float value[] = {0, -0.0f, 1, 0.1f, 16777216, 1e20f, 0.10650698f, 3.4028235e38f, 1e-45f};
    cli_json_floats(&j, NULL, value, 9);
    end(&j, "[0, -0, 1, 0.1, 16777216, 1e+20, 0.10650698, 3.4028235e+38, 1e-45]");
    for (float f = 1e-30f; f < 1e30f; f *= 1.37f) {
        j = begin();
        cli_json_float(&j, NULL, f);
        cli_json_end(&j, ']');
        fclose(j.f);
        ck_assert(strtof(text + 1, NULL) <= f && strtof(text + 1, NULL) >= f);
    }
}
END_TEST

START_TEST(doubles_keep_all_digits)
{
    static const double value[] = {0.1, 1.0 / 3, 1e300, 123456789};
    static const char *const expected[] = {"0.1", "0.3333333333333333", "1e+300", "123456789"};
    for (int i = 0; i < 4; i++) {
        cli_json j = begin();
        cli_json_double(&j, NULL, value[i]);
        end(&j, expected[i]);
    }
}
END_TEST

START_TEST(what_is_no_number_is_a_string)
{
    cli_json j = begin();
    cli_json_floats(&j, NULL, (const float[]){(float)NAN, (float)INFINITY, -(float)INFINITY}, 3);
    end(&j, "[\"NaN\", \"Infinity\", \"-Infinity\"]");
    j = begin();
    cli_json_double(&j, NULL, -INFINITY);
    end(&j, "\"-Infinity\"");
}
END_TEST

START_TEST(strings_are_valid_utf8_always)
{
    static const char *const value[] = {
        "a\"b\\c\n\x7f",    "h\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x90\xB1", // fine as they are
        "\xC0\x80",                                                    // too long
        "\xED\xA0\x80",                                                // a surrogate
        "\xF4\x90\x80\x80",                                            // beyond the last
        "x\xE2\x82",                                                   // cut
    };
#define BAD "\xEF\xBF\xBD"
    static const char *const expected[] = {
        "\"a\\\"b\\\\c\\u000a\\u007f\"",
        "\"h\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x90\xB1\"",
        "\"" BAD BAD "\"",
        "\"" BAD BAD BAD "\"",
        "\"" BAD BAD BAD BAD "\"",
        "\"x" BAD BAD "\"",
    };
    for (size_t i = 0; i < sizeof value / sizeof *value; i++) {
        cli_json j = begin();
        cli_json_string(&j, NULL, value[i]);
        end(&j, expected[i]);
    }
}
END_TEST

START_TEST(nesting_and_commas)
{
    cli_json j = begin();
    cli_json_begin(&j, NULL, '{');
    cli_json_begin(&j, "none", '[');
    cli_json_end(&j, ']');
    cli_json_string(&j, "a", NULL);
    cli_json_bool(&j, "b", true);
    cli_json_shape(&j, "s", &(crema_shape){.rank = 2, .dim = {3, 4}});
    cli_json_shape(&j, "t", &(crema_shape){.rank = -1});
    cli_json_end(&j, '}');
    end(&j,
        "{\n    \"none\": [],\n    \"a\": null,\n    \"b\": true,\n    \"s\": [3, 4],\n    \"t\": null\n  }");
}
END_TEST

TEST_MAIN("cli/json", floats_are_the_shortest_that_read_back_equal, doubles_keep_all_digits,
          what_is_no_number_is_a_string, strings_are_valid_utf8_always, nesting_and_commas)
