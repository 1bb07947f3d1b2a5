/*
 * test_check.c - crema check: a line a case, JSON, exit codes.
 */
#include "tests/support/shell.h"

static void make_manifest(void)
{
    shell_put_npy("x.npy", 1, 2, (float[]){1, 2});
    shell_put_npy("good.npy", 1, 2, (float[]){3, 3});
    shell_put_npy("bad.npy", 1, 2, (float[]){3, 4});
    shell_put("m.yaml",
              "version: 1\n"
              "defaults: {rtol: 1.0e-4, atol: 1.0e-5}\n"
              "cases:\n"
              "  - {name: good, net: ip.prototxt, seed: 1, inputs: {x: x.npy}, expect: {ip: good.npy}}\n"
              "  - {name: bad, net: ip.prototxt, seed: 1, inputs: {x: x.npy}, expect: {ip: bad.npy}}\n"
              "  - {name: wrong, net: nix.prototxt, error: 'some text'}\n");
}

START_TEST(check_prints_a_line_a_case)
{
    shell_begin();
    make_manifest();
    shell_outcome *o = sh("$CREMA check m.yaml --filter 'g*'");
    ck_assert_int_eq(o->code, 0);
    ck_assert_str_eq(o->err, "");
    ck_assert(shell_has(o->out, "ok    good  ip[0,"));
    ck_assert(shell_has(o->out, "]: largest error 0, allowed 0.00031\n1 passed, 0 failed\n"));
    o = sh("$CREMA check m.yaml --filter d");
    ck_assert_int_eq(o->code, 1);
    ck_assert(shell_has(o->out, "FAIL  bad  ip[0,1]: got 3, expected 4, error 1, allowed 0.00041; "
                                "1 of 2 values wrong\n1 passed, 1 failed\n"));
    shell_check(sh("$CREMA check m.yaml --filter zebra"), 2, "0 passed, 0 failed\n",
                "crema: no case matches --filter \"zebra\"\n");
    shell_end();
}
END_TEST

START_TEST(a_manifest_that_is_wrong_is_2)
{
    shell_begin();
    make_manifest();
    shell_outcome *o = sh("$CREMA check nix.yaml m.yaml --filter good");
    ck_assert_int_eq(o->code, 2);
    ck_assert(shell_has(o->err, "crema: nix.yaml: "));
    ck_assert(shell_has(o->out, "1 passed, 0 failed\n"));
    shell_put("k.yaml", "version: 1\ncases:\n  - {name: a, nett: b}\n");
    o = sh("$CREMA check k.yaml");
    ck_assert_int_eq(o->code, 2);
    ck_assert(shell_has(o->err, "crema: k.yaml:3:"));
    ck_assert(shell_has(o->err, "nett"));
    ck_assert_str_eq(o->out, "0 passed, 0 failed\n");
    shell_end();
}
END_TEST

START_TEST(check_json_has_the_counts)
{
    shell_begin();
    make_manifest();
    shell_outcome *o = sh("$CREMA check m.yaml --filter bad --json");
    ck_assert_int_eq(o->code, 1);
    shell_check(o, 1,
                "{\n"
                "  \"cases\": [\n"
                "    {\n"
                "      \"manifest\": \"m.yaml\",\n"
                "      \"name\": \"bad\",\n"
                "      \"passed\": false,\n"
                "      \"blob\": \"ip\",\n"
                "      \"index\": [0, 1],\n"
                "      \"got\": 3,\n"
                "      \"expected\": 4,\n"
                "      \"error\": 1,\n"
                "      \"allowed\": 0.00041000000000000005,\n"
                "      \"wrong\": 1,\n"
                "      \"values\": 2\n"
                "    }\n"
                "  ],\n"
                "  \"passed\": 0,\n"
                "  \"failed\": 1\n"
                "}\n",
                "");
    shell_end();
}
END_TEST

TEST_MAIN("cli/check", check_prints_a_line_a_case, a_manifest_that_is_wrong_is_2, check_json_has_the_counts)
