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

static const char conv_net[] =
    "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 8 dim: 16 dim: 16 } } }\n"
    "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c'\n"
    "  convolution_param { num_output: 8 kernel_size: 1 weight_filler { type: 'xavier' } } }\n"
    "layer { name: 'r' type: 'ReLU' bottom: 'c' top: 'c' }\n";

START_TEST(explain_says_why)
{
    shell_begin();
    shell_put("net.prototxt", conv_net);
    shell_outcome *o = sh("$CREMA time net.prototxt --allow-missing --threads 1 --explain");
    ck_assert_int_eq(o->code, 0);
    ck_assert(shell_has(o->out, "  GFLOP/s  of peak  GB/s\n"));
    ck_assert(shell_has(o->out, "\n    not dot: a window is not the whole image; "));
    ck_assert(shell_has(o->out, "% of the peak\n"));
    ck_assert(shell_has(o->out, "\nlimits, measured in this run: "));
    o = sh("$CREMA time net.prototxt --allow-missing --threads 1 --conv im2col --explain");
    ck_assert(shell_has(o->out, "pointwise: another was asked for;"));
    o = sh("$CREMA time net.prototxt --allow-missing --threads 2 --explain --json | tr -d ' \\n'");
    ck_assert_int_eq(o->code, 0);
    ck_assert(
        shell_has(o->out, "\"refused\":[{\"algorithm\":\"dot\",\"reason\":\"awindowisnotthewholeimage\"},"));
    ck_assert(shell_has(o->out, "\"bytes\":16672,\"gbs\":")); // 2 * 8 * 256 and 8 * 8 + 8 floats
    ck_assert(shell_has(o->out, "\"limits\":{\"threads\":2,\"isa\":\""));
    ck_assert(shell_has(o->out, "\"algorithm\":\"inc\"") &&
              shell_has(o->out, "\"part_of\":\"c\",\"bytes\":0,"));
    o = sh("$CREMA time net.prototxt --allow-missing --json");
    ck_assert(!shell_has(o->out, "refused") && !shell_has(o->out, "limits"));
    shell_end();
}
END_TEST

START_TEST(roofline_is_a_file)
{
    shell_begin();
    shell_put("net.prototxt", conv_net);
    shell_outcome *o =
        sh("$CREMA time net.prototxt --allow-missing --roofline r.svg >/dev/null; head -c 5 r.svg");
    ck_assert_int_eq(o->code, 0);
    ck_assert_str_eq(o->out, "<?xml");
    o = sh("$CREMA time net.prototxt --allow-missing --roofline no/r.svg");
    ck_assert_int_eq(o->code, 1);
    ck_assert_str_eq(o->out, "");
    ck_assert(shell_has(o->err, "crema: no/r.svg: "));
    shell_end();
}
END_TEST

TEST_MAIN("cli/time", time_lists_the_layers, missing_weights_name_the_option, explain_says_why,
          roofline_is_a_file)
