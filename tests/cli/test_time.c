/*
 * test_time.c - crema time: a row for each layer. No time is compared with anything.
 */
#include "tests/support/shell.h"

START_TEST(time_lists_the_layers)
{
    shell_begin();
    shell_outcome *o = sh("$CREMA time ip.prototxt --allow-missing --iterations 3 --threads 1");
    ck_assert_int_eq(o->code, 0);
    ck_assert_str_eq(o->err, "");
    ck_assert(shell_has(o->out, "layer  type"));
    ck_assert(shell_has(o->out, "ip     InnerProduct"));
    ck_assert(shell_has(o->out, " ms (median of 3), 0.000 million multiply-adds"));
    o = sh("$CREMA time ip.prototxt --allow-missing --input-shape x=5,2 --json");
    ck_assert_int_eq(o->code, 0);
    ck_assert(shell_has(o->out, "  \"layers\": [\n"));
    ck_assert(shell_has(o->out, "      \"name\": \"ip\",\n      \"type\": \"InnerProduct\",\n"));
    ck_assert(shell_has(o->out, "      \"shape\": [5, 2],\n      \"ms\": "));
    ck_assert(shell_has(o->out, "  \"total_ms\": "));
    ck_assert(shell_has(o->out, "  \"iterations\": 10,\n  \"macs\": 20,\n"));
    shell_end();
}
END_TEST

START_TEST(missing_weights_name_the_option)
{
    shell_begin();
    shell_outcome *o = sh("$CREMA time ip.prototxt");
    ck_assert_int_eq(o->code, 1);
    ck_assert_str_eq(o->out, "");
    ck_assert(shell_has(o->err, "\"ip\""));
    ck_assert(shell_has(o->err, "--allow-missing"));
    shell_end();
}
END_TEST

TEST_MAIN("cli/time", time_lists_the_layers, missing_weights_name_the_option)
