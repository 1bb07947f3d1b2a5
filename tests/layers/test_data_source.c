#include "crema.h"
#include "tests/support/net.h"
#include "tests/test.h"

#include <string.h>

typedef struct loaded {
    crema_context *context;
    crema_net *net;
} loaded;

static loaded load_in(crema_context *context, const char *text)
{
    loaded l = {.context = context};
    crema_error err;
    crema_net_options options = {
        .struct_size = sizeof options, .net = {"net.prototxt", text, strlen(text)}, .allow_missing = true};
    l.net = crema_net_load(context, &options, &err);
    ck_assert_msg(l.net != NULL, "%s", err.message);
    return l;
}

static loaded load(const char *text)
{
    return load_in(crema_context_create(NULL, NULL), text);
}

static void count_warnings(void *user, crema_log_level level, const char *sentence)
{
    (void)sentence;
    *(int *)user += level == CREMA_LOG_WARNING;
}

static void done(loaded *l)
{
    crema_net_free(l->net);
    crema_context_free(l->context);
}

#define UNKNOWN ((crema_shape){-1, {0}})

// The inputs of the net, in order.
static void check_inputs(const char *net, int n, const crema_shape *shape)
{
    loaded l = load(net);
    ck_assert_int_eq(crema_net_n_inputs(l.net), n);
    for (int i = 0; i < n; i++) {
        crema_shape got;
        ck_assert_ptr_nonnull(crema_net_input(l.net, i, &got));
        ck_assert_int_eq(got.rank, shape[i].rank);
        for (int a = 0; a < got.rank; a++)
            ck_assert_int_eq(got.dim[a], shape[i].dim[a]);
    }
    done(&l);
}

#define INPUTS(...)                                               \
    (int)N_ITEMS(crema_shape, __VA_ARGS__), (const crema_shape[]) \
    {                                                             \
        __VA_ARGS__                                               \
    }
#define TOPS(type, rest) "layer { name: 'd' type: '" type "' top: 'data' top: 'label' " rest " }"

START_TEST(a_database_says_its_batch_only)
{
    check_inputs(TOPS("Data", "data_param { source: 'x' batch_size: 20 } transform_param { crop_size: 7 }"),
                 INPUTS(UNKNOWN, SHAPE(20)));
    check_inputs(TOPS("Data", ""), INPUTS(UNKNOWN, UNKNOWN));
    check_inputs("layer { name: 'd' type: 'Data' top: 'data' data_param { batch_size: 20 } }",
                 INPUTS(UNKNOWN));
    check_inputs(TOPS("WindowData", "window_data_param { batch_size: 4 }"), INPUTS(UNKNOWN, SHAPE(4)));
    check_inputs(TOPS("HDF5Data", "hdf5_data_param { source: 'x' batch_size: 4 }"), INPUTS(UNKNOWN, UNKNOWN));
}
END_TEST

START_TEST(pictures_have_the_size_that_the_parameters_say)
{
    check_inputs(
        TOPS("ImageData", "image_data_param { source: 'x' batch_size: 4 new_height: 6 new_width: 5 }"),
        INPUTS(SHAPE(4, 3, 6, 5), SHAPE(4)));
    check_inputs(TOPS("ImageData", "image_data_param { new_height: 6 new_width: 5 is_color: false } "
                                   "transform_param { crop_size: 2 }"),
                 INPUTS(SHAPE(1, 1, 2, 2), SHAPE(1)));
    check_inputs(TOPS("ImageData", "image_data_param { source: 'x' batch_size: 4 }"),
                 INPUTS(UNKNOWN, SHAPE(4)));
    check_inputs(TOPS("ImageSegData", "top: 'data_dim' image_data_param { batch_size: 4 label_type: PIXEL } "
                                      "transform_param { crop_size: 321 }"),
                 INPUTS(SHAPE(4, 3, 321, 321), UNKNOWN, UNKNOWN));
}
END_TEST

START_TEST(sources_of_the_forks)
{
    check_inputs(
        TOPS("AnnotatedData", "data_param { batch_size: 8 } annotated_data_param { label_map_file: 'x' }"),
        INPUTS(UNKNOWN, UNKNOWN));
    check_inputs(TOPS("VideoData", ""), INPUTS(UNKNOWN, UNKNOWN));
    check_inputs(TOPS("DenseImageData", "dense_image_data_param { batch_size: 8 }"),
                 INPUTS(UNKNOWN, UNKNOWN));
    check_inputs(TOPS("SegData", ""), INPUTS(UNKNOWN, UNKNOWN));
    check_inputs(
        TOPS("Data", "") "layer { name: 't' type: 'DetectNetTransformation' bottom: 'data' bottom: 'label' "
                         "top: 'pictures' top: 'labels' }",
        INPUTS(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN));
}
END_TEST

START_TEST(they_may_have_several_blocks)
{
    int warnings = 0;
    crema_context_options options = {.struct_size = sizeof options, .user = &warnings, .log = count_warnings};
    loaded l = load_in(crema_context_create(&options, NULL),
                       TOPS("AnnotatedData", "data_param {} annotated_data_param {} transform_param {}"));
    done(&l);
    ck_assert_int_eq(warnings, 0);
    l = load_in(crema_context_create(&options, NULL), TOPS("Data", "data_param {} annotated_data_param {}"));
    done(&l);
    ck_assert_int_eq(warnings, 1);
}
END_TEST

START_TEST(the_caller_feeds_them)
{
    loaded l = load("layer { name: 'd' type: 'Data' top: 'data' top: 'label' data_param { batch_size: 2 } } "
                    "layer { name: 'a' type: 'Accuracy' bottom: 'data' bottom: 'label' top: 'out' }");
    crema_input_shape shapes[] = {{"data", SHAPE(2, 2)}};
    crema_runner_options options = {.struct_size = sizeof options, .shapes = shapes, .n_shapes = 1};
    crema_error err;
    crema_runner *runner = crema_runner_create(l.net, &options, &err);
    ck_assert_msg(runner != NULL, "%s", err.message);
    crema_blob blob;
    ck_assert_int_eq(crema_runner_input(runner, "data", &blob, &err), CREMA_OK);
    memcpy(blob.data, (float[]){1, 0, 1, 0}, 4 * sizeof(float));
    ck_assert_int_eq(crema_runner_forward(runner, &err), CREMA_OK); // labels are 0
    ck_assert_int_eq(crema_runner_blob(runner, "out", &blob, &err), CREMA_OK);
    ck_assert_float_eq(blob.data[0], 1);
    crema_runner_free(runner);
    done(&l);
}
END_TEST

START_TEST(wrong_counts)
{
    NET_FAILS("has 1 bottoms; it takes 0", .net = "layer { name: 'd' type: 'Data' bottom: @'x' top: 'data' }",
              .in = {{"x", SHAPE(1), NO_VALUES}});
    NET_FAILS("has 0 tops; it takes at least 1", .net = "layer { name: 'd' type: 'HDF5Data' }");
}
END_TEST

TEST_MAIN("layers/data_source", a_database_says_its_batch_only,
          pictures_have_the_size_that_the_parameters_say, sources_of_the_forks, they_may_have_several_blocks,
          the_caller_feeds_them, wrong_counts)
