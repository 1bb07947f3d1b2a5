#include "cli/args.h"
#include "tests/test.h"

#include <string.h>

static const cli_option options[] = {{OPT_TOP, 0, "top", "K", "a number"},
                                     {OPT_STAGE, 0, "stage", "NAME", "may be repeated"},
                                     {OPT_JSON, 0, "json", NULL, "a flag"},
                                     {OPT_HELP, 'h', "help", NULL, "this text"},
                                     {0}};
static const cli_command command = {.name = "do",
                                    .usage = "WHAT",
                                    .about = "Does.\n",
                                    .group = {{"options", options}},
                                    .min_operands = 1,
                                    .operand = "WHAT"};

static cli_session session;

static int parse(cli_args *args, const char *a, const char *b, const char *c, const char *d)
{
    const char *given[] = {a, b, c, d};
    int n = 0;
    while (n < 4 && given[n])
        n++;
    return cli_args_parse(&session, &command, n, (char **)given, args);
}

START_TEST(values_and_operands)
{
    cli_args args;
    ck_assert_int_eq(parse(&args, "--top", "-3", "x", "--json"), CLI_OK);
    ck_assert_str_eq(cli_value(&args, OPT_TOP), "-3");
    ck_assert_str_eq(cli_value(&args, OPT_JSON), "");
    ck_assert_ptr_null(cli_value(&args, OPT_STAGE));
    ck_assert_int_eq(args.n_operands, 1);
    ck_assert_str_eq(args.operand[0], "x");
    ck_assert_int_eq(parse(&args, "x", "--", "--top", "-"), CLI_OK);
    ck_assert_int_eq(args.n_operands, 3);
    ck_assert_ptr_null(cli_value(&args, OPT_TOP));
    cli_mem_free(&session.mem);
}
END_TEST

START_TEST(repeated_values_come_in_order)
{
    cli_args args;
    ck_assert_int_eq(parse(&args, "--stage=a", "--stage=", "--stage=c=d", "x"), CLI_OK);
    int at = 0;
    ck_assert_str_eq(cli_next_value(&args, OPT_STAGE, &at), "a");
    ck_assert_str_eq(cli_next_value(&args, OPT_STAGE, &at), "");
    ck_assert_str_eq(cli_next_value(&args, OPT_STAGE, &at), "c=d");
    ck_assert_ptr_null(cli_next_value(&args, OPT_STAGE, &at));
    ck_assert_int_eq(cli_count(&args, OPT_STAGE), 3);
    ck_assert_str_eq(cli_value(&args, OPT_STAGE), "c=d");
    cli_mem_free(&session.mem);
}
END_TEST

START_TEST(wrong_ones_are_refused)
{
    cli_args args;
    ck_assert_int_eq(parse(&args, NULL, NULL, NULL, NULL), CLI_USAGE);
    ck_assert_int_eq(parse(&args, "--help", NULL, NULL, NULL), CLI_OK);
    ck_assert_int_eq(parse(&args, "x", "--top", NULL, NULL), CLI_USAGE);
    ck_assert_int_eq(parse(&args, "x", "--to", "1", NULL), CLI_USAGE);
    ck_assert_int_eq(parse(&args, "x", "--json=1", NULL, NULL), CLI_USAGE);
    ck_assert_int_eq(parse(&args, "x", "", NULL, NULL), CLI_USAGE);
    ck_assert_int_eq(parse(&args, "x", "-hh", NULL, NULL), CLI_USAGE);
    cli_mem_free(&session.mem);
}
END_TEST

START_TEST(numbers_are_whole_texts_in_range)
{
    static const char *const bad[] = {"", " 1", "1 ", "0x10", "1e3", "11", "0", "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cli_args args;
        int64_t n = 7;
        ck_assert_int_eq(parse(&args, "x", "--top", bad[i], NULL), CLI_OK);
        ck_assert_int_eq(cli_int_value(&session, &args, OPT_TOP, 1, 10, &n), CLI_USAGE);
        ck_assert_int_eq(n, 7);
    }
    float f;
    ck_assert(cli_parse_float("-1.5e2", &f));
    ck_assert_float_eq(f, -150);
    ck_assert(!cli_parse_float("1.5x", &f) && !cli_parse_float("nan", &f) && !cli_parse_float("1e99", &f) &&
              !cli_parse_float("", &f));
    cli_mem_free(&session.mem);
}
END_TEST

START_TEST(the_nearest_name_is_found)
{
    static const char *const names[] = {"input", "input-shape", "output", "top", NULL};
    ck_assert_str_eq(cli_nearest("inptu", names), "input");
    ck_assert_str_eq(cli_nearest("Output", names), "output");
    ck_assert_str_eq(cli_nearest("inputshape", names), "input-shape");
    ck_assert_ptr_null(cli_nearest("frobnicate", names));
    ck_assert_ptr_null(cli_nearest("a-name-that-is-longer-than-any-option-there-is", names));
}
END_TEST

TEST_MAIN("cli/args", values_and_operands, repeated_values_come_in_order, wrong_ones_are_refused,
          numbers_are_whole_texts_in_range, the_nearest_name_is_found)
