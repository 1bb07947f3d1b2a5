/*
 * test_command.c - the command as a user meets it: build/crema (CREMA_BIN) is run by a shell in a folder of its
 * own, on nets of a few values; what it writes and its exit status are compared.
 */
#include "crema_tools.h"
#include "tests/test.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct outcome {
    int code;
    char out[40000], err[8000];
} outcome;

static char folder[256]; // of the running test; each runs in a process of its own

static void put(const char *name, const char *text)
{
    FILE *f = fopen(name, "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(text, 1, strlen(text), f), strlen(text));
    ck_assert_int_eq(fclose(f), 0);
}

static void get(const char *name, char *text, size_t size)
{
    FILE *f = fopen(name, "rb");
    ck_assert_ptr_nonnull(f);
    size_t n = fread(text, 1, size - 1, f);
    text[n] = 0;
    fclose(f);
}

static void begin(void)
{
    const char *tmp = getenv("TMPDIR"), *bin = getenv("CREMA_BIN");
    char path[4096];
    ck_assert_ptr_nonnull(realpath(bin ? bin : "build/crema", path));
    setenv("CREMA", path, 1);
    snprintf(folder, sizeof folder, "%s/crema-test-XXXXXX", tmp ? tmp : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
    // The channels of a picture of one pixel are the classes: b, g, r.
    put("pixel.prototxt", "name: 'pixel'\n"
                          "layer { name: 'data' type: 'Input' top: 'data'\n"
                          "  input_param { shape { dim: 1 dim: 3 dim: 1 dim: 1 } } }\n"
                          "layer { name: 'half' type: 'ReLU' bottom: 'data' top: 'a/b' }\n"
                          "layer { name: 'prob' type: 'Softmax' bottom: 'a/b' top: 'prob' }\n");
    put("red.ppm", "P6 1 1 255\n\x03\x01\x01");
    put("blue.ppm", "P6 1 1 255\n\x01\x01\x03");
    put("wide.ppm", "P6 2 1 255\nabcdef");
    put("names.txt", "blue\ngreen\nred\n");
    // Weights that no file has; and an output that is no table of classes.
    put("ip.prototxt",
        "name: 'ip'\n"
        "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 2 } } }\n"
        "layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'ip'\n"
        "  inner_product_param { num_output: 2 weight_filler { type: 'constant' value: 1 } } }\n");
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

static void end(void)
{
    ck_assert_int_eq(chdir("/"), 0);
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

// Runs a line of shell, in which $CREMA is the command.
static outcome *sh(const char *fmt, ...)
{
    static outcome o;
    char line[2000], text[2200];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    snprintf(text, sizeof text, "{ %s\n} >.out 2>.err", line);
    int status = system(text);
    ck_assert_msg(WIFEXITED(status), "%s: killed by a signal", line);
    o.code = WEXITSTATUS(status);
    get(".out", o.out, sizeof o.out);
    get(".err", o.err, sizeof o.err);
    return &o;
}

static void check(const outcome *o, int code, const char *out, const char *err)
{
    ck_assert_str_eq(o->err, err);
    ck_assert_str_eq(o->out, out);
    ck_assert_int_eq(o->code, code);
}

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

static void write_npy(const char *path, int n, int c, const float *data)
{
    crema_error err = {0};
    crema_shape shape = {.rank = 2, .dim = {n, c}};
    ck_assert_int_eq(crema_npy_write(path, &shape, data, &err), CREMA_OK);
}

static void check_npy(const char *path, int rank, int64_t count, const float *data)
{
    crema_error err = {0};
    crema_array array;
    ck_assert_msg(crema_npy_read(path, &array, &err) == CREMA_OK, "%s: %s", path, err.message);
    ck_assert_int_eq(array.shape.rank, rank);
    int64_t n = 1;
    for (int i = 0; i < rank; i++)
        n *= array.shape.dim[i];
    ck_assert_int_eq(n, count);
    for (int64_t i = 0; i < n; i++)
        ck_assert_float_eq_tol(array.data[i], data[i], 1e-6f);
    crema_array_free(&array);
}

/* ---- the command line ---- */

START_TEST(alone_it_prints_usage)
{
    begin();
    outcome *o = sh("$CREMA");
    ck_assert_int_eq(o->code, 2);
    ck_assert_str_eq(o->out, "");
    ck_assert(has(o->err, "usage: crema COMMAND"));
    ck_assert(has(o->err, "check"));
    end();
}
END_TEST

START_TEST(version_is_the_librarys)
{
    begin();
    check(sh("$CREMA --version"), 0, "crema " CREMA_VERSION "\n", "");
    end();
}
END_TEST

START_TEST(help_goes_to_standard_output)
{
    begin();
    outcome *o = sh("$CREMA --help");
    ck_assert_int_eq(o->code, 0);
    ck_assert_str_eq(o->err, "");
    ck_assert(has(o->out, "usage: crema COMMAND"));
    static const char *const commands[] = {"run", "check", "time"};
    for (int i = 0; i < 3; i++) {
        outcome one = *sh("$CREMA help %s", commands[i]);
        ck_assert_int_eq(one.code, 0);
        ck_assert(has(one.out, "--threads N"));
        check(sh("$CREMA %s --help", commands[i]), 0, one.out, "");
        check(sh("$CREMA %s x -h", commands[i]), 0, one.out, "");
    }
    end();
}
END_TEST

START_TEST(every_option_has_its_line)
{
    begin();
    static const char *const run[] = {
        "input", "preprocess", "channels", "size", "fit",         "raw",           "mean",
        "scale", "top",        "labels",   "draw", "output",      "dump",          "phase",
        "level", "stage",      "strict",   "seed", "input-shape", "allow-missing", "threads",
        "exact", "conv",       "isa",      "json", "min-score",   "verbose",       "help"};
    outcome *o = sh("$CREMA help run");
    for (size_t i = 0; i < sizeof run / sizeof *run; i++) {
        char option[40];
        snprintf(option, sizeof option, "--%s ", run[i]);
        ck_assert_msg(has(o->out, option), "%s", option);
    }
    for (const char *line = o->out; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        ck_assert_msg(strcspn(line, "\n") <= 110, "%.110s", line);
    end();
}
END_TEST

START_TEST(wrong_uses_are_named)
{
    begin();
    check(sh("$CREMA rum x"), 2, "", "crema: unknown command \"rum\"; did you mean \"crema run\"?\n");
    check(sh("$CREMA helicopter"), 2, "",
          "crema: unknown command \"helicopter\"; \"crema --help\" lists them\n");
    check(sh("$CREMA --threads 2"), 2, "",
          "crema: options follow a command, as in \"crema run NET --threads\"\n");
    check(sh("$CREMA run x --inptu y"), 2, "", "crema: run: unknown option --inptu; did you mean --input?\n");
    check(sh("$CREMA run x --lables=y"), 2, "",
          "crema: run: unknown option --lables; did you mean --labels?\n");
    check(sh("$CREMA check x --frobnicate"), 2, "",
          "crema: check: unknown option --frobnicate; \"crema help check\" lists them\n");
    check(sh("$CREMA run x -z"), 2, "", "crema: run: unknown option -z; \"crema help run\" lists them\n");
    check(sh("$CREMA run x --top"), 2, "", "crema: --top needs a value: --top K\n");
    check(sh("$CREMA run x --json=yes"), 2, "", "crema: --json takes no value\n");
    check(sh("$CREMA check"), 2, "",
          "crema: check: MANIFEST is missing: crema check MANIFEST... [options]\n");
    check(sh("$CREMA time pixel.prototxt --iterations 0"), 2, "",
          "crema: --iterations must be a whole number from 1 to 100000, not \"0\"\n");
    check(sh("$CREMA time pixel.prototxt --threads 1.5"), 2, "",
          "crema: --threads must be a whole number from 1 to 1024, not \"1.5\"\n");
    check(sh("$CREMA run pixel.prototxt --phase test2"), 2, "",
          "crema: --phase must be one of train|test, not \"test2\"\n");
    check(sh("$CREMA time pixel.prototxt --input-shape data=1,a"), 2, "",
          "crema: --input-shape must be BLOB=N,C,H,W, not \"data=1,a\"\n");
    check(sh("$CREMA time pixel.prototxt --input-shape dat=1,3,1,1"), 2, "",
          "crema: --input-shape: the net has no input \"dat\"; its inputs: \"data\" (1x3x1x1)\n");
    end();
}
END_TEST

START_TEST(options_may_stand_anywhere)
{
    begin();
    outcome one = *sh("$CREMA run pixel.prototxt --input red.ppm --top 1");
    ck_assert_int_eq(one.code, 0);
    check(sh("$CREMA run --top=1 --input=red.ppm pixel.prototxt"), 0, one.out, "");
    check(sh("$CREMA run --top 7 --input red.ppm --top 1 -- pixel.prototxt"), 0, one.out, "");
    end();
}
END_TEST

/* ---- crema run ---- */

START_TEST(scores_become_a_table)
{
    begin();
    check(sh("$CREMA run pixel.prototxt --input data=red.ppm,blue.ppm --labels names.txt --top 2"), 0,
          "red.ppm: prob\n"
          "rank     score  class  label\n"
          "   1  0.786986      2  red\n"
          "   2  0.106507      0  blue\n"
          "\n"
          "blue.ppm: prob\n"
          "rank     score  class  label\n"
          "   1  0.786986      0  blue\n"
          "   2  0.106507      1  green\n",
          "");
    check(sh("$CREMA run pixel.prototxt --input red.ppm --input blue.ppm --min-score 0.5"), 0,
          "red.ppm: prob\n"
          "rank     score  class\n"
          "   1  0.786986      2\n"
          "\n"
          "blue.ppm: prob\n"
          "rank     score  class\n"
          "   1  0.786986      0\n",
          "");
    end();
}
END_TEST

START_TEST(rows_of_an_array_have_numbers)
{
    begin();
    write_npy("x.npy", 2, 3, (float[]){0, 0, 9, 9, 0, 0});
    put("scores.prototxt",
        "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 3 } } }\n"
        "layer { name: 'p' type: 'Softmax' bottom: 'x' top: 'p' }\n");
    outcome *o = sh("$CREMA run scores.prototxt --input x.npy --top 1");
    ck_assert_str_eq(o->err, "");
    ck_assert(has(o->out, "image 0: p\nrank     score  class\n   1  0.999753      2\n"));
    ck_assert(has(o->out, "image 1: p\nrank     score  class\n   1  0.999753      0\n"));
    end();
}
END_TEST

START_TEST(preprocessing_options_reach_the_picture)
{
    begin();
    // 1 1 3 as rgb, from 0..1, minus the mean, times 255: logits 3-3 1-1 1-1.
    put("how.yaml", "channels: rgb\nraw: 0..1\n");
    check(sh("$CREMA run pixel.prototxt --input red.ppm --preprocess how.yaml --scale 255 "
             "--mean 0.00784313725,0,0 --output prob=p.npy"),
          0, "", "");
    check_npy("p.npy", 4, 3, (float[]){1 / 3.f, 1 / 3.f, 1 / 3.f});
    check(sh("$CREMA run pixel.prototxt --input red.ppm --channels rgb --output a/b=r.npy"), 0, "", "");
    check_npy("r.npy", 4, 3, (float[]){3, 1, 1});
    check(sh("$CREMA run pixel.prototxt --input wide.ppm --size 1x1 --output a/b=r.npy"), 0, "", "");
    check(sh("$CREMA run pixel.prototxt --input wide.ppm --size net --fit crop --output r.npy"), 0, "", "");
    check(sh("$CREMA run pixel.prototxt --input red.ppm --size 3"), 2, "",
          "crema: --size must be WIDTHxHEIGHT or \"net\", not \"3\"\n");
    check(sh("$CREMA run pixel.prototxt --input red.ppm --fit crop"), 2, "",
          "crema: --fit needs a size to fit to: --size WxH or --size net\n");
    check(sh("$CREMA run pixel.prototxt --input red.ppm --mean 1,,2"), 2, "",
          "crema: --mean must be numbers with commas between, a .npy or a .binaryproto file, not \"1,,2\"\n");
    check(sh("$CREMA run pixel.prototxt --input red.ppm --scale 0"), 2, "", "crema: --scale must not be 0\n");
    check(sh("$CREMA run pixel.prototxt --input red.ppm --channels cmyk"), 2, "",
          "crema: --channels must be one of rgb|bgr|gray, not \"cmyk\"\n");
    end();
}
END_TEST

START_TEST(a_picture_of_another_size_names_both)
{
    begin();
    check(sh("$CREMA run pixel.prototxt --input wide.ppm"), 1, "",
          "crema: wide.ppm: is 2x1 pixels but the net's input is 1x1; --size net scales it to the net's, "
          "--size WxH to any\n");
    end();
}
END_TEST

START_TEST(inputs_are_matched_by_name)
{
    begin();
    check(sh("$CREMA run pixel.prototxt"), 2, "",
          "crema: input \"data\" has no file: --input data=FILE; the net's inputs: \"data\" (1x3x1x1)\n");
    check(sh("$CREMA run pixel.prototxt --input image=red.ppm"), 2, "",
          "crema: --input: the net has no input \"image\"; its inputs: \"data\" (1x3x1x1)\n");
    check(sh("$CREMA run pixel.prototxt --input data="), 2, "", "crema: --input data= names no file\n");
    put("two.prototxt",
        "layer { name: 'a' type: 'Input' top: 'a' input_param { shape { dim: 1 dim: 2 } } }\n"
        "layer { name: 'b' type: 'Input' top: 'b=c' input_param { shape { dim: 1 dim: 2 } } }\n"
        "layer { name: 's' type: 'Eltwise' bottom: 'a' bottom: 'b=c' top: 's' }\n");
    check(sh("$CREMA run two.prototxt --input x.npy"), 2, "",
          "crema: --input must be BLOB=FILE; the net's inputs: \"a\" (1x2), \"b=c\" (1x2)\n");
    write_npy("x.npy", 1, 2, (float[]){1, 2});
    write_npy("y=z.npy", 1, 2, (float[]){4, 8});
    check(sh("$CREMA run two.prototxt --input a=x.npy --input b=c=y=z.npy"), 0,
          "output  shape  min  max  mean  NaN\n"
          "s       1x2      5   10   7.5    0\n",
          "");
    // A file with "=" or "," in its own name.
    write_npy("a,b=c.npy", 1, 3, (float[]){0, 0, 0});
    put("one.prototxt", "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 3 } } }\n"
                        "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'r' }\n");
    check(sh("$CREMA run one.prototxt --input a,b=c.npy"), 0,
          "output  shape  min  max  mean  NaN\n"
          "r       1x3      0    0     0    0\n",
          "");
    end();
}
END_TEST

START_TEST(values_that_are_no_numbers_are_counted)
{
    begin();
    write_npy("x.npy", 1, 3, (float[]){2, (float)NAN, -(float)INFINITY});
    put("one.prototxt", "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 3 } } }\n"
                        "layer { name: 'r' type: 'Reshape' bottom: 'x' top: 'r'\n"
                        "  reshape_param { shape { dim: 0 dim: -1 } } }\n");
    check(sh("$CREMA run one.prototxt --input x.npy"), 0,
          "output  shape   min  max  mean  NaN\n"
          "r       1x3    -inf    2  -inf    1\n",
          "");
    outcome *o = sh("$CREMA run one.prototxt --input x.npy --json");
    ck_assert_int_eq(o->code, 0);
    ck_assert(has(o->out, "\"data\": [2, \"NaN\", \"-Infinity\"]"));
    ck_assert(has(o->out, "\"nan\": 1,"));
    end();
}
END_TEST

START_TEST(json_is_whole)
{
    begin();
    put("bright.ppm", "P6 1 1 255\n\xFF\x01\x01"); // so far from the others that these are exactly 0
    check(sh("$CREMA run pixel.prototxt --input bright.ppm --labels names.txt --top 1 --json"), 0,
          "{\n"
          "  \"net\": \"pixel\",\n"
          "  \"outputs\": [\n"
          "    {\n"
          "      \"name\": \"prob\",\n"
          "      \"shape\": [1, 3, 1, 1],\n"
          "      \"min\": 0,\n"
          "      \"max\": 1,\n"
          "      \"mean\": 0.3333333333333333,\n"
          "      \"nan\": 0,\n"
          "      \"images\": [\n"
          "        {\n"
          "          \"image\": \"bright.ppm\",\n"
          "          \"classes\": [\n"
          "            {\n"
          "              \"class\": 2,\n"
          "              \"label\": \"red\",\n"
          "              \"score\": 1\n"
          "            }\n"
          "          ]\n"
          "        }\n"
          "      ],\n"
          "      \"data\": [0, 0, 1]\n"
          "    }\n"
          "  ]\n"
          "}\n",
          "");
    end();
}
END_TEST

START_TEST(names_from_files_are_made_safe)
{
    begin();
    put("odd.prototxt", "name: 'n\\377\"\\n'\n"
                        "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 2 } } }\n"
                        "layer { name: 'r' type: 'ReLU' bottom: 'x' top: '\\033[31mr' }\n");
    write_npy("x.npy", 1, 2, (float[]){1, 2});
    outcome *o = sh("$CREMA run odd.prototxt --input x.npy");
    ck_assert_int_eq(o->code, 0);
    ck_assert(has(o->out, "\n\\x1b[31mr  1x2"));
    ck_assert(!strchr(o->out, '\033'));
    o = sh("$CREMA run odd.prototxt --input x.npy --json");
    ck_assert(has(o->out, "\"net\": \"n\xEF\xBF\xBD\\\"\\u000a\""));
    ck_assert(has(o->out, "\"name\": \"\\u001b[31mr\""));
    end();
}
END_TEST

START_TEST(dump_writes_every_blob)
{
    begin();
    put("odd.prototxt", "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 2 } } }\n"
                        "layer { name: '1' type: 'ReLU' bottom: 'x' top: '../up' }\n"
                        "layer { name: '2' type: 'ReLU' bottom: '../up' top: '..%2Fup' }\n"
                        "layer { name: '3' type: 'ReLU' bottom: '..%2Fup' top: 'y' }\n"
                        "layer { name: '4' type: 'ReLU' bottom: 'y' top: 'y' }\n");
    write_npy("x.npy", 1, 2, (float[]){1, 2});
    check(sh("$CREMA run odd.prototxt --input x.npy --dump d >/dev/null && ls d"), 0,
          "%2E.%252Fup.npy\n%2E.%2Fup.npy\nx.npy\ny.npy\n", "");
    check_npy("d/%2E.%2Fup.npy", 2, 2, (float[]){1, 2});
    check(sh("$CREMA run odd.prototxt --input x.npy --dump x.npy"), 1, "",
          "crema: x.npy/x.npy: can't write here: Not a directory\n");
    end();
}
END_TEST

START_TEST(output_writes_any_blob)
{
    begin();
    check(sh("$CREMA run pixel.prototxt --input red.ppm --output prob=p.npy --output a/b=h.npy"), 0, "", "");
    check_npy("h.npy", 4, 3, (float[]){1, 1, 3});
    check_npy("p.npy", 4, 3, (float[]){0.10650698f, 0.10650698f, 0.78698605f});
    check(sh("$CREMA run pixel.prototxt --input red.ppm --output nix=p.npy"), 2, "",
          "crema: --output: the net has no blob \"nix\"\n");
    check(sh("$CREMA run pixel.prototxt --input red.ppm --output prob=p.npy --output a/b=p.npy"), 2, "",
          "crema: --output: p.npy is named twice\n");
    outcome *o = sh("$CREMA run pixel.prototxt --input red.ppm --output prob=no/p.npy --top 1");
    ck_assert_int_eq(o->code, 1);
    ck_assert_str_eq(o->out, "");
    ck_assert(has(o->err, "no/p.npy"));
    end();
}
END_TEST

START_TEST(files_that_are_wrong_are_named)
{
    begin();
    static const char *const line[][2] = {
        {"$CREMA run nix.prototxt --input red.ppm", "crema: nix.prototxt: "},
        {"$CREMA run . --input red.ppm", "crema: .: "},
        {"$CREMA run pixel.prototxt nix.caffemodel --input red.ppm", "crema: nix.caffemodel: "},
        {"$CREMA run pixel.prototxt --input nix.ppm", "crema: nix.ppm: "},
        {"$CREMA run pixel.prototxt --input .", "crema: .: "},
        {"$CREMA run pixel.prototxt --input names.txt", "crema: names.txt: "},
        {"$CREMA run pixel.prototxt --input red.ppm --labels nix", "crema: nix: No such file or directory"},
        {"$CREMA run pixel.prototxt --input red.ppm --labels .", "crema: .: Is a directory"},
        {"$CREMA run pixel.prototxt --input red.ppm --preprocess nix.yaml", "crema: nix.yaml: "},
        {"$CREMA run pixel.prototxt --input red.ppm --mean nix.npy", "crema: nix.npy: "},
    };
    for (size_t i = 0; i < sizeof line / sizeof *line; i++) {
        outcome *o = sh("%s", line[i][0]);
        ck_assert_msg(o->code == 1, "%s: %d %s", line[i][0], o->code, o->err);
        ck_assert_str_eq(o->out, "");
        ck_assert_msg(strncmp(o->err, line[i][1], strlen(line[i][1])) == 0, "%s: %s", line[i][0], o->err);
        ck_assert_ptr_eq(strchr(o->err, '\n'), o->err + strlen(o->err) - 1);
    }
    end();
}
END_TEST

START_TEST(an_explicit_shape_must_be_the_files)
{
    begin();
    write_npy("x.npy", 2, 2, (float[]){1, 2, 3, 4});
    outcome *o = sh("$CREMA run ip.prototxt --allow-missing --input x.npy");
    ck_assert_int_eq(o->code, 0);
    ck_assert(has(o->out, "ip      2x2      3    7     5    0\n"));
    check(sh("$CREMA run ip.prototxt --allow-missing --input x.npy --input-shape x=3x2"), 1, "",
          "crema: input \"x\": --input-shape asks for 3x2, x.npy gives 2x2\n");
    end();
}
END_TEST

START_TEST(labels_come_in_several_forms)
{
    begin();
    static const char *const form[] = {
        "blue\r\ngreen\r\nthe red\r\n",
        "n00000001 blue\nn00000002 green\nn00000003 the red\n",
        "0 blue\n1 green\n2 the red\n",
        "0: blue\n2: the red\n",
        "0,blue\n\n2,the red",
        "\xEF\xBB\xBF"
        "blue\n\nthe red\n",
        "item {\n  name: \"r\"\n  label: 2\n  display_name: \"the red\"\n}\nitem {\n  name: 'blue'\n label: "
        "0\n}\n",
    };
    for (size_t i = 0; i < sizeof form / sizeof *form; i++) {
        put("l.txt", form[i]);
        check(sh("$CREMA run pixel.prototxt --input red.ppm --labels l.txt --top 2"), 0,
              "red.ppm: prob\n"
              "rank     score  class  label\n"
              "   1  0.786986      2  the red\n"
              "   2  0.106507      0  blue\n",
              "");
    }
    put("l.txt", "4 door\n2 door\n2 wheeler\n"); // numbers that are names
    ck_assert(has(sh("$CREMA run pixel.prototxt --input red.ppm --labels l.txt")->out, "2  2 wheeler\n"));
    put("l.txt", "\n\n");
    check(sh("$CREMA run pixel.prototxt --input red.ppm --labels l.txt"), 1, "",
          "crema: l.txt: has no labels\n");
    check(sh("printf 'a\\000b' >l.txt; $CREMA run pixel.prototxt --input red.ppm --labels l.txt"), 1, "",
          "crema: l.txt: is not a text file; labels are one a line\n");
    put("l.txt", "a\nb\n");
    ck_assert_str_eq(sh("$CREMA run pixel.prototxt --input red.ppm --labels l.txt")->err,
                     "crema: warning: l.txt names 2 classes, but \"prob\" has 3\n");
    end();
}
END_TEST

START_TEST(boxes_are_needed_to_draw)
{
    begin();
    check(sh("$CREMA run pixel.prototxt --input red.ppm --draw x.png"), 2, "",
          "crema: --draw: the net has no output of boxes (a DetectionOutput layer, or one of YOLO's)\n");
    end();
}
END_TEST

START_TEST(warnings_of_a_kind_are_counted)
{
    begin();
    FILE *f = fopen("w.prototxt", "w");
    fputs("layer { name: 'x' type: 'Input' top: 'x0' input_param { shape { dim: 1 dim: 2 } } }\n", f);
    for (int i = 0; i < 300; i++)
        fprintf(f, "layer { name: 'r%d' type: 'ReLU' bottom: 'x%d' top: 'x%d' no_such_%s: 1 }\n", i, i, i + 1,
                "field");
    fclose(f);
    outcome *o = sh("$CREMA time w.prototxt --iterations 1");
    ck_assert_int_eq(o->code, 0);
    int lines = 0;
    for (const char *p = o->err; (p = strstr(p, "crema: warning: ")); p++)
        lines++;
    ck_assert_int_eq(lines, 4);
    ck_assert(has(o->err, "crema: warning: w.prototxt:2:"));
    ck_assert(has(o->err, "crema: warning: 297 more like the last of them: w.prototxt:301:"));
    end();
}
END_TEST

/* ---- crema check ---- */

static void make_manifest(void)
{
    write_npy("x.npy", 1, 2, (float[]){1, 2});
    write_npy("good.npy", 1, 2, (float[]){3, 3});
    write_npy("bad.npy", 1, 2, (float[]){3, 4});
    put("m.yaml", "version: 1\n"
                  "defaults: {rtol: 1.0e-4, atol: 1.0e-5}\n"
                  "cases:\n"
                  "  - {name: good, net: ip.prototxt, seed: 1, inputs: {x: x.npy}, expect: {ip: good.npy}}\n"
                  "  - {name: bad, net: ip.prototxt, seed: 1, inputs: {x: x.npy}, expect: {ip: bad.npy}}\n"
                  "  - {name: wrong, net: nix.prototxt, error: 'some text'}\n");
}

START_TEST(check_prints_a_line_a_case)
{
    begin();
    make_manifest();
    outcome *o = sh("$CREMA check m.yaml --filter 'g*'");
    ck_assert_int_eq(o->code, 0);
    ck_assert_str_eq(o->err, "");
    ck_assert(has(o->out, "ok    good  ip[0,"));
    ck_assert(has(o->out, "]: largest error 0, allowed 0.00031\n1 passed, 0 failed\n"));
    o = sh("$CREMA check m.yaml --filter d");
    ck_assert_int_eq(o->code, 1);
    ck_assert(has(o->out, "FAIL  bad  ip[0,1]: got 3, expected 4, error 1, allowed 0.00041; "
                          "1 of 2 values wrong\n1 passed, 1 failed\n"));
    check(sh("$CREMA check m.yaml --filter zebra"), 2, "0 passed, 0 failed\n",
          "crema: no case matches --filter \"zebra\"\n");
    end();
}
END_TEST

START_TEST(a_manifest_that_is_wrong_is_2)
{
    begin();
    make_manifest();
    outcome *o = sh("$CREMA check nix.yaml m.yaml --filter good");
    ck_assert_int_eq(o->code, 2);
    ck_assert(has(o->err, "crema: nix.yaml: "));
    ck_assert(has(o->out, "1 passed, 0 failed\n"));
    put("k.yaml", "version: 1\ncases:\n  - {name: a, nett: b}\n");
    o = sh("$CREMA check k.yaml");
    ck_assert_int_eq(o->code, 2);
    ck_assert(has(o->err, "crema: k.yaml:3:"));
    ck_assert(has(o->err, "nett"));
    ck_assert_str_eq(o->out, "0 passed, 0 failed\n");
    end();
}
END_TEST

START_TEST(check_json_has_the_counts)
{
    begin();
    make_manifest();
    outcome *o = sh("$CREMA check m.yaml --filter bad --json");
    ck_assert_int_eq(o->code, 1);
    check(o, 1,
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
    end();
}
END_TEST

/* ---- crema time ---- */

START_TEST(time_lists_the_layers)
{
    begin();
    outcome *o = sh("$CREMA time ip.prototxt --allow-missing --iterations 3 --threads 1");
    ck_assert_int_eq(o->code, 0);
    ck_assert_str_eq(o->err, "");
    ck_assert(has(o->out, "layer  type"));
    ck_assert(has(o->out, "ip     InnerProduct"));
    ck_assert(has(o->out, " ms (median of 3), 0.000 million multiply-adds"));
    o = sh("$CREMA time ip.prototxt --allow-missing --input-shape x=5,2 --json");
    ck_assert_int_eq(o->code, 0);
    ck_assert(has(o->out, "  \"layers\": [\n"));
    ck_assert(has(o->out, "      \"name\": \"ip\",\n      \"type\": \"InnerProduct\",\n"));
    ck_assert(has(o->out, "      \"shape\": [5, 2],\n      \"ms\": "));
    ck_assert(has(o->out, "  \"total_ms\": "));
    ck_assert(has(o->out, "  \"iterations\": 10,\n  \"macs\": 20,\n"));
    end();
}
END_TEST

START_TEST(summary_shows_what_a_net_is_made_of)
{
    begin();
    check(sh("$CREMA summary ip.prototxt"), 0,
          "layer  type          bottoms  tops    parameters  values  MACs\n"
          "x      Input                  x 1x2                    -     -\n"
          "ip     InnerProduct  x 1x2    ip 1x2  2x2, 2           6     4\n"
          "\n"
          "2 layers, 6 learned values (0.00 MB), 0.000 million multiply-adds, activations 0.00 MB\n",
          "");
    outcome *o = sh("$CREMA summary ip.prototxt --json | tr -d ' \\n'");
    ck_assert_int_eq(o->code, 0);
    ck_assert(has(o->out, "\"params\":[{\"shape\":[2,2]},{\"shape\":[2]}]"));
    ck_assert(has(o->out, "\"tops\":[{\"name\":\"ip\",\"shape\":[1,2]}]"));
    ck_assert(has(o->out, "\"outputs\":[{\"name\":\"ip\",\"shape\":[1,2]}]"));
    end();
}
END_TEST

START_TEST(summary_goes_as_far_as_shapes_are_known)
{
    begin();
    put("odd.prototxt", "input: 'x' input_shape { dim: 1 dim: 2 }\n"
                        "layer { name: 'a' type: 'Mystery' bottom: 'x' top: 'y' }\n"
                        "layer { name: 'b' type: 'TanH' bottom: 'y' top: 'z' }\n"
                        "layer { name: 'c' type: 'TanH' bottom: 'x' top: 'w' }\n");
    outcome *o = sh("$CREMA summary odd.prototxt");
    ck_assert_int_eq(o->code, 1);
    ck_assert_str_eq(o->err, "crema: 1 layer is of unknown types; what depends on them is shown as \"?\"\n");
    ck_assert(has(o->out, "Mystery (unknown)"));
    ck_assert(has(o->out, "z ?"));
    ck_assert(has(o->out, "w 1x2"));
    put("open.prototxt", "input: 'x'\nlayer { name: 'b' type: 'TanH' bottom: 'x' top: 'z' }\n");
    o = sh("$CREMA summary open.prototxt --json | tr -d ' \\n'");
    ck_assert_int_eq(o->code, 0);
    ck_assert(has(o->out, "{\"name\":\"z\",\"shape\":null}"));
    o = sh("$CREMA summary open.prototxt --input-shape x=3,4");
    ck_assert_int_eq(o->code, 0);
    ck_assert(has(o->out, "z 3x4"));
    put("train.prototxt", "layer { name: 'x' type: 'Input' top: 'x' include { phase: TRAIN } }\n"
                          "layer { name: 'b' type: 'TanH' bottom: 'x' top: 'z' }\n");
    o = sh("$CREMA summary train.prototxt");
    check(o, 1, "",
          "crema: train.prototxt:2:40: layer \"b\" (TanH): bottom \"x\" is made by layer \"x\", whose rules "
          "keep it out "
          "of phase TEST; try --phase train\n");
    ck_assert_int_eq(sh("$CREMA summary train.prototxt --phase train")->code, 0);
    end();
}
END_TEST

START_TEST(plugins_bring_layer_types)
{
    begin();
    put("lc.prototxt",
        "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 1 dim: 1 dim: 3 } } }\n"
        "layer { name: 'lc' type: 'LocalContrast' bottom: 'x' top: 'y'\n"
        "  local_contrast_param { size: 1 floor: 1 keep: 0 } }\n"
        "layer { name: 'r' type: 'ReLU' bottom: 'y' top: 'z' }\n");
    put("c.yaml",
        "version: 1\ncases:\n  - {name: a, net: lc.prototxt, inputs: {x: x.npy}, expect: {y: x.npy}}\n");
    sh("cp \"$(dirname \"$CREMA\")\"/tests/plugin/*.so .");
    crema_shape shape = {4, {1, 1, 1, 3}};
    ck_assert_int_eq(crema_npy_write("x.npy", &shape, (float[]){1, -2, 3}, NULL), CREMA_OK);
    outcome *o = sh("$CREMA run lc.prototxt --input x.npy");
    ck_assert_int_eq(o->code, 1);
    ck_assert(
        has(o->err, "lc.prototxt:3:3: layer \"lc\": local_contrast_param is not a field that is known"));
    ck_assert(has(o->err, "lc.prototxt:2:26: layer \"lc\": unknown layer type \"LocalContrast\"\n"));
    check(sh("$CREMA run lc.prototxt --input x.npy --plugin example.so --output z=z.npy"), 0, "", "");
    check_npy("z.npy", 4, 3, (float[]){1, 0, 3});
    // Two plugins; the second has a ReLU of its own.
    check(
        sh("$CREMA run lc.prototxt --input x.npy --plugin example.so --plugin=override.so --output z=z.npy"),
        0, "", "");
    check_npy("z.npy", 4, 3, (float[]){7, 7, 7});
    check(sh("$CREMA check c.yaml --plugin ./example.so"), 0,
          "ok    a  y[0,0,0,0]: largest error 0, allowed 0\n1 passed, 0 failed\n", "");
    ck_assert_int_eq(sh("$CREMA check c.yaml")->code, 1);
    check(sh("$CREMA check c.yaml --plugin none.so"), 2, "0 passed, 0 failed\n",
          "crema: none.so: can't open: No such file or directory\n");
    o = sh("$CREMA time lc.prototxt --plugin example.so");
    ck_assert_int_eq(o->code, 0);
    ck_assert(has(o->out, "plugin"));
    ck_assert_int_eq(sh("$CREMA summary lc.prototxt --plugin example.so")->code, 0);
    check(sh("$CREMA summary lc.prototxt --plugin lc.prototxt"), 1, "",
          "crema: lc.prototxt: can't be loaded as a plugin: invalid ELF header\n");
    check(sh("$CREMA run lc.prototxt --plugin example.so --plugin example.so"), 2, "",
          "crema: example.so: layer type \"LocalContrast\" was added already\n");
    end();
}
END_TEST

START_TEST(missing_weights_name_the_option)
{
    begin();
    outcome *o = sh("$CREMA time ip.prototxt");
    ck_assert_int_eq(o->code, 1);
    ck_assert_str_eq(o->out, "");
    ck_assert(has(o->err, "\"ip\""));
    ck_assert(has(o->err, "--allow-missing"));
    end();
}
END_TEST

/* ---- streams and signals ---- */

START_TEST(output_that_cannot_be_written_is_an_error)
{
    begin();
    outcome *o = sh("$CREMA run pixel.prototxt --input red.ppm >/dev/full");
    ck_assert_int_eq(o->code, 1);
    ck_assert_str_eq(o->err, "crema: can't write to standard output: No space left on device\n");
    o = sh("$CREMA --version >/dev/full");
    ck_assert_int_eq(o->code, 1);
    // With its number free, the output file would become the standard output.
    o = sh("$CREMA run pixel.prototxt --input red.ppm --output prob=p.npy --top 1 >&-");
    ck_assert_int_eq(o->code, 1);
    check_npy("p.npy", 4, 3, (float[]){0.10650698f, 0.10650698f, 0.78698605f});
    o = sh("{ $CREMA help run; echo $? >code; } | sleep 0; cat code");
    ck_assert(strcmp(o->out, "1\n") == 0 || strcmp(o->out, "0\n") == 0); // the reader may have been slow
    o = sh("sleep 0 | sleep 0; mkfifo pipe; exec 3<>pipe; ( exec 4>pipe; exec 3>&-; $CREMA --version >&4; "
           "echo $? >code ) & exec 3>&-; wait; cat code");
    ck_assert_str_eq(o->out, "1\n");
    end();
}
END_TEST

START_TEST(interrupt_stops_cleanly)
{
    begin();
    // The warning says that the command is at work; then it is interrupted.
    put("w.prototxt", "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 2 } } }\n"
                      "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'y' no_such_field: 1 }\n");
    int pipe_end[2];
    ck_assert_int_eq(pipe(pipe_end), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(pipe_end[1], 2);
        dup2(open("out.txt", O_WRONLY | O_CREAT, 0600), 1);
        execl(getenv("CREMA"), "crema", "time", "w.prototxt", "--iterations", "100000", "--input-shape",
              "x=1000,1000", (char *)NULL);
        _exit(127);
    }
    close(pipe_end[1]);
    char text[2000];
    size_t n = 0;
    ssize_t got;
    bool sent = false;
    while ((got = read(pipe_end[0], text + n, sizeof text - 1 - n)) > 0) {
        n += (size_t)got;
        if (!sent)
            kill(child, SIGINT);
        sent = true;
    }
    text[n] = 0;
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 130);
    ck_assert(has(text, "crema: stopped\n"));
    struct stat st;
    ck_assert_int_eq(stat("out.txt", &st), 0);
    ck_assert_int_eq(st.st_size, 0);
    end();
}
END_TEST

TEST_MAIN("cli/command", alone_it_prints_usage, version_is_the_librarys, help_goes_to_standard_output,
          every_option_has_its_line, wrong_uses_are_named, options_may_stand_anywhere, scores_become_a_table,
          rows_of_an_array_have_numbers, preprocessing_options_reach_the_picture,
          a_picture_of_another_size_names_both, inputs_are_matched_by_name,
          values_that_are_no_numbers_are_counted, json_is_whole, names_from_files_are_made_safe,
          dump_writes_every_blob, output_writes_any_blob, files_that_are_wrong_are_named,
          an_explicit_shape_must_be_the_files, labels_come_in_several_forms, boxes_are_needed_to_draw,
          warnings_of_a_kind_are_counted, check_prints_a_line_a_case, a_manifest_that_is_wrong_is_2,
          check_json_has_the_counts, time_lists_the_layers, summary_shows_what_a_net_is_made_of,
          summary_goes_as_far_as_shapes_are_known, plugins_bring_layer_types, missing_weights_name_the_option,
          output_that_cannot_be_written_is_an_error, interrupt_stops_cleanly)
