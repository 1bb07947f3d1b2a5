/*
 * test_results.c - boxes and tables from blobs that the test makes up: the net and its runner are replaced by
 * the few functions that results.c asks.
 */
#include "cli/results.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct {
    const char *maker;
    crema_blob blob;
    cli_inputs inputs;
    // What was drawn.
    char picture[64], path[64];
    int n_boxes;
    crema_box box[4];
} fake;

const char *cli_net_maker(const cli_net *net, const char *blob)
{
    (void)net, (void)blob;
    return fake.maker;
}

int crema_net_n_outputs(const crema_net *net)
{
    (void)net;
    return 1;
}

const char *crema_net_output(const crema_net *net, int index)
{
    (void)net, (void)index;
    return fake.blob.name;
}

const char *crema_net_name(const crema_net *net)
{
    (void)net;
    return "fake";
}

crema_status crema_runner_blob(crema_runner *runner, const char *name, crema_blob *blob, crema_error *err)
{
    (void)runner, (void)name, (void)err;
    *blob = fake.blob;
    return CREMA_OK;
}

crema_status crema_draw_boxes(const char *picture, const crema_box *boxes, int n, const char *out_path,
                              crema_error *err)
{
    (void)err;
    snprintf(fake.picture, sizeof fake.picture, "%s", picture);
    snprintf(fake.path, sizeof fake.path, "%s", out_path);
    fake.n_boxes = n;
    for (int i = 0; i < n && i < 4; i++)
        fake.box[i] = boxes[i];
    return CREMA_OK;
}

const cli_input *cli_inputs_pictures(const cli_inputs *inputs)
{
    return inputs->n > 0 && inputs->input[0].placement ? &inputs->input[0] : NULL;
}

const char *cli_inputs_row_name(cli_session *s, const cli_inputs *inputs, int64_t i, int64_t n)
{
    (void)n;
    const cli_input *input = cli_inputs_pictures(inputs);
    return input ? input->file[i] : cli_text(&s->mem, "image %lld", (long long)i);
}

// Two pictures in an input of 20x10: one of 40x40 stretched, one of 20x40 letterboxed to 5x10 at x 7.5.
static const char *two_files[] = {"a.png", "b.png"};
static crema_placement two_places[] = {{40, 40, 0.5f, 0.25f, 0, 0}, {20, 40, 0.25f, 0.25f, 7.5f, 0}};
static cli_input two_pictures = {.blob = "data",
                                 .n_files = 2,
                                 .file = two_files,
                                 .array = {.shape = {4, {2, 3, 10, 20}}},
                                 .placement = two_places};

static float rows[][7] = {{0, 1, 0.5f, 0.25f, 0.5f, 0.5f, 1}, {1, 2, 0.25f, 0.375f, 0, 0.625f, 1},
                          {0, 2, 0.75f, 0, 0, 1, 1},          {1, -1, 0.9f, 0, 0, 0, 0}, // nothing found
                          {5, 1, 0.9f, 0, 0, 0, 0},                                      // no such image
                          {0, 1, (float)NAN, 0, 0, 0, 0},                                // not a number
                          {0, 1e30f, 0.9f, 0, 0, 0, 0}};                                 // no such class

static cli_results boxes(int64_t n)
{
    static const char *names[] = {"background", "cat", "dog"};
    fake.maker = "DetectionOutput";
    fake.blob = (crema_blob){"found", {4, {1, 1, n, 7}}, &rows[0][0]};
    fake.inputs = (cli_inputs){1, &two_pictures};
    static cli_net net;
    return (cli_results){.net = &net,
                         .inputs = &fake.inputs,
                         .labels = {.path = "l.txt", .n = 3, .name = names},
                         .min_score = -INFINITY};
}

static void prints(const cli_results *r, const char *expected)
{
    cli_session s = {0};
    char *text = NULL;
    size_t size = 0;
    FILE *real = stdout;
    stdout = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(stdout);
    int code = cli_results_print(&s, r, NULL);
    fclose(stdout);
    stdout = real;
    cli_mem_free(&s.mem);
    ck_assert_str_eq(text, expected);
    ck_assert_int_eq(code, CLI_OK);
    free(text);
}

START_TEST(other_layers_that_make_boxes)
{
    static const char *const makers[] = {"YoloDetectionOutput", "Yolov3DetectionOutput"};
    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++) {
        cli_results r = boxes(1);
        fake.maker = makers[i];
        prints(&r, "a.png: found\n"
                   " score    x0    y0    x1    y1  class  label\n"
                   "0.5000  10.0  20.0  20.0  40.0      1  cat\n"
                   "\n"
                   "b.png: found\n"
                   "nothing found\n");
    }
}
END_TEST

START_TEST(boxes_are_in_each_pictures_pixels)
{
    cli_results r = boxes(7);
    prints(&r, "a.png: found\n"
               " score    x0    y0    x1    y1  class  label\n"
               "0.7500   0.0   0.0  40.0  40.0      2  dog\n"
               "0.5000  10.0  20.0  20.0  40.0      1  cat\n"
               "\n"
               "b.png: found\n"
               " score   x0   y0    x1    y1  class  label\n"
               "0.2500  0.0  0.0  20.0  40.0      2  dog\n");
}
END_TEST

START_TEST(boxes_can_be_limited)
{
    cli_results r = boxes(7);
    r.top = 1;
    r.min_score = 0.3f;
    r.labels = (cli_labels){0};
    prints(&r, "a.png: found\n"
               " score   x0   y0    x1    y1  class\n"
               "0.7500  0.0  0.0  40.0  40.0      2\n"
               "\n"
               "b.png: found\n"
               "nothing found\n");
}
END_TEST

START_TEST(without_pictures_boxes_are_in_the_inputs_pixels)
{
    cli_results r = boxes(1);
    cli_input array = two_pictures;
    array.placement = NULL;
    array.array.shape.dim[0] = 1;
    fake.inputs.input = &array;
    prints(&r, "image 0: found\n"
               " score   x0   y0    x1    y1  class  label\n"
               "0.5000  5.0  5.0  10.0  10.0      1  cat\n");
}
END_TEST

START_TEST(boxes_as_json)
{
    cli_results r = boxes(1);
    r.json = true;
    prints(&r, "{\n"
               "  \"net\": \"fake\",\n"
               "  \"outputs\": [\n"
               "    {\n"
               "      \"name\": \"found\",\n"
               "      \"shape\": [1, 1, 1, 7],\n"
               "      \"min\": 0,\n"
               "      \"max\": 1,\n"
               "      \"mean\": 0.5357142857142857,\n"
               "      \"nan\": 0,\n"
               "      \"images\": [\n"
               "        {\n"
               "          \"image\": \"a.png\",\n"
               "          \"boxes\": [\n"
               "            {\n"
               "              \"class\": 1,\n"
               "              \"label\": \"cat\",\n"
               "              \"score\": 0.5,\n"
               "              \"box\": [10, 20, 20, 40]\n"
               "            }\n"
               "          ]\n"
               "        },\n"
               "        {\n"
               "          \"image\": \"b.png\",\n"
               "          \"boxes\": []\n"
               "        }\n"
               "      ],\n"
               "      \"data\": [0, 1, 0.5, 0.25, 0.5, 0.5, 1]\n"
               "    }\n"
               "  ]\n"
               "}\n");
}
END_TEST

START_TEST(boxes_are_drawn_over_one_picture)
{
    cli_session s = {0};
    cli_results r = boxes(3);
    r.draw = "out.png";
    ck_assert_int_eq(cli_results_check(&s, &r), CLI_USAGE); // two pictures
    cli_input one = two_pictures;
    one.n_files = 1;
    one.array.shape.dim[0] = 1;
    fake.inputs.input = &one;
    ck_assert_int_eq(cli_results_check(&s, &r), CLI_OK);
    ck_assert_int_eq(cli_results_draw(&s, &r, NULL), CLI_OK);
    ck_assert_str_eq(fake.picture, "a.png");
    ck_assert_str_eq(fake.path, "out.png");
    ck_assert_int_eq(fake.n_boxes, 2);
    ck_assert_str_eq(fake.box[0].name, "dog");
    ck_assert_float_eq(fake.box[1].x0, 10);
    ck_assert_float_eq(fake.box[1].y1, 40);
    cli_mem_free(&s.mem);
}
END_TEST

START_TEST(rows_that_do_not_sum_to_one_are_no_classes)
{
    static float scores[] = {0.5f, 0.25f, 0.125f};
    cli_results r = boxes(1);
    fake.maker = "Softmax";
    fake.blob = (crema_blob){"p", {2, {1, 3}}, scores};
    prints(&r, "output  shape    min  max      mean  NaN\n"
               "p       1x3    0.125  0.5  0.291667    0\n");
    r.top = 2;
    r.labels = (cli_labels){0};
    prints(&r, "a.png: p\n"
               "rank     score  class\n"
               "   1  0.500000      0\n"
               "   2  0.250000      1\n");
    scores[0] = (float)NAN;
    prints(&r, "a.png: p\n"
               "rank     score  class\n"
               "   1  0.250000      1\n"
               "   2  0.125000      2\n");
}
END_TEST

START_TEST(an_empty_blob_has_no_range)
{
    cli_results r = boxes(0);
    fake.maker = "";
    fake.blob = (crema_blob){"none", {2, {0, 7}}, NULL};
    prints(&r, "output  shape  min  max  mean  NaN\n"
               "none    0x7      -    -     -    0\n");
}
END_TEST

TEST_MAIN("cli/results", boxes_are_in_each_pictures_pixels, other_layers_that_make_boxes,
          boxes_can_be_limited, without_pictures_boxes_are_in_the_inputs_pixels, boxes_as_json,
          boxes_are_drawn_over_one_picture, rows_that_do_not_sum_to_one_are_no_classes,
          an_empty_blob_has_no_range)
