/*
 * test_run.c - crema run: inputs by name, pictures, tables of classes, JSON, blobs as files; wrong files are named.
 */
#include "tests/support/shell.h"

#include <math.h>
#include <string.h>

START_TEST(scores_become_a_table)
{
    shell_begin();
    shell_check(sh("$CREMA run pixel.prototxt --input data=red.ppm,blue.ppm --labels names.txt --top 2"), 0,
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
    shell_check(sh("$CREMA run pixel.prototxt --input red.ppm --input blue.ppm --min-score 0.5"), 0,
                "red.ppm: prob\n"
                "rank     score  class\n"
                "   1  0.786986      2\n"
                "\n"
                "blue.ppm: prob\n"
                "rank     score  class\n"
                "   1  0.786986      0\n",
                "");
    shell_end();
}
END_TEST

START_TEST(rows_of_an_array_have_numbers)
{
    shell_begin();
    shell_put_npy("x.npy", 2, 3, (float[]){0, 0, 9, 9, 0, 0});
    shell_put("scores.prototxt",
              "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 3 } } }\n"
              "layer { name: 'p' type: 'Softmax' bottom: 'x' top: 'p' }\n");
    shell_outcome *o = sh("$CREMA run scores.prototxt --input x.npy --top 1");
    ck_assert_str_eq(o->err, "");
    ck_assert(shell_has(o->out, "image 0: p\nrank     score  class\n   1  0.999753      2\n"));
    ck_assert(shell_has(o->out, "image 1: p\nrank     score  class\n   1  0.999753      0\n"));
    shell_end();
}
END_TEST

START_TEST(preprocessing_options_reach_the_picture)
{
    shell_begin();
    // 1 1 3 as rgb, from 0..1, minus the mean, times 255: logits 3-3 1-1 1-1.
    shell_put("how.yaml", "channels: rgb\nraw: 0..1\n");
    shell_check(sh("$CREMA run pixel.prototxt --input red.ppm --preprocess how.yaml --scale 255 "
                   "--mean 0.00784313725,0,0 --output prob=p.npy"),
                0, "", "");
    shell_check_npy("p.npy", 4, 3, (float[]){1 / 3.f, 1 / 3.f, 1 / 3.f});
    shell_check(sh("$CREMA run pixel.prototxt --input red.ppm --channels rgb --output a/b=r.npy"), 0, "", "");
    shell_check_npy("r.npy", 4, 3, (float[]){3, 1, 1});
    shell_check(sh("$CREMA run pixel.prototxt --input wide.ppm --size 1x1 --output a/b=r.npy"), 0, "", "");
    shell_check(sh("$CREMA run pixel.prototxt --input wide.ppm --size net --fit crop --output r.npy"), 0, "",
                "");
    shell_check(sh("$CREMA run pixel.prototxt --input red.ppm --size 3"), 2, "",
                "crema: --size must be WIDTHxHEIGHT or \"net\", not \"3\"\n");
    shell_check(sh("$CREMA run pixel.prototxt --input red.ppm --fit crop"), 2, "",
                "crema: --fit needs a size to fit to: --size WxH or --size net\n");
    shell_check(
        sh("$CREMA run pixel.prototxt --input red.ppm --mean 1,,2"), 2, "",
        "crema: --mean must be numbers with commas between, a .npy or a .binaryproto file, not \"1,,2\"\n");
    shell_check(sh("$CREMA run pixel.prototxt --input red.ppm --scale 0"), 2, "",
                "crema: --scale must not be 0\n");
    shell_check(sh("$CREMA run pixel.prototxt --input red.ppm --channels cmyk"), 2, "",
                "crema: --channels must be one of rgb|bgr|gray, not \"cmyk\"\n");
    shell_end();
}
END_TEST

START_TEST(a_picture_of_another_size_names_both)
{
    shell_begin();
    shell_check(
        sh("$CREMA run pixel.prototxt --input wide.ppm"), 1, "",
        "crema: wide.ppm: is 2x1 pixels but the net's input is 1x1; --size net scales it to the net's, "
        "--size WxH to any\n");
    shell_end();
}
END_TEST

START_TEST(inputs_are_matched_by_name)
{
    shell_begin();
    shell_check(
        sh("$CREMA run pixel.prototxt"), 2, "",
        "crema: input \"data\" has no file: --input data=FILE; the net's inputs: \"data\" (1x3x1x1)\n");
    shell_check(sh("$CREMA run pixel.prototxt --input image=red.ppm"), 2, "",
                "crema: --input: the net has no input \"image\"; its inputs: \"data\" (1x3x1x1)\n");
    shell_check(sh("$CREMA run pixel.prototxt --input data="), 2, "", "crema: --input data= names no file\n");
    shell_put("two.prototxt",
              "layer { name: 'a' type: 'Input' top: 'a' input_param { shape { dim: 1 dim: 2 } } }\n"
              "layer { name: 'b' type: 'Input' top: 'b=c' input_param { shape { dim: 1 dim: 2 } } }\n"
              "layer { name: 's' type: 'Eltwise' bottom: 'a' bottom: 'b=c' top: 's' }\n");
    shell_check(sh("$CREMA run two.prototxt --input x.npy"), 2, "",
                "crema: --input must be BLOB=FILE; the net's inputs: \"a\" (1x2), \"b=c\" (1x2)\n");
    shell_put_npy("x.npy", 1, 2, (float[]){1, 2});
    shell_put_npy("y=z.npy", 1, 2, (float[]){4, 8});
    shell_check(sh("$CREMA run two.prototxt --input a=x.npy --input b=c=y=z.npy"), 0,
                "output  shape  min  max  mean  NaN\n"
                "s       1x2      5   10   7.5    0\n",
                "");
    // A file with "=" or "," in its own name.
    shell_put_npy("a,b=c.npy", 1, 3, (float[]){0, 0, 0});
    shell_put("one.prototxt",
              "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 3 } } }\n"
              "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'r' }\n");
    shell_check(sh("$CREMA run one.prototxt --input a,b=c.npy"), 0,
                "output  shape  min  max  mean  NaN\n"
                "r       1x3      0    0     0    0\n",
                "");
    shell_end();
}
END_TEST

START_TEST(values_that_are_no_numbers_are_counted)
{
    shell_begin();
    shell_put_npy("x.npy", 1, 3, (float[]){2, (float)NAN, -(float)INFINITY});
    shell_put("one.prototxt",
              "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 3 } } }\n"
              "layer { name: 'r' type: 'Reshape' bottom: 'x' top: 'r'\n"
              "  reshape_param { shape { dim: 0 dim: -1 } } }\n");
    shell_check(sh("$CREMA run one.prototxt --input x.npy"), 0,
                "output  shape   min  max  mean  NaN\n"
                "r       1x3    -inf    2  -inf    1\n",
                "");
    shell_outcome *o = sh("$CREMA run one.prototxt --input x.npy --json");
    ck_assert_int_eq(o->code, 0);
    ck_assert(shell_has(o->out, "\"data\": [2, \"NaN\", \"-Infinity\"]"));
    ck_assert(shell_has(o->out, "\"nan\": 1,"));
    shell_end();
}
END_TEST

START_TEST(json_is_whole)
{
    shell_begin();
    shell_put("bright.ppm", "P6 1 1 255\n\xFF\x01\x01"); // so far from the others that these are exactly 0
    shell_check(sh("$CREMA run pixel.prototxt --input bright.ppm --labels names.txt --top 1 --json"), 0,
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
    shell_end();
}
END_TEST

START_TEST(names_from_files_are_made_safe)
{
    shell_begin();
    shell_put("odd.prototxt",
              "name: 'n\\377\"\\n'\n"
              "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 2 } } }\n"
              "layer { name: 'r' type: 'ReLU' bottom: 'x' top: '\\033[31mr' }\n");
    shell_put_npy("x.npy", 1, 2, (float[]){1, 2});
    shell_outcome *o = sh("$CREMA run odd.prototxt --input x.npy");
    ck_assert_int_eq(o->code, 0);
    ck_assert(shell_has(o->out, "\n\\x1b[31mr  1x2"));
    ck_assert(!strchr(o->out, '\033'));
    o = sh("$CREMA run odd.prototxt --input x.npy --json");
    ck_assert(shell_has(o->out, "\"net\": \"n\xEF\xBF\xBD\\\"\\u000a\""));
    ck_assert(shell_has(o->out, "\"name\": \"\\u001b[31mr\""));
    shell_end();
}
END_TEST

START_TEST(dump_writes_every_blob)
{
    shell_begin();
    shell_put("odd.prototxt",
              "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 2 } } }\n"
              "layer { name: '1' type: 'ReLU' bottom: 'x' top: '../up' }\n"
              "layer { name: '2' type: 'ReLU' bottom: '../up' top: '..%2Fup' }\n"
              "layer { name: '3' type: 'ReLU' bottom: '..%2Fup' top: 'y' }\n"
              "layer { name: '4' type: 'ReLU' bottom: 'y' top: 'y' }\n");
    shell_put_npy("x.npy", 1, 2, (float[]){1, 2});
    shell_check(sh("$CREMA run odd.prototxt --input x.npy --dump d >/dev/null && ls d"), 0,
                "%2E.%252Fup.npy\n%2E.%2Fup.npy\nx.npy\ny.npy\n", "");
    shell_check_npy("d/%2E.%2Fup.npy", 2, 2, (float[]){1, 2});
    shell_check(sh("$CREMA run odd.prototxt --input x.npy --dump x.npy"), 1, "",
                "crema: x.npy/x.npy: can't write here: Not a directory\n");
    shell_end();
}
END_TEST

START_TEST(output_writes_any_blob)
{
    shell_begin();
    shell_check(sh("$CREMA run pixel.prototxt --input red.ppm --output prob=p.npy --output a/b=h.npy"), 0, "",
                "");
    shell_check_npy("h.npy", 4, 3, (float[]){1, 1, 3});
    shell_check_npy("p.npy", 4, 3, (float[]){0.10650698f, 0.10650698f, 0.78698605f});
    shell_check(sh("$CREMA run pixel.prototxt --input red.ppm --output nix=p.npy"), 2, "",
                "crema: --output: the net has no blob \"nix\"\n");
    shell_check(sh("$CREMA run pixel.prototxt --input red.ppm --output prob=p.npy --output a/b=p.npy"), 2, "",
                "crema: --output: p.npy is named twice\n");
    shell_outcome *o = sh("$CREMA run pixel.prototxt --input red.ppm --output prob=no/p.npy --top 1");
    ck_assert_int_eq(o->code, 1);
    ck_assert_str_eq(o->out, "");
    ck_assert(shell_has(o->err, "no/p.npy"));
    shell_end();
}
END_TEST

START_TEST(files_that_are_wrong_are_named)
{
    shell_begin();
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
        shell_outcome *o = sh("%s", line[i][0]);
        ck_assert_msg(o->code == 1, "%s: %d %s", line[i][0], o->code, o->err);
        ck_assert_str_eq(o->out, "");
        ck_assert_msg(strncmp(o->err, line[i][1], strlen(line[i][1])) == 0, "%s: %s", line[i][0], o->err);
        ck_assert_ptr_eq(strchr(o->err, '\n'), o->err + strlen(o->err) - 1);
    }
    shell_end();
}
END_TEST

START_TEST(an_explicit_shape_must_be_the_files)
{
    shell_begin();
    shell_put_npy("x.npy", 2, 2, (float[]){1, 2, 3, 4});
    shell_outcome *o = sh("$CREMA run ip.prototxt --allow-missing --input x.npy");
    ck_assert_int_eq(o->code, 0);
    ck_assert(shell_has(o->out, "ip      2x2      3    7     5    0\n"));
    shell_check(sh("$CREMA run ip.prototxt --allow-missing --input x.npy --input-shape x=3x2"), 1, "",
                "crema: input \"x\": --input-shape asks for 3x2, x.npy gives 2x2\n");
    shell_end();
}
END_TEST

START_TEST(labels_come_in_several_forms)
{
    shell_begin();
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
        shell_put("l.txt", form[i]);
        shell_check(sh("$CREMA run pixel.prototxt --input red.ppm --labels l.txt --top 2"), 0,
                    "red.ppm: prob\n"
                    "rank     score  class  label\n"
                    "   1  0.786986      2  the red\n"
                    "   2  0.106507      0  blue\n",
                    "");
    }
    shell_put("l.txt", "4 door\n2 door\n2 wheeler\n"); // numbers that are names
    ck_assert(
        shell_has(sh("$CREMA run pixel.prototxt --input red.ppm --labels l.txt")->out, "2  2 wheeler\n"));
    shell_put("l.txt", "\n\n");
    shell_check(sh("$CREMA run pixel.prototxt --input red.ppm --labels l.txt"), 1, "",
                "crema: l.txt: has no labels\n");
    shell_check(sh("printf 'a\\000b' >l.txt; $CREMA run pixel.prototxt --input red.ppm --labels l.txt"), 1,
                "", "crema: l.txt: is not a text file; labels are one a line\n");
    shell_put("l.txt", "a\nb\n");
    ck_assert_str_eq(sh("$CREMA run pixel.prototxt --input red.ppm --labels l.txt")->err,
                     "crema: warning: l.txt names 2 classes, but \"prob\" has 3\n");
    shell_end();
}
END_TEST

START_TEST(boxes_are_needed_to_draw)
{
    shell_begin();
    shell_check(
        sh("$CREMA run pixel.prototxt --input red.ppm --draw x.png"), 2, "",
        "crema: --draw: the net has no output of boxes (a DetectionOutput layer, or one of YOLO's)\n");
    shell_end();
}
END_TEST

START_TEST(tolerance_reaches_the_convolutions)
{
    shell_begin();
    shell_put(
        "conv.prototxt",
        "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 32 dim: 48 dim: 48 } } "
        "}\n"
        "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'y' convolution_param { num_output: 32\n"
        "  kernel_size: 3 pad: 1 weight_filler { type: 'gaussian' std: 1 } } }\n");
    enum { N = 32 * 48 * 48 };
    static float x[N];
    for (int i = 0; i < N; i++)
        x[i] = (float)(i % 17) - 8;
    crema_shape shape = {4, {1, 32, 48, 48}};
    ck_assert_int_eq(crema_npy_write("x.npy", &shape, x, NULL), CREMA_OK);
    const char *run = "$CREMA run conv.prototxt --allow-missing --input x.npy";
    shell_check(sh("%s --output y=a.npy", run), 0, "", "");
    shell_check(sh("%s --output y=b.npy --winograd-tolerance 9e-5", run), 0, "", "");
    shell_check(sh("%s --output y=c.npy --winograd-tolerance=1e-4", run), 0, "", "");
    ck_assert_int_eq(sh("cmp a.npy b.npy")->code, 0); // too little to be used
    ck_assert_int_eq(sh("cmp a.npy c.npy")->code, 1);
    shell_put("m.yaml",
              "version: 1\ndefaults: {rtol: 0, atol: 0, rms: 0}\ncases:\n"
              "  - {name: c, net: conv.prototxt, seed: 0, inputs: {x: x.npy}, expect: {y: c.npy}}\n");
    ck_assert_int_eq(sh("$CREMA check m.yaml --winograd-tolerance 1e-4")->code, 0);
    ck_assert_int_eq(sh("$CREMA check m.yaml")->code, 1);
    shell_end();
}
END_TEST

TEST_MAIN("cli/run", scores_become_a_table, rows_of_an_array_have_numbers,
          preprocessing_options_reach_the_picture, a_picture_of_another_size_names_both,
          inputs_are_matched_by_name, values_that_are_no_numbers_are_counted, json_is_whole,
          names_from_files_are_made_safe, dump_writes_every_blob, output_writes_any_blob,
          files_that_are_wrong_are_named, an_explicit_shape_must_be_the_files, labels_come_in_several_forms,
          boxes_are_needed_to_draw, tolerance_reaches_the_convolutions)
