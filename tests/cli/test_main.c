/*
 * test_main.c - the command line as a user meets it: usage, help, options that are wrong; and how the command ends
 * when its output can't be written.
 */
#include "tests/support/shell.h"

#include <stdio.h>
#include <string.h>

START_TEST(alone_it_prints_usage)
{
    shell_begin();
    shell_outcome *o = sh("$CREMA");
    ck_assert_int_eq(o->code, 2);
    ck_assert_str_eq(o->out, "");
    ck_assert(shell_has(o->err, "usage: crema COMMAND"));
    ck_assert(shell_has(o->err, "check"));
    shell_end();
}
END_TEST

START_TEST(version_is_the_librarys)
{
    shell_begin();
    shell_check(sh("$CREMA --version"), 0, "crema " CREMA_VERSION "\n", "");
    shell_end();
}
END_TEST

START_TEST(help_goes_to_standard_output)
{
    shell_begin();
    shell_outcome *o = sh("$CREMA --help");
    ck_assert_int_eq(o->code, 0);
    ck_assert_str_eq(o->err, "");
    ck_assert(shell_has(o->out, "usage: crema COMMAND"));
    static const char *const commands[] = {"run", "check", "time"};
    for (int i = 0; i < 3; i++) {
        shell_outcome one = *sh("$CREMA help %s", commands[i]);
        ck_assert_int_eq(one.code, 0);
        ck_assert(shell_has(one.out, "--threads N"));
        shell_check(sh("$CREMA %s --help", commands[i]), 0, one.out, "");
        shell_check(sh("$CREMA %s x -h", commands[i]), 0, one.out, "");
    }
    shell_end();
}
END_TEST

START_TEST(every_option_has_its_line)
{
    shell_begin();
    static const char *const run[] = {
        "input",   "preprocess", "channels",  "size",        "fit",
        "raw",     "mean",       "scale",     "top",         "labels",
        "draw",    "output",     "dump",      "phase",       "level",
        "stage",   "strict",     "seed",      "input-shape", "allow-missing",
        "threads", "exact",      "conv",      "isa",         "winograd-tolerance",
        "memory",  "json",       "min-score", "verbose",     "help"};
    shell_outcome *o = sh("$CREMA help run");
    for (size_t i = 0; i < sizeof run / sizeof *run; i++) {
        char option[40];
        snprintf(option, sizeof option, "--%s ", run[i]);
        ck_assert_msg(shell_has(o->out, option), "%s", option);
    }
    for (const char *line = o->out; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        ck_assert_msg(strcspn(line, "\n") <= 110, "%.110s", line);
    shell_end();
}
END_TEST

START_TEST(wrong_uses_are_named)
{
    shell_begin();
    shell_check(sh("$CREMA rum x"), 2, "", "crema: unknown command \"rum\"; did you mean \"crema run\"?\n");
    shell_check(sh("$CREMA helicopter"), 2, "",
                "crema: unknown command \"helicopter\"; \"crema --help\" lists them\n");
    shell_check(sh("$CREMA --threads 2"), 2, "",
                "crema: options follow a command, as in \"crema run NET --threads\"\n");
    shell_check(sh("$CREMA run x --inptu y"), 2, "",
                "crema: run: unknown option --inptu; did you mean --input?\n");
    shell_check(sh("$CREMA run x --lables=y"), 2, "",
                "crema: run: unknown option --lables; did you mean --labels?\n");
    shell_check(sh("$CREMA check x --frobnicate"), 2, "",
                "crema: check: unknown option --frobnicate; \"crema help check\" lists them\n");
    shell_check(sh("$CREMA run x -z"), 2, "",
                "crema: run: unknown option -z; \"crema help run\" lists them\n");
    shell_check(sh("$CREMA run x --top"), 2, "", "crema: --top needs a value: --top K\n");
    shell_check(sh("$CREMA run x --json=yes"), 2, "", "crema: --json takes no value\n");
    shell_check(sh("$CREMA check"), 2, "",
                "crema: check: MANIFEST is missing: crema check MANIFEST... [options]\n");
    shell_check(sh("$CREMA time pixel.prototxt --iterations 0"), 2, "",
                "crema: --iterations must be a whole number from 1 to 100000, not \"0\"\n");
    shell_check(sh("$CREMA time pixel.prototxt --threads 1.5"), 2, "",
                "crema: --threads must be a whole number from 1 to 1024, not \"1.5\"\n");
    shell_check(sh("$CREMA time pixel.prototxt --winograd-tolerance -1"), 2, "",
                "crema: --winograd-tolerance must not be negative\n");
    shell_check(sh("$CREMA time pixel.prototxt --memory large"), 2, "",
                "crema: --memory must be one of small|fast, not \"large\"\n");
    shell_check(sh("$CREMA check m.yaml --winograd-tolerance fast"), 2, "",
                "crema: --winograd-tolerance must be a number, not \"fast\"\n");
    shell_check(sh("$CREMA run pixel.prototxt --phase test2"), 2, "",
                "crema: --phase must be one of train|test, not \"test2\"\n");
    shell_check(sh("$CREMA time pixel.prototxt --input-shape data=1,a"), 2, "",
                "crema: --input-shape must be BLOB=N,C,H,W, not \"data=1,a\"\n");
    shell_check(sh("$CREMA time pixel.prototxt --input-shape dat=1,3,1,1"), 2, "",
                "crema: --input-shape: the net has no input \"dat\"; its inputs: \"data\" (1x3x1x1)\n");
    shell_end();
}
END_TEST

START_TEST(options_may_stand_anywhere)
{
    shell_begin();
    shell_outcome one = *sh("$CREMA run pixel.prototxt --input red.ppm --top 1");
    ck_assert_int_eq(one.code, 0);
    shell_check(sh("$CREMA run --top=1 --input=red.ppm pixel.prototxt"), 0, one.out, "");
    shell_check(sh("$CREMA run --top 7 --input red.ppm --top 1 -- pixel.prototxt"), 0, one.out, "");
    shell_end();
}
END_TEST

START_TEST(output_that_cannot_be_written_is_an_error)
{
    shell_begin();
    shell_outcome *o = sh("$CREMA run pixel.prototxt --input red.ppm >/dev/full");
    ck_assert_int_eq(o->code, 1);
    ck_assert_str_eq(o->err, "crema: can't write to standard output: No space left on device\n");
    o = sh("$CREMA --version >/dev/full");
    ck_assert_int_eq(o->code, 1);
    // With its number free, the output file would become the standard output.
    o = sh("$CREMA run pixel.prototxt --input red.ppm --output prob=p.npy --top 1 >&-");
    ck_assert_int_eq(o->code, 1);
    shell_check_npy("p.npy", 4, 3, (float[]){0.10650698f, 0.10650698f, 0.78698605f});
    o = sh("{ $CREMA help run; echo $? >code; } | sleep 0; cat code");
    ck_assert(strcmp(o->out, "1\n") == 0 || strcmp(o->out, "0\n") == 0); // the reader may have been slow
    o = sh("sleep 0 | sleep 0; mkfifo pipe; exec 3<>pipe; ( exec 4>pipe; exec 3>&-; $CREMA --version >&4; "
           "echo $? >code ) & exec 3>&-; wait; cat code");
    ck_assert_str_eq(o->out, "1\n");
    shell_end();
}
END_TEST

TEST_MAIN("cli/main", alone_it_prints_usage, version_is_the_librarys, help_goes_to_standard_output,
          every_option_has_its_line, wrong_uses_are_named, options_may_stand_anywhere,
          output_that_cannot_be_written_is_an_error)
