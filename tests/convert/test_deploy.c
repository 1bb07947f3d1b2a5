// What a net for training becomes for deployment; real ones go through it in tests/convert.py.
#include "crema_tools.h"
#include "tests/support/folder.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

static folder f;
static crema_error err;
static char notes[4000];

static void keep_note(void *user, const char *sentence)
{
    (void)user;
    size_t n = strlen(notes);
    snprintf(notes + n, sizeof notes - n, "%s\n", sentence);
}

static crema_status deploy(const char *text, const crema_input_shape *shape)
{
    crema_convert_options o = {.struct_size = sizeof o,
                               .force = 1,
                               .to_deploy = 1,
                               .shapes = shape,
                               .n_shapes = shape != NULL,
                               .note = keep_note};
    crema_context *context = crema_context_create(NULL, &err);
    const char *input = folder_text(&f, "a.prototxt", text);
    notes[0] = 0;
    crema_status status = crema_convert(context, &input, 1, folder_path(&f, "b.prototxt"), &o, &err);
    crema_context_free(context);
    return status;
}

static const crema_input_shape data = {"data", {2, {1, 8}}};

static void expect_shaped(const char *text, const crema_input_shape *shape, const char *want)
{
    char got[8000];
    folder_make(&f);
    ck_assert_msg(deploy(text, shape) == CREMA_OK, "%s", err.message);
    FILE *file = fopen(folder_path(&f, "b.prototxt"), "rb");
    got[fread(got, 1, sizeof got - 1, file)] = 0;
    fclose(file);
    ck_assert_str_eq(got, want);
    folder_remove(&f);
}

static void expect_error(const char *text, const char *want)
{
    folder_make(&f);
    ck_assert_int_ne(deploy(text, NULL), CREMA_OK);
    ck_assert_msg(strstr(err.message, want) != NULL, "%s", err.message);
    ck_assert_int_eq(folder_n_files(&f), 1);
    folder_remove(&f);
}

// Input layer of the tests, as it is written.
#define INPUT(name)                                                                                     \
    "layer {\n  name: \"" name "\"\n  type: \"Input\"\n  top: \"data\"\n  input_param {\n    shape {\n" \
    "      dim: 1\n      dim: 8\n    }\n  }\n}\n"
#define DATA "layer { name: 'd' type: 'HDF5Data' top: 'data' top: 'label' }\n"
#define IP "layer { name: 'ip' type: 'InnerProduct' bottom: 'data' top: 'ip' }\n"
#define IP_OUT "layer { name: \"ip\" type: \"InnerProduct\" bottom: \"data\" top: \"ip\" }\n"
#define PROB(name, bottom) \
    "layer {\n  name: \"" name "\"\n  type: \"Softmax\"\n  bottom: \"" bottom "\"\n  top: \"" name "\"\n"

START_TEST(a_classifier)
{
    expect_shaped(
        "# head\nforce_backward: true\n"
        "layer { name: 'd' type: 'Data' top: 'data' top: 'label' include { phase: TRAIN } }\n"
        "# of test\n"
        "layer { name: 'e' type: 'Data' top: 'data' top: 'label' include { phase: TEST }\n"
        "  transform_param { scale: 0.5 mirror: true } data_param { batch_size: 50 } }\n" IP
        "# score\nlayer { name: 'acc' type: 'Accuracy' bottom: ['ip', 'label'] top: 'acc' } # gone\n"
        "# loss\nlayer {\n  name: 'loss' # its name\n  type: 'SoftmaxWithLoss' bottom: ['ip', 'label']\n"
        "  top: 'loss' softmax_param { axis: -1 } loss_param { ignore_label: 3 } loss_weight: 2 }\n",
        &data,
        "# of test\n"
        "layer {\n  name: \"e\"\n  type: \"Input\"\n  top: \"data\"\n"
        "  transform_param { scale: 0.5 }\n"
        "  input_param {\n    shape {\n      dim: 1\n      dim: 8\n    }\n  }\n}\n" IP_OUT "# loss\n"
        "layer {\n  name: \"prob\"  # its name\n  type: \"Softmax\"\n  bottom: \"ip\"\n  top: \"prob\"\n"
        "  softmax_param { axis: -1 }\n}\n");
    ck_assert_str_eq(notes, "layer \"e\" (Data) is now the input \"data\", 1x8\n"
                            "layer \"loss\" (SoftmaxWithLoss) is now \"prob\" (Softmax)\n"
                            "layers of training are left out: \"acc\" (Accuracy)\n");
}
END_TEST

START_TEST(labels_go_with_all_that_only_they_feed)
{
    expect_shaped("layer { name: 'd' type: 'HDF5Data' top: 'both' top: 'data' }\n" IP
                  "layer { name: 'cut' type: 'Slice' bottom: 'both' top: ['l1', 'l2', 'l3'] }\n"
                  "layer { name: 'quiet' type: 'Silence' bottom: 'l3' }\n"
                  "layer { name: 'box' type: 'InnerProduct' bottom: 'ip' top: 'box' }\n"
                  "layer { name: 'loss' type: 'SigmoidCrossEntropyLoss' bottom: ['ip', 'l1'] top: 'loss' }\n"
                  "layer { name: 'far' type: 'EuclideanLoss' bottom: ['box', 'l2'] top: 'far' }\n",
                  &data,
                  INPUT("d") IP_OUT
                  "layer { name: \"box\" type: \"InnerProduct\" bottom: \"ip\" top: \"box\" }\n"
                  "layer { name: \"prob\" type: \"Sigmoid\" bottom: \"ip\" top: \"prob\" }\n");
}
END_TEST

START_TEST(auxiliary_branches_go)
{
    expect_shaped(
        DATA IP "layer { name: 'r' type: 'ReLU' bottom: 'ip' top: 'ip' }\n"
                "layer { name: 'aux' type: 'InnerProduct' bottom: 'ip' top: 'aux' }\n"
                "layer { name: 'p1' type: 'Softmax' bottom: 'aux' top: 'p1' }\n"
                "layer { name: 'a1' type: 'Accuracy' bottom: ['p1', 'label'] top: 'a1' }\n"
                "layer { name: 'l1' type: 'SoftmaxWithLoss' bottom: ['aux', 'label'] loss_weight: 0.3 }\n"
                "layer { name: 'out' type: 'InnerProduct' bottom: 'ip' top: 'out' }\n"
                "layer { name: 'l2' type: 'SoftmaxWithLoss' bottom: ['out', 'label'] }\n",
        &data,
        INPUT("d") IP_OUT "layer { name: \"r\" type: \"ReLU\" bottom: \"ip\" top: \"ip\" }\n"
                          "layer { name: \"out\" type: \"InnerProduct\" bottom: \"ip\" top: \"out\" }\n" PROB(
                              "prob", "out") "}\n");
}
END_TEST

START_TEST(predictions_that_are_there)
{
    // One in TEST, beside a loss in TRAIN; and names that are taken.
    expect_shaped(
        DATA IP
        "layer { name: 'p' type: 'Softmax' bottom: 'ip' top: 'p' include { phase: TEST } }\n"
        "layer { name: 'l' type: 'SoftmaxWithLoss' bottom: ['ip', 'label'] include { phase: TRAIN } }\n",
        &data, INPUT("d") IP_OUT "layer { name: \"p\" type: \"Softmax\" bottom: \"ip\" top: \"p\" }\n");
    // No prediction in TEST: the loss of TRAIN.
    expect_shaped(
        DATA IP
        "layer { name: 'l' type: 'SoftmaxWithLoss' bottom: ['ip', 'label'] include { phase: TRAIN } }\n"
        "layer { name: 'a' type: 'Accuracy' bottom: ['ip', 'label'] include { phase: TEST } }\n",
        &data, INPUT("d") IP_OUT PROB("prob", "ip") "}\n");
    // Two losses.
    expect_shaped(DATA IP "layer { name: 'prob' type: 'InnerProduct' bottom: 'ip' top: 'prob' }\n"
                          "layer { name: 'l' type: 'SoftmaxWithLoss' bottom: ['ip', 'label'] }\n"
                          "layer { name: 'm' type: 'SoftmaxWithLoss' bottom: ['prob', 'label'] }\n",
                  &data,
                  INPUT("d") IP_OUT
                  "layer { name: \"prob\" type: \"InnerProduct\" bottom: \"ip\" top: \"prob\" }\n" PROB(
                      "ip_prob", "ip") "}\n" PROB("prob_prob", "prob") "}\n");
}
END_TEST

START_TEST(splits_and_old_inputs)
{
    expect_shaped(
        "input: 'data' input: 'label' input_shape { dim: [1, 8] } input_shape { dim: 1 }\n" IP
        "layer { name: 's' type: 'Split' bottom: 'ip' top: 'ip_0' top: 'ip_1' }\n"
        "layer { name: 'l' type: 'SoftmaxWithLoss' bottom: ['ip_0', 'label'] }\n"
        "layer { name: 'a' type: 'Accuracy' bottom: ['ip_1', 'label'] }\n",
        NULL,
        "layer {\n  name: \"input\"\n  type: \"Input\"\n  top: \"data\"\n"
        "  input_param {\n    shape { dim: 1 dim: 8 }\n  }\n}\n" IP_OUT
        "layer { name: \"s\" type: \"Split\" bottom: \"ip\" top: \"ip_0\" }\n" PROB("prob", "ip_0") "}\n");
}
END_TEST

static void expect_input(const char *layer, const char *note)
{
    char text[600];
    folder_make(&f);
    snprintf(text, sizeof text, "layer { name: 'd' top: 'data' %s }\n" IP, layer);
    ck_assert_msg(deploy(text, NULL) == CREMA_OK, "%s", err.message);
    ck_assert_msg(strstr(notes, note), "%s", notes);
    folder_remove(&f);
}

START_TEST(shapes_that_are_known)
{
    expect_input("type: 'Data' transform_param { crop_size: 7 mean_value: [1, 2, 3] }", "\"data\", 1x3x7x7");
    expect_input("type: 'Data' transform_param { crop_size: 7 force_gray: true }", "\"data\", 1x1x7x7");
    expect_input("type: 'ImageData' image_data_param { new_height: 4 new_width: 5 }", "\"data\", 1x3x4x5");
    expect_input("type: 'ImageData' image_data_param { new_height: 4 new_width: 5 is_color: false }\n"
                 "transform_param { crop_size: 3 }",
                 "\"data\", 1x1x3x3");
    expect_input("type: 'MemoryData' memory_data_param { batch_size: 9 channels: 2 height: 3 width: 4 }",
                 "\"data\", 1x2x3x4");
    expect_input("type: 'DummyData' dummy_data_param { shape { dim: [9, 2, 3] } }", "\"data\", 1x2x3");
    expect_input("type: 'DummyData' dummy_data_param { num: 9 channels: 2 height: 3 width: 4 }",
                 "\"data\", 1x2x3x4");
    expect_input(
        "type: 'AnnotatedData' transform_param { force_color: true resize_param { height: 3 width: 4 } }",
        "\"data\", 1x3x3x4");
}
END_TEST

START_TEST(what_can_not_be_deployed)
{
    expect_error(DATA IP,
                 "layer \"d\" (HDF5Data): the shape of \"data\" can't be known from it and must be given");
    expect_error("layer { name: 'd' type: 'Data' top: 'data' transform_param { crop_size: 7 } }\n" IP,
                 "must be given; it may be 1,3,7,7");
    expect_error(IP, "bottom \"data\" is made by no layer above in phase TEST");
    expect_error(
        DATA "layer { name: 'x' type: 'CenterLoss' bottom: ['data', 'label'] top: 'x' }\n"
             "layer { name: 'y' type: 'Power' bottom: 'x' top: 'y' }\n",
        "layer \"y\" (Power): bottom \"x\" is made by layer \"x\" (CenterLoss), which only training has");
    expect_error(DATA "layer { name: 'l' type: 'EuclideanLoss' bottom: ['data', 'label'] }\n",
                 "no layer is left");
    expect_error(DATA "layer { name: 'l' include { phase: TEST } exclude { phase: TRAIN } }\n",
                 "has both include and exclude rules");
    expect_error("base_lr: 1\n", "is a solver");
}
END_TEST

START_TEST(options_that_mean_nothing)
{
    folder_make(&f);
    crema_convert_options o = {.struct_size = sizeof o, .shapes = &data, .n_shapes = 1};
    crema_context *context = crema_context_create(NULL, &err);
    const char *input = folder_text(&f, "a.prototxt", IP);
    ck_assert_int_eq(crema_convert(context, &input, 1, folder_path(&f, "b.yaml"), &o, &err), CREMA_ERR_USAGE);
    ck_assert_str_eq(err.message, "the shape of an input means nothing for a net or solver as YAML");
    crema_context_free(context);
    folder_remove(&f);
}
END_TEST

TEST_MAIN("convert/deploy", a_classifier, labels_go_with_all_that_only_they_feed, auxiliary_branches_go,
          predictions_that_are_there, splits_and_old_inputs, shapes_that_are_known, what_can_not_be_deployed,
          options_that_mean_nothing)
