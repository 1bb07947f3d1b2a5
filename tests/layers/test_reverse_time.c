#include "tests/support/net.h"
#include "tests/test.h"

#include <string.h>

#define NET(fields)                                                                                         \
    "layer { name: 'r' type: 'ReverseTime' bottom: 'x' bottom: 'n' top: 'out' reverse_time_param { " fields \
    " } }"
// Three steps, two streams of two values.
#define X                                                                     \
    {                                                                         \
        "x", SHAPE(3, 2, 2), VALUES(0, 1, 10, 11, 2, 3, 12, 13, 4, 5, 14, 15) \
    }

START_TEST(each_stream_up_to_its_length)
{
    NET_CHECK(.net = NET("copy_remaining: true"), .in = {X, {"n", SHAPE(2), VALUES(3, 2)}},
              .out = {{"out", SHAPE(3, 2, 2), VALUES(4, 5, 12, 13, 2, 3, 10, 11, 0, 1, 14, 15)}});
}
END_TEST

START_TEST(the_rest_is_not_copied_by_default)
{
    NET_CHECK(.net = NET(""), .in = {X, {"n", SHAPE(2), VALUES(2.9f, 0)}},
              .out = {{"out", SHAPE(3, 2, 2), VALUES(2, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0)}});
}
END_TEST

static void fails(float length)
{
    const char net[] = "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 3 dim: 2 } } } "
                       "layer { name: 'n' type: 'Input' top: 'n' input_param { shape { dim: 2 } } }" NET("");
    crema_error err;
    crema_context *context = crema_context_create(NULL, &err);
    crema_net_options options = {.struct_size = sizeof options, .net = {"net.prototxt", net, sizeof net - 1}};
    crema_net *loaded = crema_net_load(context, &options, &err);
    ck_assert_msg(loaded != NULL, "%s", err.message);
    crema_runner *runner = crema_runner_create(loaded, NULL, &err);
    crema_blob n;
    ck_assert_int_eq(crema_runner_input(runner, "n", &n, &err), CREMA_OK);
    n.data[0] = 1;
    n.data[1] = length;
    ck_assert_int_eq(crema_runner_forward(runner, &err), CREMA_ERR_INPUT);
    ck_assert_ptr_nonnull(strstr(err.message, "layer \"r\" (ReverseTime): bottom \"n\": length "));
    ck_assert_ptr_nonnull(strstr(err.message, " of stream 1 is not 0 to 3 steps"));
    crema_runner_free(runner);
    crema_net_free(loaded);
    crema_context_free(context);
}

START_TEST(a_length_that_is_not_in_the_blob_stops_the_run)
{
    fails(4);
    fails(-1);
    fails(3e38f);
    fails(__builtin_nanf(""));
}
END_TEST

START_TEST(wrong_shapes)
{
    NET_FAILS("layer \"r\" (ReverseTime): bottom \"x\" (3) must be steps x streams", .net = NET(""),
              .in = {{"x", SHAPE(3), NO_VALUES}, {"n", SHAPE(3), NO_VALUES}});
    NET_FAILS("bottom \"n\" (3) must have one axis: a length for each of the 2 streams",
              .net = "layer { name: 'r' type: 'ReverseTime' bottom: 'x' bottom: @'n' top: 'out' }",
              .in = {X, {"n", SHAPE(3), NO_VALUES}});
    NET_FAILS("bottom \"n\" (2x1) must have one axis", .net = NET(""),
              .in = {X, {"n", SHAPE(2, 1), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/reverse_time", each_stream_up_to_its_length, the_rest_is_not_copied_by_default,
          a_length_that_is_not_in_the_blob_stops_the_run, wrong_shapes)
